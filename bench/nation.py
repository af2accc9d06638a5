"""A space as large as a country's: made by a generator, started, traded in, and audited, all on this machine.

`python -m bench.nation [--members 100000] [--products 1000000] [--events 10000000] [--keep FOLDER]`

Exchange with its chain, regulator, one provider and one buyer are real processes. All other members are simulated
(`bench.nationwide`): they are in the registry on chain, in the exchange's tables and in its map of members; they have
keys, DID documents and logs with events of their negotiations, boxed, signed and cosigned, which nginx serves. The
products are listings of theirs. What nobody here does is to run a hundred thousand servers: they answer nothing but
reading. With `--keep` what was made is found again.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import history, nginx, report
from bench.audit import MIB, commanded, place
from bench.certificate import HOST
from bench.nationwide import admission
from bench.nationwide.haggling import Market, witness
from bench.space import EXCHANGE, Space, machine
from bench.trader import QUESTIONS, Trader, timed
from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.net.outbound import Outbound
from connector.runtime import settings
from connector.runtime.data_folder import DEPLOYMENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from bench.report import Figures

MEMBERS, PRODUCTS, EVENTS = 100_000, 1_000_000, 10_000_000
REGULATOR = "regulator"
PEOPLE = (EXCHANGE, REGULATOR, *history.ROLES)
RESIDENTS, NOTES = "residents", "notes.json"
ROUNDS = 5
SERVED = "server {{ listen {host}:{port}; keepalive_requests 1000000; root {root}; }}"
AUDITED = "audit"
TARGETS: Mapping[str, Mapping[str, float]] = {
    "a deal": {"at_most": 1.0},
    "a question": {"at_most": 0.02},
    "start of the exchange": {"at_most": 30.0},
    "start of a member": {"at_most": 3.0},
    f"{AUDITED}, a million events": {"at_most": 60.0},
}


def made(folder: Path, members: int, products: int, events: int) -> dict[str, Any]:
    """Make the space in a folder, unless it is there; return what was made, and how long each part took, in seconds."""
    notes = folder / NOTES
    if notes.exists():
        found: dict[str, Any] = json.loads(notes.read_text())
        return found
    (port,) = free_ports(1)
    told: dict[str, Any] = {"port": port, "members": members, "products": products}
    data = folder / EXCHANGE
    with _taking(told, "traded"):
        asyncio.run(history.trade(folder))
    with _taking(told, "written"):
        told["events"] = sum(_written(folder, members, events, port))
    with _taking(told, "registered"):
        did = settings.load(data, {}, {}).did
        mined = admission.register(data, did, admission.residents(members, port))
    with _taking(told, "enlisted"):
        admission.enlist(data, admission.residents(members, port), mined)
        admission.offer(data, products, members, port)
    notes.write_text(json.dumps(told))
    return told


@contextlib.contextmanager
def _taking(told: dict[str, Any], name: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    told[name] = time.monotonic() - begun
    print(f"{name}: {told[name]:.0f} s", flush=True)


def _written(folder: Path, members: int, events: int, port: int) -> list[int]:
    """Have all pairs negotiate, on every processor; return how many events each processor wrote."""
    workers = os.cpu_count() or 1
    # pairs stay together
    cuts = [members * at // workers // 2 * 2 for at in range(workers)] + [members // 2 * 2]
    parts = [range(first, last) for first, last in pairwise(cuts)]
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:
        tasks = [pool.submit(negotiated, folder, part, events * len(part) // cuts[-1], port) for part in parts]
        return [task.result() for task in tasks]


def negotiated(folder: Path, numbers: range, events: int, port: int) -> int:
    """Have some pairs negotiate in this process; return how many events they wrote."""
    keepers = [
        witness(folder / role, role, settings.load(folder / role, {}, {}).server.port) for role in (EXCHANGE, REGULATOR)
    ]
    deployment = json.loads((folder / EXCHANGE / DEPLOYMENT).read_text())
    return Market(keepers[0], keepers[1], deployment, folder / RESIDENTS, port).play(numbers, events)


@contextlib.asynccontextmanager
async def running(folder: Path, figures: dict[str, tuple[float, str]]) -> AsyncIterator[Space]:
    """Run the real participants; the exchange and a member are started twice: the first start takes in what is new."""
    people = {role: Participant(folder / role, SERVE) for role in PEOPLE}
    async with Outbound(development=True) as outbound:
        doors = {role: Server(person.data, outbound) for role, person in people.items()}
        try:
            for role, person in people.items():
                figures[f"first start of the {role}"] = await _started(person), "s"
            for role, name in ((EXCHANGE, "the exchange"), ("buyer", "a member")):
                await people[role].stop()
                figures[f"start of {name}"] = await _started(people[role]), "s"
            yield Space(people, doors)
        finally:
            for person in people.values():
                await person.stop()


async def _started(person: Participant) -> float:
    begun = time.perf_counter()
    await person.start()
    return time.perf_counter() - begun


async def traded(run: Space, told: Mapping[str, Any], figures: dict[str, tuple[float, str]]) -> None:
    """Trade and ask in the space, and look at what its members take."""
    while (found := (await run.call(EXCHANGE, "GET", "find?q="))["found"]) <= told["products"]:
        print(f"{found:,} products indexed", flush=True)
        await asyncio.sleep(5.0)
    trader = Trader(run, name=f"nation-{time.time_ns()}")
    figures |= {name.partition(",")[0]: (value, "s") for name, value in (await trader.deals(ROUNDS)).items()}
    figures["a question"] = await timed(QUESTIONS, trader.question), "s"
    for role in PEOPLE:
        figures[f"memory of the {role}"] = report.memory_bytes(run.pid(role)) / MIB, "MiB"
        figures[f"database of the {role}"] = (run.people[role].data / history.DATABASE).stat().st_size / MIB, "MiB"


def audited(folder: Path) -> Figures:
    """Run `penstock audit` on the space, which runs meanwhile."""
    url = settings.load(folder / EXCHANGE, {}, {}).url
    found = commanded("--exchange", url, "--development", "--data", str(folder / REGULATOR))
    million = found.seconds * 1_000_000 / found.said["events"]
    more = {
        f"{AUDITED}, events": (float(found.said["events"]), "events"),
        f"{AUDITED}, a million events": (million, "s"),
        f"{AUDITED}, decisions made again": (float(found.said["decisions_replayed"]), "decisions"),
        f"{AUDITED}, signatures verified": (float(found.said["signatures_verified"]), "signatures"),
    }
    return {**found.figures(AUDITED), **more}


async def measured(folder: Path, told: Mapping[str, Any]) -> Figures:
    """Return the figures of a space that was made."""
    figures: dict[str, tuple[float, str]] = {
        "members": (float(told["members"] + len(PEOPLE)), "members"),
        "products": (float(told["products"] + 1), "products"),
        "events of simulated members": (float(told["events"]), "events"),
        "made": (sum(told[name] for name in ("traded", "written", "registered", "enlisted")), "s"),
    }
    server = SERVED.format(host=HOST, port=told["port"], root=folder / RESIDENTS)
    with nginx.started("debian", folder / "nginx", [server], f"http://localhost:{told['port']}", told["port"]):
        async with running(folder, figures) as run:
            await traded(run, told, figures)
            print(report.table(report.rows(figures, TARGETS)), flush=True)
            figures |= await asyncio.to_thread(audited, folder)
    return figures


def main() -> None:
    """Make, measure, print, write bench/results/nation.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.nation")
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--products", type=int, default=PRODUCTS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--keep", type=Path)
    asked = parser.parse_args()
    print(machine(), flush=True)
    with place(asked.keep) as folder:
        told = made(folder, asked.members, asked.products, asked.events)
        rows = report.rows(asyncio.run(measured(folder, told)), TARGETS)
    print(report.table(rows))
    if (asked.members, asked.products, asked.events) == (MEMBERS, PRODUCTS, EVENTS):
        print("written to", report.write("nation", rows))
    else:
        print("not written: a record has the sizes of the default")


if __name__ == "__main__":
    main()
