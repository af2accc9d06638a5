"""Two hundred buyers draw on one provider at once: how fair it is, and what it takes of the provider's memory.

The provider is a process. The buyers are as many whole connectors in this process, each with an identity, database,
address, agreement, channel and transfer of its own; they pull, verify, store and pay window by window as any buyer
does. Their pulls begin together, and what counts is the bytes that each has on its disk after a fixed time.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import resource
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from aiohttp import web

from bench import gated, report
from bench.purchase import LIMIT, PURPOSE, RECEIVING
from bench.single import EXPOSURE, fill
from bench.space import EXCHANGE, make, space, workshop
from bench.taken import GIB, MIB
from connector import settings
from connector.app import Connector
from connector.cli.serve import settle
from connector.demo.processes import free_ports
from connector.web.server import build

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from bench.report import Figures
    from bench.space import Space

PRODUCT, KEY = "crowd", "drawn"
BUYERS = 200
PIECE_KIB = 256  # so that a buyer's share of a second is many pieces
WARM_UP_SECONDS, SECONDS = 3.0, 20.0
FILES_OPEN = 1 << 15  # a connector has a dozen
READY_SECONDS = 600.0
FAIR, MEMORY = f"{BUYERS} buyers: Jain's index", f"{BUYERS} buyers: peak memory of the provider"


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
    mandate = {"bid": None, "limit": LIMIT, "purpose": PURPOSE, "deposit": None}
    view = await connector.acquisitions.acquire(KEY, PRODUCT, mandate)
    while view["state"] not in RECEIVING:
        assert view["state"] != "failed", view["reason"]
        view = await connector.acquisitions.wait(KEY, view["mark"], READY_SECONDS)


def on_disk(data: Path) -> int:
    """Return the bytes that a data directory takes on its disk; what is a hole takes none."""
    return sum(path.stat().st_blocks * 512 for path in data.rglob("*") if path.is_file())


async def measure(gib: float, _rounds: int, count: int = BUYERS, seconds: float = SECONDS) -> Figures:
    """Have `count` buyers draw an edition of `gib` GiB for some seconds."""
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
                report.forget_peak(made.pid("provider"))
                gate.set()
                await asyncio.sleep(WARM_UP_SECONDS)
                before = [on_disk(data) for data in running]
                await asyncio.sleep(seconds)
                drawn = [on_disk(data) - old for data, old in zip(running, before, strict=True)]
                peak = report.memory_bytes(made.pid("provider"), peak=True)
                views = [await connector.acquisitions.view(KEY) for connector in running.values()]
    assert {view["state"] for view in views} == {"receiving"}, "some ended within the time; take a larger file"
    return {
        FAIR: (jain(drawn), ""),
        MEMORY: (peak / MIB, "MiB"),
        f"{count} buyers: speed of all": (sum(drawn) / MIB / seconds, "MiB/s"),
        f"{count} buyers: slowest": (min(drawn) / MIB / seconds, "MiB/s"),
        f"{count} buyers: fastest": (max(drawn) / MIB / seconds, "MiB/s"),
        f"{count} buyers: windows paid": (sum(view["progress"]["windows"] for view in views), ""),
    }
