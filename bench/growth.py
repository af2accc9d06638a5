"""How the work of a participant grows with what it holds: agreements, open channels, events, products, editions.

`python -m bench.growth [--axes agreements channels …] [--rounds 5] [--short]`

For each axis and each size a space is run that holds so much (`bench.grown`), and the work is done in it for real: a
purchase from its beginning until its keys are paid and everything is verified, an opening to the disk, a question to
the catalogue, a page of processes, a back-up. An exponent is the slope of a straight line through the logarithms (work
~ size^exponent), fitted by least squares, and its error that of the slope; of work that does not depend on the size it
is 0. An axis that was run at its own sizes takes the place of what the record had of it. `--short` takes small sizes of
one axis and the short form of `bench.order`, says whether everything still runs, and records nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import shutil
import statistics
import time
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bench import history, order, report
from bench.axes import AGREEMENTS, AXES, Axis
from bench.space import machine, workshop

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bench.works import Work

ROUNDS = 5
SHORT = {"sizes": (10, 100), "rounds": 1, "one": MappingProxyType({"orders": 2, "rest": 2.0})}


def exponent(points: Mapping[int, float]) -> tuple[float, float]:
    """Return the slope of a straight line through the logarithms of size → figure, and the error of that slope."""
    xs, ys = ([math.log(value) for value in values] for values in (points.keys(), points.values()))
    middle, spread = statistics.fmean(xs), sum((x - statistics.fmean(xs)) ** 2 for x in xs)
    slope = sum((x - middle) * y for x, y in zip(xs, ys, strict=True)) / spread
    start = statistics.fmean(ys) - slope * middle
    left = sum((y - start - slope * x) ** 2 for x, y in zip(xs, ys, strict=True))
    return slope, math.sqrt(left / max(1, len(xs) - 2) / spread)


def rows(axis: Axis, curves: Mapping[int, Mapping[str, float]]) -> list[report.Row]:
    """Return every point of an axis, then for each work how it grows, and what one thing more adds."""
    found = []
    for work in axis.works:
        points = {size: told[work.name] for size, told in curves.items()}
        for size, value in points.items():
            bound = {"at_most": work.most} if work.most is not None and size == max(points) else {}
            found.append(report.row(f"{work.name}, {size:,} {axis.of}", value, work.unit, **bound))
        if len(points) > 1:
            slope, error = exponent(points)
            found.append(report.row(f"{work.name} by {axis.of}: exponent", slope, "", at_most=work.growth))
            found.append(report.row(f"{work.name} by {axis.of}: error of the exponent", error, ""))
    return found + [_one_more(axis, work, curves) for work in axis.adds]


def _one_more(axis: Axis, work: Work, curves: Mapping[int, Mapping[str, float]]) -> report.Row:
    """Return by how much a work grows with one thing of an axis."""
    small, large = min(curves), max(curves)
    more = (curves[large][work.name] - curves[small][work.name]) * report.KIB / (large - small)
    bound = {} if work.each is None else {"at_most": work.each}
    return report.row(f"{work.name} by {axis.of}: {axis.one} more", more, "KiB", **bound)


async def measure(
    folder: Path,
    axes: Sequence[Axis],
    rounds: int,
    sizes: Sequence[int] | None = None,
    one: Mapping[str, Any] | None = None,
) -> list[report.Row]:
    """Return the rows of all axes, each at its own sizes or at those that are given; if `one` is said, of an order."""
    made = folder / "made"
    made.mkdir()
    await history.trade(made)
    found: list[report.Row] = []
    for axis in axes:
        begun, curves = time.perf_counter(), {}
        async for size, figures in axis.run(made, folder / axis.of, sizes or axis.sizes, rounds):
            curves[size] = figures
            print(f"{size:>12,} {axis.of}: {time.perf_counter() - begun:.0f} s", flush=True)
        shutil.rmtree(folder / axis.of, ignore_errors=True)
        found += rows(axis, curves)
    return found if one is None else found + await order.measure(made, folder / "order", **one)


def merged(before: Sequence[report.Row], found: Sequence[report.Row], axes: Sequence[Axis]) -> list[report.Row]:
    """Return the rows of a record in which these axes were measured anew, in the order of all axes.

    Those of other axes stay as they were.
    """
    names, again = [axis.of for axis in axes], {row.work for row in found}
    stay = [row for row in before if row.work not in again and not any(_is_about(row, name) for name in names)]
    known = [axis.of for axis in AXES]

    def place(row: report.Row) -> int:
        return next((at for at, name in enumerate(known) if _is_about(row, name)), len(known))

    return sorted([*stay, *found], key=place)


def _is_about(row: report.Row, axis: str) -> bool:
    return row.work.endswith(f" {axis}") or f" by {axis}: " in row.work


def main() -> None:
    """Measure, print, write bench/results/growth.json."""
    known = {axis.of: axis for axis in AXES}
    parser = argparse.ArgumentParser(prog="python -m bench.growth")
    parser.add_argument("--axes", nargs="+", choices=known, default=list(known))
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--short", action="store_true")
    asked = parser.parse_args()
    print(machine(), flush=True)
    told: dict[str, Any] = SHORT if asked.short else {"sizes": asked.sizes, "rounds": asked.rounds}
    axes = [AGREEMENTS] if asked.short else [known[name] for name in asked.axes]
    with workshop() as folder:
        found = asyncio.run(measure(folder, axes, **told))
    print(report.table(found))
    if asked.short:
        print(f"{len(found)} passed, 0 failed")
    elif not asked.sizes:
        print("written to", report.write("growth", merged(report.read("growth"), found, axes)))
    else:
        print("not written: a record has every axis at its own sizes")


if __name__ == "__main__":
    main()
