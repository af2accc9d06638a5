"""The axes along which a space grows, and what is measured on each: one table.

A work has a unit, how fast it may grow (the exponent), and where somebody waits for it, the most that it may
take at the largest size.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from bench import federated, grown, history, report
from bench.space import EXCHANGE, Space, space
from bench.trader import QUESTIONS, Trader, memory, tables, timed
from bench.works import (
    BACKUP,
    DEAL,
    DEAL_CPU,
    FOUND,
    HARVEST,
    MEMORY,
    MEMORY_EXCHANGE,
    MEMORY_OF_ALL,
    OPENING,
    PROCESSES,
    PUBLISH,
    QUESTION,
    RESTORE,
    START,
    START_EXCHANGE,
    START_OF_ALL,
    TABLES,
    TABLES_EXCHANGE,
    WINDOW,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from bench.works import Work

    Longer = Callable[[Path, int], None]
    Curve = AsyncIterator[tuple[int, Mapping[str, float]]]

AT_ONCE = 8
EDITION_KIB = 256


@dataclass(frozen=True, slots=True)
class Axis:
    """What there is more and more of, and how much; `run` yields size → work → figure.

    Where one of them is a thing of its own, `one` says what it is called, and `adds` names the works in MiB of which
    is told what one more adds.
    """

    of: str
    sizes: tuple[int, ...]
    works: tuple[Work, ...]
    run: Callable[[Path, Path, Sequence[int], int], Curve]
    one: str = ""
    adds: tuple[Work, ...] = ()


async def dealing(made: Path, folder: Path, sizes: Sequence[int], rounds: int, longer: Longer) -> Curve:
    """Yield what provider and buyer do, in a space made longer for each size."""
    for size in sizes:
        place = folder / str(size)
        place.mkdir(parents=True)
        async with grown.grown(made, place, size, longer, "provider") as (run, ready):
            trader = Trader(run)
            figures = await trader.deals(rounds) | {
                OPENING.name: await timed(rounds, trader.opening),
                PROCESSES.name: await timed(rounds, trader.page),
                START.name: ready,
                MEMORY.name: memory(run, "provider"),
                BACKUP.name: await timed(1, trader.backup),
            }
            figures |= {
                WINDOW.name: await trader.window(rounds, figures[DEAL.name]),
                RESTORE.name: await trader.restore(),
            }
        yield size, figures | {f"tables of the {role}": tables(place / role) for role in history.ROLES}
        shutil.rmtree(place)


async def channels(made: Path, folder: Path, sizes: Sequence[int], rounds: int) -> Curve:
    """Yield dealing with channels open, each of a purchase that was made for real: a start checks what is signed."""
    place, count = folder / "open", 0
    place.mkdir(parents=True)
    async with grown.grown(made, place, 0, grown.nothing, "provider") as (run, _):
        trader = Trader(run)
        for size in sizes:
            while count < size:
                more = min(AT_ONCE, size - count)
                await asyncio.gather(*(trader.deal() for _ in range(more)))
                count += more
            provider = run.people["provider"]
            await provider.stop()
            begun = time.perf_counter()
            await provider.start()
            ready = time.perf_counter() - begun
            figures = await trader.deals(rounds) | {
                OPENING.name: await timed(rounds, trader.opening),
                START.name: ready,
                MEMORY.name: memory(run, "provider"),
            }
            yield size, figures | {WINDOW.name: await trader.window(rounds, figures[DEAL.name])}


async def members(made: Path, folder: Path, sizes: Sequence[int], rounds: int) -> Curve:
    """Yield what is done in a space of so many members, nearly all of whom are never there."""
    for size in sizes:
        place = folder / str(size)
        place.mkdir(parents=True)
        async with grown.grown(made, place, size, grown.members, EXCHANGE) as (run, ready):
            trader = Trader(run)
            figures = await trader.deals(rounds) | {
                OPENING.name: await timed(rounds, trader.opening),
                QUESTION.name: await timed(QUESTIONS, trader.question),
                START_OF_ALL.name: ready,
                MEMORY_OF_ALL.name: memory(run, EXCHANGE),
                MEMORY.name: memory(run, "provider"),
            }
            await run.people["provider"].stop()
            begun = time.perf_counter()
            await run.people["provider"].start()
            figures[START.name] = time.perf_counter() - begun
        yield size, figures | {TABLES_EXCHANGE.name: tables(place / EXCHANGE)}
        shutil.rmtree(place)


async def products(made: Path, folder: Path, sizes: Sequence[int], rounds: int) -> Curve:
    """Yield what an exchange does that lists so many products."""
    for size in sizes:
        place = folder / str(size)
        place.mkdir(parents=True)
        async with grown.grown(made, place, size, grown.listings, EXCHANGE) as (run, ready):
            trader = Trader(run)
            while (await run.call(EXCHANGE, "GET", "find?q="))["found"] <= size:
                await asyncio.sleep(1.0)

            async def publish(run: Space = run, place: Path = place) -> None:
                await run.offer(f"one-more-{time.monotonic_ns()}", [_drawn(place / "more.bin")])

            figures = await trader.deals(rounds) | {
                QUESTION.name: await timed(QUESTIONS, trader.question),
                PUBLISH.name: await timed(rounds, publish),
                START_EXCHANGE.name: ready,
                MEMORY_EXCHANGE.name: memory(run, EXCHANGE),
            }
        yield size, figures | {TABLES_EXCHANGE.name: tables(place / EXCHANGE)}
        shutil.rmtree(place)


async def editions(_made: Path, folder: Path, sizes: Sequence[int], rounds: int) -> Curve:
    """Yield what the next edition of a series costs, and a deal for it."""
    place, product, count = folder / "series", "a-series", 0
    place.mkdir(parents=True)
    async with space(place) as run:

        async def publish() -> None:
            nonlocal count
            count += 1
            await run.offer(product, [_drawn(place / "series.bin")])

        trader = Trader(run, product)
        for size in sizes:
            while count < size:
                await publish()
            figures = await trader.deals(rounds) | {
                PUBLISH.name: await timed(rounds, publish),
                MEMORY.name: memory(run, "provider"),
            }
            yield size, figures


def _drawn(file: Path) -> Path:
    """Write data that nobody has listed yet, and return the file."""
    file.write_bytes(os.urandom(EDITION_KIB * report.KIB))
    return file


DEALING = (DEAL, DEAL_CPU, WINDOW, OPENING, PROCESSES, START, MEMORY, BACKUP, RESTORE, *TABLES)
FEDERATING = (DEAL, DEAL_CPU, QUESTION, FOUND, HARVEST, START_EXCHANGE, MEMORY_EXCHANGE, TABLES_EXCHANGE)
LISTING = (DEAL, DEAL_CPU, QUESTION, PUBLISH, START_EXCHANGE, MEMORY_EXCHANGE, TABLES_EXCHANGE)
TAKING = (DEAL, DEAL_CPU, WINDOW, OPENING, START, MEMORY)
MEETING = (DEAL, DEAL_CPU, OPENING, QUESTION, START, MEMORY, START_OF_ALL, MEMORY_OF_ALL, TABLES_EXCHANGE)
ADDED_BY_MEMBERS = (MEMORY_OF_ALL, TABLES_EXCHANGE)

AGREEMENTS: Final = Axis(
    "agreements",
    (100, 1_000, 10_000, 100_000),
    DEALING,
    partial(dealing, longer=grown.agreements),
    "an order",
    TABLES,
)
AXES: Final = (
    AGREEMENTS,
    Axis("open channels", (10, 100, 1_000), TAKING, channels),
    Axis("events in the log", (1_000, 10_000, 100_000, 1_000_000), DEALING, partial(dealing, longer=grown.events)),
    Axis("members", (10, 100, 1_000, 10_000, 100_000), MEETING, members, "a member", ADDED_BY_MEMBERS),
    Axis("products", (100, 1_000, 10_000, 100_000, 1_000_000), LISTING, products),
    Axis("editions", (1, 10, 100, 1_000), (DEAL, DEAL_CPU, PUBLISH, MEMORY), editions),
    Axis("exchanges federated", (1, 10, 100, 1_000), FEDERATING, federated.run),
)
