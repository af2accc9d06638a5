"""A cross-table of numbers with noise, counted where the data are, for one of several providers that are told together.

with CrossTable(cells, gate, columns) as crossing:    as `connector.compute.computation`, and as it is used
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.compute.computation import OWN_HINTS, require_noise
from connector.compute.crossed import NUMBERS_MAX
from connector.compute.one_table import OneTable
from connector.compute.reader_process import NOISED
from connector.compute.sitting import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.compute.crossed import Over
    from connector.compute.one_table import Foreseen
    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile


@dataclass(frozen=True, slots=True)
class Cells:
    """A statement that several providers are asked together, with the cells that it is of."""

    statement: str
    over: Over

    def words(self) -> str:
        """Return what is asked in words, by which it is decided, and named in logs."""
        return self.over.words(self.statement)


@dataclass(frozen=True, slots=True)
class Crossed:
    """Numbers of every cell, in order, and what they are: `about` is the same at all who are asked the same."""

    numbers: list[int]
    about: Mapping[str, Any]
    confined: tuple[str, ...]
    seconds: float
    memory: None = None


class CrossTable(OneTable):
    """A process that counts the cells that a buyer names."""

    hints = OWN_HINTS

    def __init__(
        self,
        cells: Cells,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        waiting: Waiting | None = None,
    ) -> None:
        super().__init__(cells.statement, gate, columns, SECONDS, NOISED, waiting)
        require_noise(gate)
        self._cells = cells.over.json()

    def foresee(self) -> Foreseen:
        """Have it looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        return self._looked({"statement": self.statement, "over": self._cells})

    def compute(
        self, table: str, file: IndexedFile, placed: Iterable[tuple[int, bytes | memoryview]], _kept: bytes
    ) -> Crossed:
        """Return the numbers of a table's cells; raises as `foresee`. What was told before says nothing about them."""
        _, written = self._given(table, file, placed, b"")
        try:
            found = json.loads(written)
            numbers = list(map(int, found.pop("vector")))
        except (ValueError, KeyError, TypeError) as fault:
            raise self._over() from fault
        assert len(numbers) <= NUMBERS_MAX, "it was looked at"
        about = {name: found[name] for name in ("columns", "outputs", "numbers", "measures")}
        return Crossed(numbers, about, self._confined, self.seconds)
