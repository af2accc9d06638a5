"""An exchange with more and more exchanges for its sources: what that costs it, and who asks or buys there.

The sources are played by this process (`bench.federation`), each with keys, an address and changes of its own; the
exchange that reads them, provider and buyer are real. Each source tells as many products as every other one, so the
products found grow with the sources, too.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from typing import TYPE_CHECKING, Any

from bench import grown, report
from bench.federation import played
from bench.space import EXCHANGE
from bench.trader import QUESTIONS, Trader, memory, tables, timed
from bench.works import FOUND, HARVEST, MEMORY_EXCHANGE, QUESTION, START_EXCHANGE, TABLES_EXCHANGE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from bench.federation import Played
    from bench.space import Space

# as many as a page has
PRODUCTS_OF_EACH = 50
# acts of the operator at once
AT_ONCE = 8
LOOK_SECONDS = 0.5
# a word of every product that a source plays
WORD = "drawn"


async def run(
    made: Path, folder: Path, sizes: Sequence[int], rounds: int
) -> AsyncIterator[tuple[int, Mapping[str, float]]]:
    """Yield what is done in a space whose exchange reads so many others."""
    for size in sizes:
        place = folder / str(size)
        place.mkdir(parents=True)
        async with (
            played(place, size, PRODUCTS_OF_EACH, plain_every=0) as sources,
            grown.grown(made, place, 0, grown.nothing, EXCHANGE) as (space, _),
        ):
            figures = await _measured(space, sources, rounds)
        yield size, figures | {TABLES_EXCHANGE.name: tables(place / EXCHANGE)}
        shutil.rmtree(place)


async def _measured(space: Space, sources: Sequence[Played], rounds: int) -> dict[str, float]:
    """Have the exchange read all sources; return what it takes then."""

    def call(method: str, path: str, body: Any = None) -> Awaitable[Any]:
        return space.call(EXCHANGE, method, path, body)

    def ask() -> Awaitable[Any]:
        return call("GET", f"find?q={WORD}")

    await _each(
        sources, lambda one: call("POST", "sources", {"name": one.name, "address": one.url, "kind": "exchange"})
    )
    while (await ask())["found"] < len(sources) * PRODUCTS_OF_EACH:
        await asyncio.sleep(LOOK_SECONDS)
    trader, before = Trader(space), report.cpu_seconds(space.pid(EXCHANGE))
    await _each(sources, lambda one: call("POST", f"sources/{one.name}/harvest", {}))
    read = report.cpu_seconds(space.pid(EXCHANGE)) - before
    figures = await trader.deals(rounds) | {
        QUESTION.name: await timed(QUESTIONS, trader.question),
        FOUND.name: await timed(QUESTIONS, ask),
        HARVEST.name: read,
        MEMORY_EXCHANGE.name: memory(space, EXCHANGE),
    }
    await space.people[EXCHANGE].stop()
    begun = time.perf_counter()
    await space.people[EXCHANGE].start()
    return figures | {START_EXCHANGE.name: time.perf_counter() - begun}


async def _each(sources: Sequence[Played], act: Callable[[Played], Awaitable[Any]]) -> None:
    """Do an act with each source, some at once."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(source: Played) -> None:
        async with places:
            await act(source)

    await asyncio.gather(*(one(source) for source in sources))
