"""How many records of a table each piece of an edition holds, for a price per row.

Law: the records of a run of pieces lie in them in order, `per_piece` in each until they are used up; so a piece has its
number of records whatever else was paid, and the pieces together have all of them, none twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from contracts.ranges import RowSet

MAX_RUNS = 256  # tables of one edition that are priced per row; the terms carry them all
MAX_NUMBER = (1 << 53) - 1


@dataclass(frozen=True, slots=True)
class Run:
    """`records` in `count` pieces from `first`, `per_piece` in each until they are used up."""

    first: int
    count: int
    per_piece: int
    records: int

    @classmethod
    def spread(cls, first: int, count: int, records: int, per_piece: int | None = None) -> Self:
        """Return the run of a table whose layout knows `per_piece`, or, where it does not fit, spread evenly."""
        if per_piece is not None and (count - 1) * per_piece < records <= count * per_piece:
            return cls(first, count, per_piece, records)
        even = -(-records // count)
        return cls(first, count, max(even, 1), records)

    def of(self, rows: RowSet) -> int:
        """Return how many records lie in those of `rows` that are pieces of this run."""
        return sum(self._before(first + size) - self._before(first) for first, size in rows.ranges)

    def json(self) -> list[str]:
        """Return `[first, count, perPiece, records]`."""
        return [str(number) for number in (self.first, self.count, self.per_piece, self.records)]

    def _before(self, piece: int) -> int:
        """Return how many records lie before a piece: none before the run's first, all behind its last."""
        return min(max(piece - self.first, 0) * self.per_piece, self.records)


def within(runs: Iterable[Run], rows: RowSet) -> int:
    """Return how many records the pieces `rows` hold."""
    return sum(run.of(rows) for run in runs)


def check(runs: Sequence[Run]) -> None:
    """Refuse runs out of order or over one another, and records that no piece holds."""
    if not 0 < len(runs) <= MAX_RUNS:
        raise ContractError("records", f"a price per row counts the records of 1 to {MAX_RUNS} runs of pieces")
    if any(low.first + low.count > high.first for low, high in pairwise(runs)):
        raise ContractError("records", "the runs of pieces overlap or are out of order")
    if any(run.count < 1 or run.records > run.count * run.per_piece for run in runs):
        raise ContractError("records", "a run has more records than its pieces hold")


def read(value: Any) -> tuple[Run, ...]:
    """Read `[[first, count, perPiece, records], …]`; numbers are decimal strings."""
    if not isinstance(value, list) or not all(isinstance(run, list) and len(run) == 4 for run in value):
        raise ContractError("records", "`records` is a list of `[first, count, perPiece, records]`")
    return tuple(Run(*(read_decimal(number, "records", limit=MAX_NUMBER) for number in run)) for run in value)
