"""A sketch that is made by the reader process where the rows are, with the noise of its terms.

with Sketched(sketch, gate, columns) as made:    as `connector.compute.computation`, and as it is used
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute.computation import OWN_HINTS, Computation
from connector.compute.reader_process import SKETCHED
from connector.compute.sitting import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.compute.one_table import Foreseen
    from connector.compute.sketch import Sketch
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

HINTS: Final[Mapping[str, str]] = {**OWN_HINTS, "statement": "a SELECT of numbers of each row, from one table"}


@dataclass(frozen=True, slots=True)
class Made:
    """A sketch as it is told: its totals with noise, in `members` as they are sent."""

    members: dict[str, Any]
    told: int
    confined: tuple[str, ...]
    seconds: float
    memory: None = None
    attested: None = None  # statements alone are


class Sketched(Computation):
    """A process that makes a sketch."""

    hints = HINTS

    def __init__(
        self, sketch: Sketch, gate: Gate, columns: Mapping[str, Mapping[str, str]], waiting: Waiting | None = None
    ) -> None:
        super().__init__(sketch.rows, gate, columns, SECONDS, waiting, SKETCHED)
        self._about = sketch.json()

    def foresee(self) -> Foreseen:
        """Have the rows looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        return self._looked({"statement": self.statement, "sketch": self._about})

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], kept: bytes
    ) -> Any:
        """Return the sketch of a table; of what was told before (`kept`) nothing is needed."""
        _, written = self._given(table, file, placed, kept)
        try:
            found = json.loads(written)
            return Made(found, int(found["buckets"]), self._confined, self.seconds)
        except (ValueError, KeyError, TypeError) as fault:
            raise self._over() from fault
