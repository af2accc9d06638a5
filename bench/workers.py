"""One participant served by more and more processes: its negotiations and windows a second, also while they are killed.

`python -m bench.workers [--processes 1 2 4] [--orders 48]`

The provider's tables are in PostgreSQL, and so many processes of it stand behind one address; exchange, regulator and
two buyers are a process each. Orders of a small edition say how many negotiations a second there are, orders of a
larger one how many windows. Then small orders go on while one process after the other is killed and begun again: every
order must come to its end. All share the processors of one machine. So what more machines would bring is told by the
processor time of an order: how much more of it the provider takes when more processes share its work.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import os
import random
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from bench import report
from bench.federation import children
from bench.space import EXCHANGE, FUNDS, Space, machine, make, workshop
from bench.trader import COMPLETE, PURPOSE
from connector.client.server import Server
from connector.demo.processes import SERVE, Participant, free_ports
from connector.net.outbound import Outbound
from tests import postgres
from tests.soak.several import Several

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

PROCESSES = (1, 2, 4)
ORDERS, AT_ONCE = 48, 8
BUYERS = ("buyer", "other-buyer")
PROVIDER = "provider"
# small editions are negotiations; long ones windows, each of at most so much unpaid (minor units, one of them a MiB)
SMALL, LONG = "bench-small", "bench-long"
SMALL_KIB, LONG_MIB, LONG_EXPOSURE = 256, 16, "1"
LONG_SHARE = 4  # of the small orders, so many fewer are long
# between two kills, everybody up: a start takes as long, and a participant that is killed as it starts does nothing
KILL_SECONDS = 5.0
# what more processes may cost an order, in processor time of the provider
SHARING_MAX = 1.5


@dataclass(slots=True)
class Market:
    """A space whose provider is served by several processes."""

    space: Space
    port: int
    database: str
    postmaster: int
    numbers: Iterator[int] = field(default_factory=itertools.count)
    provider: Several | None = None

    async def serve(self, count: int) -> None:
        """Have so many processes serve the provider."""
        if self.provider is not None:
            await self.provider.stop()
        self.provider = Several(self.space.people[PROVIDER].data, self.port, random.Random(count), count=count)
        await self.provider.start({"PENSTOCK_STORE_DATABASE": self.database})

    async def orders(self, product: str, count: int) -> tuple[float, int, float]:
        """Buy so often, some at once; return the seconds of all, their windows, and the seconds of the longest."""
        places, begun = asyncio.Semaphore(AT_ONCE), time.perf_counter()
        ended = await asyncio.gather(*(self._order(product, BUYERS[n % 2], places) for n in range(count)))
        return time.perf_counter() - begun, sum(one[0] for one in ended), max(one[1] for one in ended)

    async def _order(self, product: str, buyer: str, places: asyncio.Semaphore) -> tuple[int, float]:
        async with places:
            name, begun = f"{product}-{next(self.numbers)}", time.perf_counter()
            body = {"id": name, "product": product, "mandate": {"limit": "1", "purpose": PURPOSE}}
            await self.space.call(buyer, "POST", "acquisitions", body)
            view = await self.space.reach(name, COMPLETE, buyer)
            return view["progress"]["windows"], time.perf_counter() - begun

    def spent(self) -> tuple[float, float]:
        """Return the CPU seconds of the provider's processes so far, and those of its database."""
        assert self.provider is not None
        own = sum(report.cpu_seconds(each.pid) for each in self.provider.processes)
        backends = 0.0
        for pid in children(self.postmaster):
            with contextlib.suppress(OSError):  # it ended: the server has its seconds
                backends += report.cpu_seconds(int(pid))
        return own, report.cpu_seconds(self.postmaster) + backends


@contextlib.asynccontextmanager
async def market(folder: Path) -> AsyncIterator[Market]:
    """Make a space with two buyers; its provider is served by one process at first, and sells two editions."""
    folder.chmod(0o755)  # the server of the database runs as another user
    roles = (EXCHANGE, "regulator", PROVIDER, *BUYERS)
    ports = dict(zip(roles, free_ports(len(roles)), strict=True))
    for role in roles:
        exchange = "" if role == EXCHANGE else f"http://localhost:{ports[EXCHANGE]}"
        make(folder / role, role.removeprefix("other-"), ports[role], exchange)
    people = {role: Participant(folder / role, SERVE) for role in roles}
    async with contextlib.AsyncExitStack() as stack:
        outbound = await stack.enter_async_context(Outbound(development=True))
        space = Space(people, {role: Server(one.data, outbound) for role, one in people.items()})
        reached = stack.enter_context(postgres.running(folder / "server", postgres.DURABLE))
        place = Path(reached["PGHOST"])
        base = f"postgresql:///postgres?host={quote(str(place), safe='')}&user={reached['PGUSER']}"
        postmaster = int((place / postgres.DATA / "postmaster.pid").read_text().split()[0])
        made = Market(space, ports[PROVIDER], postgres.new_schema(base), postmaster)
        try:
            for role in roles:
                await (made.serve(1) if role == PROVIDER else people[role].start())
                if role != EXCHANGE:
                    await space.call(EXCHANGE, "POST", "members", {"did": space.did(role), "invite": True})
                if role in BUYERS:
                    await space.call(
                        EXCHANGE, "POST", "credits", {"id": role, "did": space.did(role), "amount": str(FUNDS)}
                    )
            await space.offer(SMALL, [_drawn(folder / "small.bin", SMALL_KIB)], pieceKiB=64)
            await space.offer(
                LONG, [_drawn(folder / "long.bin", LONG_MIB * 1024)], pieceKiB=1024, exposure=LONG_EXPOSURE
            )
            yield made
        finally:
            for person in (made.provider, *people.values()):
                if person is not None:
                    await person.stop()


def _drawn(file: Path, kib: int) -> Path:
    file.write_bytes(os.urandom(kib * report.KIB))
    return file


async def measure(folder: Path, processes: Sequence[int], orders: int) -> list[report.Row]:
    """Return the rows, for each number of processes."""
    rows, alone = [], 0.0
    async with market(folder) as made:
        for count in processes:
            await made.serve(count)
            await made.orders(SMALL, min(orders, AT_ONCE))  # who sells and who buys are warm
            before = made.spent()
            seconds, _, _ = await made.orders(SMALL, orders)
            own, stored = (new - old for new, old in zip(made.spent(), before, strict=True))
            long = max(1, orders // LONG_SHARE)
            took, windows, longest = await made.orders(LONG, long)
            alone = alone or own / orders
            of = f"{count} process{'' if count == 1 else 'es'}"
            rows += [
                report.row(f"{of}: negotiations", orders / seconds, "1/s"),
                report.row(f"{of}: windows", windows / took, "1/s"),
                report.row(f"{of}: the longest order of many windows", longest, "s"),
                report.row(f"{of}: CPU of the provider, an order", own / orders, "s"),
                report.row(f"{of}: CPU of its database, an order", stored / orders, "s"),
            ]
            if count != processes[0]:
                rows.append(report.row(f"{of}: CPU ÷ that of one", own / orders / alone, "times", at_most=SHARING_MAX))
            rows += await _struck(made, of, orders)
            print(report.table(rows), flush=True)
    return rows


async def _struck(made: Market, of: str, orders: int) -> list[report.Row]:
    """Return what becomes of orders while one process after the other is killed; one that fails ends the run."""
    kills = 0

    async def strike() -> None:
        nonlocal kills
        while True:
            await asyncio.sleep(KILL_SECONDS)
            assert made.provider is not None
            await made.provider.kill()
            kills += 1
            await made.provider.start({"PENSTOCK_STORE_DATABASE": made.database})

    task = asyncio.create_task(strike())
    try:
        seconds, _, longest = await made.orders(SMALL, orders)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert made.provider is not None
    await made.provider.start({"PENSTOCK_STORE_DATABASE": made.database})
    return [
        report.row(f"{of}, killed: kills", float(kills), "", at_least=1.0),
        report.row(f"{of}, killed: negotiations", orders / seconds, "1/s"),
        report.row(f"{of}, killed: the longest order", longest, "s"),
    ]


def main() -> None:
    """Measure, print, write bench/results/workers.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.workers")
    parser.add_argument("--processes", type=int, nargs="+", default=list(PROCESSES))
    parser.add_argument("--orders", type=int, default=ORDERS)
    asked = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder:
        rows = asyncio.run(measure(folder, asked.processes, asked.orders))
    print(report.table(rows))
    if (tuple(asked.processes), asked.orders) == (PROCESSES, ORDERS):
        print("written to", report.write("workers", rows))
    else:
        print("not written: a record has the sizes of the default")


if __name__ == "__main__":
    main()
