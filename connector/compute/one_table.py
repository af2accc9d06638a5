"""A sitting over one table that stays where it is: looked at first, then handed the table and one thing beside it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute import frames
from connector.compute.sitting import START_SECONDS, THREADS, Sitting, in_memory, kind_of
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from connector.compute.waiting import Waiting
    from contracts.gate import Gate
    from ledger.edition.index import IndexedFile

ANSWERED_BYTES_MAX: Final = 64 << 20  # what the process writes


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What is asked for: one table, what is computed of it (`COUNT`, …), the columns that are named."""

    table: str
    functions: tuple[str, ...]
    named: tuple[str, ...]


class OneTable(Sitting):
    """A process behind a gate; `columns` are what the catalogue says: table → column → type."""

    answered_bytes_max = ANSWERED_BYTES_MAX

    def __init__(
        self,
        statement: str,
        gate: Gate,
        columns: Mapping[str, Mapping[str, str]],
        seconds: int,
        mode: str,
        waiting: Waiting | None = None,
    ) -> None:
        super().__init__(statement, seconds, mode, waiting)
        self._gate, self._columns = gate.json(), {name: dict(of) for name, of in columns.items()}
        self._measured = ""  # what the process measured of itself, where it was asked
        self._lent: tuple[int, ...] = ()  # what it is handed besides, and is not ours to close

    def _looked(self, about: Mapping[str, Any]) -> Foreseen:
        """Have it looked at (blocking); raises InvalidInput, NotPermitted once it was cut."""
        told = {"gate": self._gate, "columns": self._columns, "seconds": self._seconds}
        found = self._said({**told, "threads": THREADS, **about}, (), START_SECONDS)
        self._confined = tuple(map(str, found["confined"]))
        self._measured = str(found.get("measurement", ""))
        [table] = found["tables"]
        return Foreseen(str(table), tuple(map(str, found["functions"])), tuple(map(str, found["named"])))

    def _given(
        self,
        table: str,
        file: IndexedFile,
        placed: Iterable[tuple[int, bytes | memoryview]],
        beside: bytes,
        about: Mapping[str, Any] | None = None,
    ) -> tuple[dict[str, Any], bytes]:
        """Hand it the table, with what is said `about` it, and what it needs beside it; returns head and answer."""
        handed: list[int] = []
        try:
            handed.append(in_memory(file.size, placed))
            handed.append(in_memory(len(beside), [(0, beside)]))
            # a table has two names, `firms` and `firms.csv`; what is remembered of it is remembered by its file's
            said = {"names": [table], "file": file.name, "kind": kind_of(file.name), "columns": [], **(about or {})}
            told = {"files": [said]}
            head = self._said(told, (*handed, *self._lent), self._seconds)
        finally:
            for one in handed:
                os.close(one)
        size = int(head["bytes"])
        if not 0 <= size <= self.answered_bytes_max:
            raise InvalidInput("the answer is larger than it may be", "ask for less")
        try:
            return head, bytes(frames.take(self._line, size))
        except (EOFError, OSError, ValueError) as fault:
            raise self._over() from fault
