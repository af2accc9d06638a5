"""Rows that go to the end of a table: those of many acts of a batch are written together.

Law: whoever asks the database about a table, or anything by hand, sees what was appended to it, because it is written
before such a question. What an act appended goes with it when it fails; what the acts before it appended stays, for its
own statement is taken back with the act's savepoint, and it waits again. So the key of an appended row must be one that
nobody else can take: a key that is taken fails the whole batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Row: TypeAlias = Sequence[Any]  # the values of all columns as SQL takes them
    Rows: TypeAlias = dict[str, list[Row]]  # table -> rows, oldest first
    Saved: TypeAlias = tuple[Rows, frozenset[str]]

# one act may append a whole catalogue: so many of its rows rest in memory, then they are written
ROWS_WAITING_MAX = 1024


class Appended:
    """What one act appends, behind what waits from the acts before it; `write` runs one statement for many rows."""

    __slots__ = ("_own", "_waiting", "_write", "_written")

    def __init__(self, waiting: Rows, write: Callable[[str, list[Row]], object]) -> None:
        self._own: Rows = {}
        self._waiting = waiting
        self._write = write
        self._written: frozenset[str] = frozenset()  # tables whose earlier rows this act had to write

    def add(self, table: str, row: Row) -> None:
        """Append a row."""
        own = self._own.setdefault(table, [])
        own.append(row)
        if len(own) >= ROWS_WAITING_MAX:
            self.write(table)

    def write(self, table: str | None = None) -> None:
        """Write what waits for a table, or for all."""
        for name in [table] if table is not None else [*self._waiting.keys() | self._own.keys()]:
            if name not in self._own and name not in self._waiting:
                continue
            before = () if name in self._written else self._waiting.get(name, ())
            rows = [*before, *self._own.pop(name, ())]
            if rows:
                self._written |= {name}
                self._write(name, rows)

    def saved(self) -> Saved:
        """Return what waits now, to come back to."""
        return {name: list(rows) for name, rows in self._own.items()}, self._written

    def restore(self, saved: Saved) -> None:
        """Come back to what waited, with the database as it was then."""
        self._own, self._written = saved

    def settle(self) -> None:
        """Leave to the batch what this act, which was well, has not written."""
        for name in self._written:
            self._waiting.pop(name, None)
        for name, rows in self._own.items():
            self._waiting.setdefault(name, []).extend(rows)
