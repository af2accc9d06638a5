"""Two hundred buyers draw on one provider at once: how fair it is, and what it takes of the provider's memory.

The provider is a process. The buyers are as many whole connectors in this process, each with an identity, database,
address, agreement, channel and transfer of its own; they pull, verify, pay window by window and open to null as any
buyer does. Their pulls begin together and go on until all have everything; what counts is the bytes that each has paid
for when half of all are paid.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from bench import gated, report
from bench.purchase import COMPLETE, LIMIT, PURPOSE, RECEIVING
from bench.single import EXPOSURE, fill
from bench.space import EXCHANGE, make, space, workshop
from bench.taken import GIB, MIB
from connector import settings
from connector.app import Connector
from connector.cli.serve import settle
from connector.demo.processes import free_ports
from connector.pull.mandate import NOWHERE
from connector.web.server import build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from bench.report import Figures
    from bench.space import Space

PRODUCT, KEY = "crowd", "drawn"
BUYERS = 200
PIECE_KIB = 256  # so that a buyer's share is many pieces
LOOK_SECONDS = 1.0
FILES_OPEN = 1 << 15  # a connector has a dozen
READY_SECONDS = 600.0
FAIR, MEMORY = f"{BUYERS} buyers: Jain's index", f"{BUYERS} buyers: peak memory of the provider"

_PAID = """
SELECT coalesce((SELECT sum(plain) FROM paid_rows), 0) AS plain,
       (SELECT count(*) FROM windows WHERE state IN ('released', 'acknowledged')) AS windows,
       (SELECT state FROM acquisitions) AS state
"""


class Paid(NamedTuple):
    """Where a buyer is: plain bytes paid, windows whose keys it has, whether it has everything."""

    plain: int
    windows: int
    over: bool


def jain(values: Sequence[float]) -> float:
    """Return Jain's index of fairness: 1 if all have the same, 1/n if one has everything."""
    return sum(values) ** 2 / (len(values) * sum(value * value for value in values))


@contextlib.asynccontextmanager
async def buyers(made: Space, folder: Path, count: int) -> AsyncIterator[Mapping[Path, Connector]]:
    """Run `count` buyers with their HTTP surfaces, admitted and credited; yield data directory → connector."""
    exchange = settings.load(made.people["provider"].data, {}, {}).space.exchange
    async with contextlib.AsyncExitStack() as stack:
        running: dict[Path, Connector] = {}
        for number, port in enumerate(free_ports(count)):
            data = folder / f"buyer-{number}"
            make(data, "buyer", port, exchange)
            running[data] = connector = await Connector.start(data, settings.load(data, {}, {}))
            stack.push_async_callback(connector.close)
            runner = web.AppRunner(build(connector), access_log=None)
            stack.push_async_callback(runner.cleanup)
            await runner.setup()
            await web.TCPSite(runner, connector.settings.server.host, port).start()
            await connector.recover()
            await made.call(EXCHANGE, "POST", "members", {"did": connector.did})
            credit = {"id": str(number), "did": connector.did, "amount": str(GIB)}
            await made.call(EXCHANGE, "POST", "credits", credit)
        settle()
        yield running


async def ready(connector: Connector) -> None:
    """Have a buyer get the product as far as its started transfer."""
    mandate = {"bid": None, "limit": LIMIT, "purpose": PURPOSE, "deposit": None, "to": NOWHERE, "keep": False}
    view = await connector.acquisitions.acquire(KEY, PRODUCT, mandate)
    while view["state"] not in RECEIVING:
        assert view["state"] != "failed", view["reason"]
        view = await connector.acquisitions.wait(KEY, view["mark"], READY_SECONDS)


async def paid(connector: Connector) -> Paid:
    """Return where a buyer is."""
    row = (await connector.store.read(lambda tx: tx.execute(_PAID)))[0]
    assert row["state"] != "failed"
    return Paid(row["plain"], row["windows"], row["state"] in COMPLETE)


async def course(running: Sequence[Connector]) -> list[list[Paid]]:
    """Look at all buyers now and then until all have everything; return what was seen."""
    seen: list[list[Paid]] = []
    while not seen or not all(one.over for one in seen[-1]):
        await asyncio.sleep(LOOK_SECONDS)
        seen.append(await asyncio.gather(*map(paid, running)))
    return seen


async def measure(gib: float, _rounds: int, count: int = BUYERS) -> Figures:
    """Have `count` buyers draw an edition of `gib` GiB each."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_OPEN, most), most))
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(4 * count))  # as many processes would have
    logging.getLogger("connector").setLevel(logging.ERROR)  # two hundred starts, each with its words about the chain
    gate = asyncio.Event()
    with workshop() as folder, gated.held(gate.wait):
        source = folder / "source" / "data.bin"
        fill(source, int(gib * GIB))
        async with space(folder, hosted=("buyer",)) as made:
            await made.offer(PRODUCT, [source], PIECE_KIB, exposure=EXPOSURE)
            async with buyers(made, folder, count) as running:
                async with asyncio.timeout(READY_SECONDS):
                    await asyncio.gather(*map(ready, running.values()))
                provider = made.pid("provider")
                report.forget_peak(provider)
                begun, spent = time.perf_counter(), report.cpu_seconds(provider)
                gate.set()
                seen = await course([*running.values()])
                seconds, spent = time.perf_counter() - begun, report.cpu_seconds(provider) - spent
                peak = report.memory_bytes(provider, peak=True)
    return figures(seen, seconds, spent, peak)


def figures(seen: Sequence[Sequence[Paid]], seconds: float, cpu_seconds: float, peak_bytes: int) -> Figures:
    """Return the figures of a course that took so long, and so much of the provider."""
    end, who = seen[-1], f"{len(seen[-1])} buyers"
    whole, windows = sum(one.plain for one in end), sum(one.windows for one in end)
    half = next(all_ for all_ in seen if 2 * sum(one.plain for one in all_) >= whole)
    return {
        f"{who}: Jain's index": (jain([one.plain for one in half]), ""),
        f"{who}: peak memory of the provider": (peak_bytes / MIB, "MiB"),
        f"{who}: speed of all": (whole / MIB / seconds, "MiB/s"),
        f"{who}: paid by half-time, the least": (min(one.plain for one in half) / MIB, "MiB"),
        f"{who}: paid by half-time, the most": (max(one.plain for one in half) / MIB, "MiB"),
        f"{who}: windows paid": (windows, ""),
        f"{who}: windows paid by half-time, the fewest": (min(one.windows for one in half), ""),
        f"{who}: CPU of the provider for a window, with its bytes": (1000 * cpu_seconds / windows, "ms"),
    }
