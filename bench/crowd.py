"""Two hundred buyers draw on one provider at once: how fair it is, and what it takes of the provider.

The provider is a process. The buyers are as many whole connectors, each with an identity, database, address, agreement,
channel and transfer of its own; they pull, verify, pay window by window and open to null as any buyer does. Twenty of
them share a process and its interpreter. Their pulls begin together and go on until all have everything; what counts is
the speed at which each came to have everything paid.

`python -m bench.crowd FOLDER EXCHANGE FIRST PORT…` runs a buyer on each port: it prints their DIDs, gets the product
when a line comes, prints a line when every transfer is started, and ends with its input.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import sqlite3
import sys
import time
from asyncio.subprocess import PIPE, Process
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import uvloop
from aiohttp import web

from bench import gated, report
from bench.pairs import ROOT
from bench.purchase import COMPLETE, LIMIT, PURPOSE, RECEIVING
from bench.single import EXPOSURE, fill
from bench.space import EXCHANGE, make, space, workshop
from bench.taken import GIB, MIB
from connector.api.server import build
from connector.app.app import Connector
from connector.cli.serve import settle
from connector.consumer.mandate import NOWHERE
from connector.demo.processes import free_ports
from connector.runtime import settings
from connector.runtime.data_folder import DATABASE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from bench.report import Figures
    from bench.space import Space

PRODUCT, KEY = "crowd", "drawn"
BUYERS, TOGETHER = 200, 20
PIECE_KIB = 256  # so that a buyer's share is many pieces
LOOK_SECONDS = 1.0
FILES_OPEN = 1 << 15  # a connector has a dozen
READY_SECONDS = 900.0
FAIR, MEMORY = f"{BUYERS} buyers: Jain's index", f"{BUYERS} buyers: peak memory of the provider"

_PAID = """
SELECT coalesce((SELECT sum(plain) FROM paid_rows), 0) AS plain,
       (SELECT count(*) FROM windows WHERE state IN ('released', 'acknowledged')) AS windows,
       (SELECT state FROM acquisitions) AS state,
       (SELECT reason FROM acquisitions) AS reason
"""


class Paid(NamedTuple):
    """Where a buyer is: plain bytes paid, windows whose keys it has, whether it has everything."""

    plain: int
    windows: int
    over: bool


class Look(NamedTuple):
    """Where all buyers are, so many seconds after the gate was opened."""

    seconds: float
    paid: Sequence[Paid]


def jain(values: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 if all have the same, 1/n if one has everything."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


@contextlib.asynccontextmanager
async def buyers(folder: Path, exchange: str, first: int, ports: Sequence[int]) -> AsyncIterator[list[Connector]]:
    """Run buyers with their HTTP surfaces."""
    async with contextlib.AsyncExitStack() as stack:
        running: list[Connector] = []
        for number, port in enumerate(ports, start=first):
            data = data_of(folder, number)
            make(data, "buyer", port, exchange)
            connector = await Connector.start(data, settings.load(data, {}, {}))
            stack.push_async_callback(connector.close)
            runner = web.AppRunner(build(connector.parts), access_log=None)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, connector.settings.server.host, port).start()
            await connector.recover()
            running.append(connector)
        settle()
        yield running


def data_of(folder: Path, number: int) -> Path:
    """Return the data directory of a buyer."""
    return folder / f"buyer-{number}"


async def ready(connector: Connector) -> None:
    """Have a buyer get the product as far as its started transfer."""
    mandate = {"bid": None, "limit": LIMIT, "purpose": PURPOSE, "deposit": None, "to": NOWHERE, "keep": False}
    view = await connector.acquisitions.acquire(KEY, PRODUCT, mandate)
    while view["state"] not in RECEIVING:
        assert view["state"] != "failed", view["reason"]
        view = await connector.acquisitions.wait(KEY, view["mark"], READY_SECONDS)


async def together(folder: Path, exchange: str, first: int, ports: Sequence[int]) -> None:
    """Run the buyers of one process; see the top of the file."""
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4 * len(ports)))  # as many processes would have
    logging.getLogger("connector").setLevel(logging.ERROR)  # many starts, each with its words about the chain
    opened = asyncio.create_task(gated.there(folder / gated.GATE))
    with gated.held(lambda: asyncio.shield(opened)):
        async with buyers(folder, exchange, first, ports) as running:
            print(*(connector.did for connector in running), flush=True)
            await asyncio.to_thread(sys.stdin.readline)
            async with asyncio.timeout(READY_SECONDS):
                await asyncio.gather(*map(ready, running))
            print(flush=True)
            await asyncio.to_thread(sys.stdin.readline)


@contextlib.asynccontextmanager
async def processes(folder: Path, exchange: str, count: int) -> AsyncIterator[list[Process]]:
    """Run `count` buyers in processes that end with the block."""
    ports, running = free_ports(count), []
    for first in range(0, count, TOGETHER):
        told = [str(folder), exchange, str(first), *map(str, ports[first : first + TOGETHER])]
        command = [sys.executable, "-m", "bench.crowd", *told]
        running.append(await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, cwd=ROOT))
    try:
        yield running
    finally:
        for process in running:
            assert process.stdin is not None
            process.stdin.close()
        for process in running:
            await process.wait()


async def said(process: Process) -> list[str]:
    """Return the words of the next line of a process; it is at fault if it ends before."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, "some buyers have ended"
    return line.decode().split()


async def begun(made: Space, running: Sequence[Process]) -> None:
    """Have every buyer admitted, credited, and its transfer started."""
    for process in running:
        for did in await said(process):
            await made.call(EXCHANGE, "POST", "members", {"did": did, "invite": True})
            await made.call(EXCHANGE, "POST", "credits", {"id": did, "did": did, "amount": str(GIB)})
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
    for process in running:
        await said(process)


def paid(data: Path) -> Paid:
    """Return where a buyer is."""
    with contextlib.closing(sqlite3.connect(f"file:{data / DATABASE}?mode=ro", uri=True)) as looking:
        plain, windows, state, reason = looking.execute(_PAID).fetchone()
    assert state != "failed", f"{data.name}: {reason}"
    return Paid(plain, windows, state in COMPLETE)


async def course(folders: Sequence[Path]) -> list[Look]:
    """Look at all buyers now and then until all have everything; return what was seen."""
    seen: list[Look] = []
    begun = time.perf_counter()
    while not seen or not all(one.over for one in seen[-1].paid):
        await asyncio.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - begun
        seen.append(Look(seconds, [paid(folder) for folder in folders]))
    return seen


async def measure(gib: float, _rounds: int, count: int = BUYERS) -> Figures:
    """Have `count` buyers draw an edition of `gib` GiB each."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_OPEN, most), most))
    with workshop() as folder:
        source = folder / "source" / "data.bin"
        fill(source, int(gib * GIB))
        async with space(folder, hosted=("buyer",)) as made:
            await made.offer(PRODUCT, [source], pieceKiB=PIECE_KIB, exposure=EXPOSURE)
            exchange = settings.load(made.people["provider"].data, {}, {}).space.exchange
            async with processes(folder, exchange, count) as running:
                await begun(made, running)
                provider = made.pid("provider")
                report.forget_peak(provider)
                spent = report.cpu_seconds(provider)
                (folder / gated.GATE).touch()
                seen = await course([data_of(folder, number) for number in range(count)])
                spent = report.cpu_seconds(provider) - spent
                peak = report.memory_bytes(provider, peak=True)
    return figures(seen, spent, peak)


def figures(seen: Sequence[Look], cpu_seconds: float, peak_bytes: int) -> Figures:
    """Return the figures of a course that took so much of the provider."""
    end, who = seen[-1].paid, f"{len(seen[-1].paid)} buyers"
    whole, windows = sum(one.plain for one in end), sum(one.windows for one in end)
    speeds = [
        one.plain / MIB / next(look.seconds for look in seen if look.paid[number].over)
        for number, one in enumerate(end)
    ]
    half = next(look.paid for look in seen if 2 * sum(one.plain for one in look.paid) >= whole)
    return {
        f"{who}: Jain's index": (jain(speeds), ""),
        f"{who}: Jain's index at half-time": (jain([one.plain for one in half]), ""),
        f"{who}: peak memory of the provider": (peak_bytes / MIB, "MiB"),
        f"{who}: speed of all": (whole / MIB / seen[-1].seconds, "MiB/s"),
        f"{who}: slowest": (min(speeds), "MiB/s"),
        f"{who}: fastest": (max(speeds), "MiB/s"),
        f"{who}: windows paid": (windows, ""),
        f"{who}: windows paid by half-time, the fewest": (min(one.windows for one in half), ""),
        f"{who}: windows paid by half-time, the most": (max(one.windows for one in half), ""),
        f"{who}: CPU of the provider for a window, with its bytes": (1000 * cpu_seconds / windows, "ms"),
    }


if __name__ == "__main__":
    uvloop.run(together(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), [int(port) for port in sys.argv[4:]]))
