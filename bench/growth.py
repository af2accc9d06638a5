"""How a deal, an opening, a start, a back-up and the tables grow with the agreements that two participants hold.

`python -m bench.growth [--sizes 100 1000 10000] [--windows 10] [--rounds 5]`

A space trades once; then, for each size anew, the folders of all are copied as they were, and the rows of that deal in
the tables of provider and buyer as often as it says (`bench.history`): agreements in force, their negotiations,
transfers, acquisitions, settled channels and windows. All are started, and the work is done for real: a purchase from
its beginning until its keys are paid and everything is verified, an opening to the disk, a page of processes, a
back-up. An exponent is the slope of a straight line through the logarithms (work ~ size^exponent), fitted by least
squares, and its error that of the slope; of work that does not depend on the size it is 0. The log is not made longer.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import math
import shutil
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, Any

from bench import history, report
from bench.space import EXCHANGE, Space, machine, workshop
from connector.client.server import Server
from connector.demo.processes import SERVE, Participant
from connector.net.outbound import Outbound

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

SIZES, WINDOWS, ROUNDS = (100, 1_000, 10_000), 10, 5
PEOPLE = (EXCHANGE, "regulator", *history.ROLES)
PURPOSE = "AirTrafficResearch"
COMPLETE = frozenset({"complete"})
# work → how fast it may grow
GROWTH = {
    "a deal": 0.1,
    "a deal, CPU of both sides": 0.1,
    "an opening": 0.1,
    "a page of processes": 0.1,
    "start of the provider": 0.1,
    "memory of the provider": 0.1,
    "back-up of the provider": 1.0,
    "tables of the provider": 1.0,
    "tables of the buyer": 1.0,
}
START_SECONDS, ORDER_KIB = 3.0, 40.0


@contextlib.asynccontextmanager
async def grown(made: Path, folder: Path, size: int, windows: int) -> AsyncIterator[tuple[Space, float]]:
    """Run the space of `made` in `folder`, with so many agreements; yield it, and how soon the provider was ready."""
    for role in PEOPLE:
        shutil.copytree(made / role, folder / role)
        shutil.copy(made / f"{role}.kek", folder) if (made / f"{role}.kek").exists() else None
    for role in history.ROLES:
        history.lengthen(folder / role / history.DATABASE, size, windows)
    people = {role: Participant(folder / role, SERVE) for role in PEOPLE}
    async with Outbound(development=True) as outbound:
        doors = {role: Server(person.data, outbound) for role, person in people.items()}
        try:
            for person in people.values():
                await person.start()
            await people["provider"].stop()  # indexes that are new were made by that start
            begun = time.perf_counter()
            await people["provider"].start()
            yield Space(people, doors), time.perf_counter() - begun
        finally:
            for person in people.values():
                await person.stop()


class Work:
    """What is done in one space, each time with another name."""

    def __init__(self, made: Space) -> None:
        self._made, self._number = made, 0

    async def deal(self) -> None:
        """Buy the product: find, negotiate, sign, pay, fetch and verify."""
        self._number += 1
        mandate = {"limit": "1", "purpose": PURPOSE}
        body = {"id": self._name, "product": history.PRODUCT, "mandate": mandate}
        await self._made.call("buyer", "POST", "acquisitions", body)
        await self._made.reach(self._name, COMPLETE)

    async def opening(self) -> None:
        """Open what was bought last."""
        to = str(self._made.people["buyer"].data.parent / "opened" / f"{self._name}-{time.monotonic_ns()}")
        body = {"id": f"open-{time.monotonic_ns()}", "acquisition": self._name, "purpose": PURPOSE, "to": to}
        await self._made.call("buyer", "POST", "openings", body)

    async def page(self) -> None:
        """Read the newest negotiations and transfers."""
        await self._made.call("provider", "GET", "processes")

    async def backup(self) -> None:
        """Back the provider up while it serves."""
        data = self._made.people["provider"].data
        to = data.parent / f"backup-{time.monotonic_ns()}"
        words = [*SERVE[:-1], "admin", "backup", str(to), "--data", str(data)]
        await asyncio.to_thread(subprocess.run, words, check=True, capture_output=True)
        shutil.rmtree(to)

    @property
    def _name(self) -> str:
        return f"grown-{self._number}"

    def cpu_seconds(self) -> float:
        """Return the CPU that both sides have taken."""
        return sum(report.cpu_seconds(self._made.pid(role)) for role in history.ROLES)


async def timed(rounds: int, do: Callable[[], Awaitable[Any]]) -> float:
    """Return the median seconds of so many rounds, after one that warms up."""
    took = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        await do()
        took.append(time.perf_counter() - begun)
    return statistics.median(took[1:])


async def point(made: Path, folder: Path, size: int, windows: int, rounds: int) -> dict[str, float]:
    """Return work → figure at one size: seconds, or MiB."""
    async with grown(made, folder, size, windows) as (run, ready):
        work = Work(run)
        await work.deal()
        before = work.cpu_seconds()
        deal = await timed(rounds, work.deal)
        spent = (work.cpu_seconds() - before) / (rounds + 1)
        figures = {
            "a deal": deal,
            "a deal, CPU of both sides": spent,
            "an opening": await timed(rounds, work.opening),
            "a page of processes": await timed(rounds, work.page),
            "start of the provider": ready,
            "memory of the provider": report.memory_bytes(run.pid("provider")) / report.KIB**2,
            "back-up of the provider": await timed(1, work.backup),
        }
    tables = {f"tables of the {role}": _size(folder / role) for role in history.ROLES}
    return figures | tables


def _size(data: Path) -> float:
    """Return the MiB of a participant's tables, after it has ended."""
    return sum(path.stat().st_size for path in data.glob(f"{history.DATABASE}*")) / report.KIB**2


def exponent(points: Mapping[int, float]) -> tuple[float, float]:
    """Return the slope of a straight line through the logarithms of size → figure, and the error of that slope."""
    xs, ys = ([math.log(value) for value in values] for values in (points.keys(), points.values()))
    middle, spread = statistics.fmean(xs), sum((x - statistics.fmean(xs)) ** 2 for x in xs)
    slope = sum((x - middle) * y for x, y in zip(xs, ys, strict=True)) / spread
    start = statistics.fmean(ys) - slope * middle
    left = sum((y - start - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    return slope, math.sqrt(left / max(1, len(xs) - 2) / spread)


def rows(curves: Mapping[int, Mapping[str, float]]) -> list[report.Row]:
    """Return every point, then for each work how it grows, and what one order more costs."""
    found = []
    for work, most in GROWTH.items():
        unit = "MiB" if work.startswith(("tables", "memory")) else "s"
        found += [
            report.row(f"{work}, {size:,} agreements", told[work], unit, **_bound(work, size, max(curves)))
            for size, told in curves.items()
        ]
        slope, error = exponent({size: told[work] for size, told in curves.items()})
        found.append(report.row(f"{work}: exponent", slope, "", at_most=most))
        found.append(report.row(f"{work}: error of the exponent", error, ""))
    small, large = min(curves), max(curves)
    for role in history.ROLES:
        more = curves[large][f"tables of the {role}"] - curves[small][f"tables of the {role}"]
        one = more * report.KIB / (large - small)
        found.append(report.row(f"tables of the {role}: an order more", one, "KiB", at_most=ORDER_KIB))
    return found


def _bound(work: str, size: int, largest: int) -> dict[str, float]:
    return {"at_most": START_SECONDS} if work.startswith("start") and size == largest else {}


async def measure(folder: Path, sizes: Sequence[int], windows: int, rounds: int) -> list[report.Row]:
    """Return the rows of all sizes."""
    made = folder / "made"
    made.mkdir()
    await history.trade(made)
    curves = {}
    for size in sizes:
        curves[size] = await point(made, folder / str(size), size, windows, rounds)
        shutil.rmtree(folder / str(size))
    return rows(curves)


def main() -> None:
    """Measure, print, write bench/results/growth.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--windows", type=int, default=WINDOWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    print(machine())
    with workshop() as folder:
        found = asyncio.run(measure(folder, asked.sizes, asked.windows, asked.rounds))
    print(report.table(found))
    print("written to", report.write("growth", found))


if __name__ == "__main__":
    main()
