"""The axes along which a space grows, and what is measured on each: one table.

A work has a unit, how fast it may grow (the exponent), and where somebody waits for it, the most that it may
take at the largest size.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from bench import grown, history, report
from bench.space import EXCHANGE, Space, space
from connector.demo.processes import SERVE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    Longer = Callable[[Path, int], None]
    Curve = AsyncIterator[tuple[int, Mapping[str, float]]]

PURPOSE = "AirTrafficResearch"
COMPLETE = frozenset({"complete"})
QUESTIONS, AT_ONCE = 40, 8
FLAT, LINEAR = 0.1, 1.0
START_SECONDS = 3.0
EDITION_KIB = 256


@dataclass(frozen=True, slots=True)
class Work:
    """What is done at each size: how fast it may grow, and the most that it may take at the largest."""

    name: str
    unit: str = "s"
    growth: float = FLAT
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Axis:
    """What there is more and more of, and how much; `run` yields size → work → figure."""

    of: str
    sizes: tuple[int, ...]
    works: tuple[Work, ...]
    run: Callable[[Path, Path, Sequence[int], int], Curve]


class Trader:
    """What is done in one space, each time with another name."""

    def __init__(self, made: Space, product: str = history.PRODUCT, name: str = "grown") -> None:
        self._made, self._product, self._prefix, self._number = made, product, name, 0

    async def deal(self) -> Any:
        """Buy the product: find, negotiate, sign, pay, fetch and verify; return the acquisition."""
        self._number += 1
        name, mandate = self._name, {"limit": "1", "purpose": PURPOSE}
        body = {"id": name, "product": self._product, "mandate": mandate}
        await self._made.call("buyer", "POST", "acquisitions", body)
        return await self._made.reach(name, COMPLETE)

    async def opening(self) -> None:
        """Open what was bought last."""
        to = str(self._made.people["buyer"].data.parent / "opened" / f"{self._name}-{time.monotonic_ns()}")
        body = {"id": f"open-{time.monotonic_ns()}", "acquisition": self._name, "purpose": PURPOSE, "to": to}
        await self._made.call("buyer", "POST", "openings", body)

    async def page(self) -> None:
        """Read the newest negotiations and transfers."""
        await self._made.call("provider", "GET", "processes")

    async def question(self) -> None:
        """Ask the exchange for products by two words."""
        await self._made.call(EXCHANGE, "GET", "find?q=bench%20history")

    async def backup(self) -> None:
        """Back the provider up while it serves."""
        data = self._made.people["provider"].data
        to = data.parent / f"backup-{time.monotonic_ns()}"
        words = [*SERVE[:-1], "admin", "backup", str(to), "--data", str(data)]
        await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
        shutil.rmtree(to)

    async def deals(self, rounds: int) -> dict[str, float]:
        """Return the seconds of a deal, and the CPU of both sides."""
        await self.deal()
        before = self._cpu_seconds()
        seconds = await timed(rounds, self.deal)
        return {DEAL.name: seconds, DEAL_CPU.name: (self._cpu_seconds() - before) / (rounds + 1)}

    @property
    def _name(self) -> str:
        return f"{self._prefix}-{self._number}"

    def _cpu_seconds(self) -> float:
        return sum(report.cpu_seconds(self._made.pid(role)) for role in history.ROLES)


async def timed(rounds: int, do: Callable[[], Awaitable[Any]]) -> float:
    """Return the median seconds of so many rounds, after one that warms up."""
    took = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        await do()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[1:])


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
                MEMORY.name: _memory(run, "provider"),
                BACKUP.name: await timed(1, trader.backup),
            }
        yield size, figures | {f"tables of the {role}": _size(place / role) for role in history.ROLES}
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
                MEMORY.name: _memory(run, "provider"),
            }
            yield size, figures


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
                MEMORY_EXCHANGE.name: _memory(run, EXCHANGE),
            }
        yield size, figures | {TABLES_EXCHANGE.name: _size(place / EXCHANGE)}
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
                MEMORY.name: _memory(run, "provider"),
            }
            yield size, figures


def _drawn(file: Path) -> Path:
    """Write data that nobody has listed yet, and return the file."""
    file.write_bytes(os.urandom(EDITION_KIB * report.KIB))
    return file


def _memory(run: Space, role: str) -> float:
    """Return the MiB that a participant has."""
    return report.memory_bytes(run.pid(role)) / report.KIB**2


def _size(data: Path) -> float:
    """Return the MiB of a participant's tables, after it has ended."""
    return sum(path.stat().st_size for path in data.glob(f"{history.DATABASE}*")) / report.KIB**2


DEAL, DEAL_CPU = Work("a deal"), Work("a deal, CPU of both sides")
OPENING, PROCESSES = Work("an opening"), Work("a page of processes")
START, START_EXCHANGE = (Work(f"start of the {role}", most=START_SECONDS) for role in ("provider", EXCHANGE))
MEMORY, MEMORY_EXCHANGE = (Work(f"memory of the {role}", "MiB") for role in ("provider", EXCHANGE))
BACKUP = Work("back-up of the provider", growth=LINEAR)
TABLES = tuple(Work(f"tables of the {role}", "MiB", LINEAR) for role in history.ROLES)
TABLES_EXCHANGE = Work(f"tables of the {EXCHANGE}", "MiB", LINEAR)
QUESTION, PUBLISH = Work("a question"), Work("publishing one more")
DEALING = (DEAL, DEAL_CPU, OPENING, PROCESSES, START, MEMORY, BACKUP, *TABLES)
LISTING = (DEAL, DEAL_CPU, QUESTION, PUBLISH, START_EXCHANGE, MEMORY_EXCHANGE, TABLES_EXCHANGE)

AGREEMENTS: Final = Axis("agreements", (100, 1_000, 10_000), DEALING, partial(dealing, longer=grown.agreements))
AXES: Final = (
    AGREEMENTS,
    Axis("open channels", (10, 100, 1_000), (DEAL, DEAL_CPU, OPENING, START, MEMORY), channels),
    Axis("events in the log", (1_000, 10_000, 100_000), DEALING, partial(dealing, longer=grown.events)),
    Axis("products", (100, 1_000, 10_000), LISTING, products),
    Axis("editions", (1, 10, 100), (DEAL, DEAL_CPU, PUBLISH, MEMORY), editions),
)
