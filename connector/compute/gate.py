"""Which groups of an answer may leave the compute room: pure, over what was counted of each (facts E, order of a gate).

    1  few        fewer subjects than `least` are in the group, or have (or lack) what is counted of it
    2  dominant   one subject is more than `share` per cent of a sum
    3  near       the group differs from one that was told before by fewer subjects than `least`
    4  alone      what is left out of a line of the table could be had by subtracting: more of that line is left out

Law: (1) what is held back is held back whole, and nobody is told how many groups that were. (2) A line of the table
(groups that differ in one thing) lacks none, or two groups or more of `least` subjects together, so that a total of the
line says nothing of one that lacks. (3) Numbers are told to as many digits as were agreed.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from contracts.gate import Gate

WHOLE: Final = 100


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted of one column in a group: cells that are there, their sum, and who is behind it.

    `having` and `lacking` are subjects with and without a cell; `top` is the greatest part that one of them has of
    `whole`, the sum of what each of them has, signs left out.
    """

    cells: int = 0
    total: float | None = None
    top: float = 0.0
    whole: float = 0.0
    having: int = 0
    lacking: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """One group of rows: its `values`, subjects and rows, a mark of which rows they are, and what was counted."""

    values: tuple[Any, ...]
    subjects: int
    rows: int
    mark: str
    counted: tuple[Counted, ...]


def few(groups: Sequence[Group], gate: Gate) -> set[int]:
    """Return the numbers of the groups of too few."""
    return {at for at, one in enumerate(groups) if one.subjects < gate.least or not _enough(one, gate)}


def _enough(group: Group, gate: Gate) -> bool:
    return all(one.having >= gate.least and (not one.lacking or one.lacking >= gate.least) for one in group.counted)


def dominant(groups: Sequence[Group], gate: Gate) -> set[int]:
    """Return the numbers of the groups in which one subject is most of a sum."""
    return {
        at
        for at, group in enumerate(groups)
        if any(not one.top * WHOLE <= one.whole * gate.share for one in group.counted if one.total is not None)
    }


def held_back(groups: Sequence[Group], gate: Gate, near: Collection[int] = ()) -> set[int]:
    """Return the numbers of the groups that may not be told; `near` are those that are too near to an earlier one."""
    held = few(groups, gate) | dominant(groups, gate) | set(near)
    lines = list(_lines(groups))
    while more := {one for line in lines for one in _uncovered(groups, line, held, gate)}:
        held |= more
    return held


def _lines(groups: Sequence[Group]) -> Iterator[list[int]]:
    """Yield the groups that differ in one value alone, for each of the values; all of them where there is one."""
    for at in range(len(groups[0].values) if groups else 0):
        found: dict[tuple[Any, ...], list[int]] = defaultdict(list)
        for number, group in enumerate(groups):
            found[group.values[:at] + group.values[at + 1 :]].append(number)
        yield from found.values()


def _uncovered(groups: Sequence[Group], line: list[int], held: set[int], gate: Gate) -> Iterator[int]:
    """Yield what else of a line must be left out: the smallest that is left, while what lacks stands alone."""
    lacking = [number for number in line if number in held]
    if not lacking or (len(lacking) > 1 and sum(groups[number].subjects for number in lacking) >= gate.least):
        return
    left = [number for number in line if number not in held]
    if left:
        yield min(left, key=lambda number: (groups[number].subjects, number))


def told(value: float | None, gate: Gate) -> float | int | None:
    """Return a number to as many significant digits as were agreed; nothing for what is no number."""
    if value is None or not isfinite(value):
        return None
    if isinstance(value, int):
        beyond = len(str(abs(value))) - gate.digits
        return value if beyond <= 0 else round(value, -beyond)
    return float(f"{value:.{gate.digits}g}")
