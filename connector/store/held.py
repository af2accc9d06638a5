"""Rows that an act holds: read once, changed in memory, written once when the act ends.

Law: whoever asks the database about a table sees what was held of it, because it is written before such a question. A
held row is known by its key; only tables declared `held` have any, those whose rows an act changes in several steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.store.statements import Row

Key = tuple[str, Any]


class Held:
    """The rows held by one act; `insert` and `update` are what writes them."""

    __slots__ = ("_changes", "_insert", "_new", "_rows", "_update")

    def __init__(self, insert: Callable[[str, Row], object], update: Callable[[str, Any, Row], object]) -> None:
        self._rows: dict[Key, Row] = {}
        self._changes: dict[Key, Row] = {}
        self._new: set[Key] = set()
        self._insert = insert
        self._update = update

    def get(self, table: str, key: Any) -> Row | None:
        """Return a copy of a held row."""
        row = self._rows.get((table, key))
        return None if row is None else dict(row)

    def keep(self, table: str, key: Any, row: Row) -> None:
        """Hold a row as it is in the database."""
        self._rows[table, key] = dict(row)

    def add(self, table: str, key: Any, row: Row) -> None:
        """Hold a row that is not in the database yet; `row` has every column."""
        self._rows[table, key] = row
        self._changes[table, key] = {}
        self._new.add((table, key))

    def change(self, table: str, key: Any, changes: Row) -> bool:
        """Change a held row; False when it is not held."""
        row = self._rows.get((table, key))
        if row is None:
            return False
        row.update(changes)
        self._changes.setdefault((table, key), {}).update(changes)
        return True

    def write(self, table: str | None = None) -> None:
        """Write what was changed, of one table or of all; the rows stay held."""
        for key in [key for key in self._changes if table in {None, key[0]}]:
            changes = self._changes.pop(key)
            if key in self._new:
                self._new.discard(key)
                self._insert(key[0], self._rows[key])
            else:
                self._update(*key, changes)

    def forget(self, table: str | None = None) -> None:
        """Hold no row any longer, of one table or of all; they have been written."""
        for key in [key for key in self._rows if table in {None, key[0]}]:
            assert key not in self._changes, "a changed row is written before it is forgotten"
            del self._rows[key]
