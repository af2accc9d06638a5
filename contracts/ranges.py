"""Sets of row numbers as ranges.

Law: a `RowSet` has one form only: ranges ascending, each of at least one row, no two touching. Equal sets are equal
values with equal JSON, so a digest over one says which rows were paid.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_ROW = (1 << 53) - 1
_FLAGGED = re.compile(b"\x01+")


@dataclass(frozen=True, slots=True)
class RowSet:
    """Row numbers in canonical form; `ranges` holds (first, count) pairs."""

    ranges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        end = -1
        for first, count in self.ranges:
            if count < 1 or first <= end or first + count > MAX_ROW:
                raise ContractError(
                    "ranges", f"the range `[{first}, {count}]` is empty, out of order or touches another"
                )
            end = first + count

    @classmethod
    def of(cls, ranges: Iterable[tuple[int, int]]) -> RowSet:
        """Build from (first, count) pairs in any order, overlapping or not; empty ones vanish."""
        spans = sorted([(first, first + count) for first, count in ranges if count > 0])
        return cls(_merge(spans))

    @classmethod
    def rows(cls, rows: Iterable[int]) -> RowSet:
        """Build from single row numbers."""
        return cls.of((row, 1) for row in rows)

    @classmethod
    def flagged(cls, flags: bytes | bytearray) -> RowSet:
        """Build from a byte for each row, 1 for those that belong to it and 0 for the others."""
        return cls(tuple((run.start(), len(run[0])) for run in _FLAGGED.finditer(flags)))

    @classmethod
    def from_json(cls, value: Any, *, max_ranges: int = 1 << 20) -> RowSet:
        """Read `[[first, count], …]`; anything but the canonical form is refused."""
        if not isinstance(value, list) or len(value) > max_ranges or not all(_is_pair(item) for item in value):
            raise ContractError("ranges", f"ranges are at most {max_ranges} pairs `[first, count]` of row numbers")
        return cls(tuple([(first, count) for first, count in value]))

    def json(self) -> list[list[int]]:
        """Return `[[first, count], …]`, ascending."""
        return [[first, count] for first, count in self.ranges]

    def __len__(self) -> int:
        return sum(count for _, count in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for first, count in self.ranges:
            yield from range(first, first + count)

    def __contains__(self, row: int) -> bool:
        return any(first <= row < first + count for first, count in self.ranges)

    def __or__(self, other: RowSet) -> RowSet:
        if not self.ranges or not other.ranges:
            return self if self.ranges else other
        if other.ranges[0][0] > self.end:
            return RowSet(self.ranges + other.ranges)
        return RowSet.of((*self.ranges, *other.ranges))

    def __sub__(self, other: RowSet) -> RowSet:
        return self if self._lies_apart(other) else RowSet(tuple(_subtract(self.ranges, other.ranges)))

    def __and__(self, other: RowSet) -> RowSet:
        return RowSet() if self._lies_apart(other) else self - (self - other)

    def __le__(self, other: RowSet) -> bool:
        return not self - other

    def _lies_apart(self, other: RowSet) -> bool:
        """Say whether one ends before the other begins, or there is none: rows are bought one after the other."""
        mine, theirs = self.ranges, other.ranges
        return not mine or not theirs or theirs[0][0] >= self.end or mine[0][0] >= other.end

    @property
    def end(self) -> int:
        """Return the row number after the last one, 0 for the empty set."""
        return sum(self.ranges[-1]) if self.ranges else 0

    def take(self, count: int) -> RowSet:
        """Return the first `count` rows."""
        taken: list[tuple[int, int]] = []
        for first, size in self.ranges:
            if count <= 0:
                break
            taken.append((first, min(size, count)))
            count -= size
        return RowSet(tuple(taken))


def _is_pair(item: Any) -> bool:
    if not isinstance(item, list) or len(item) != 2:
        return False
    first, count = item
    return type(first) is int and type(count) is int and first >= 0 and count >= 0


def _merge(spans: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in spans:
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple([(start, end - start) for start, end in merged])


def _subtract(ranges: Iterable[tuple[int, int]], holes: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Walk both lists once; every hole can only shorten what lies at or after it."""
    index = 0
    for first, count in ranges:
        start, end = first, first + count
        while index < len(holes) and sum(holes[index]) <= start:
            index += 1
        probe = index
        while probe < len(holes) and holes[probe][0] < end:
            if holes[probe][0] > start:
                yield start, holes[probe][0] - start
            start = sum(holes[probe])
            probe += 1
        if start < end:
            yield start, end - start
