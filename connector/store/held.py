"""Rows that an act holds: read once, changed in memory, written once when the act ends.

A new row, and a change of a unique value, is written at once: whether it is taken is for the database to say.

Law: whoever asks the database about a table sees what was held of it, because it is written before such a question. A
held row is known by its key; only tables declared `held` have any, those whose rows an act changes in several steps.
Rows that were held when a good act ended stay known to the acts after it (`Known`), so that the steps of one process
need no reading; whatever may change rows behind their back makes them forgotten. Nobody changes a document in a row.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.store.statements import Row

Key = tuple[str, Any]

# a row of a negotiation with its documents has some 20 kB; more than are under way at once
KNOWN_ROWS_MAX = 512


class Known:
    """Rows as the last committed act left them, the newest `KNOWN_ROWS_MAX`."""

    def __init__(self) -> None:
        self.rows: OrderedDict[Key, Row] = OrderedDict()

    def learn(self, held: Held) -> None:
        """Take over what a good act held, and forget what it may have changed otherwise."""
        if held.blind:
            for key in [key for key in self.rows if key[0] in held.blind or None in held.blind]:
                del self.rows[key]
        for key, row in held.rows.items():
            self.rows[key] = row
            self.rows.move_to_end(key)
        while len(self.rows) > KNOWN_ROWS_MAX:
            self.rows.popitem(last=False)


class Held:
    """The rows held by one act; `update` is what writes them.

    `blind` names tables (None: all) of which nothing may be believed that was known before.
    """

    __slots__ = ("_changes", "_known", "_update", "blind", "rows")

    def __init__(
        self,
        known: Mapping[Key, Row],
        update: Callable[[str, Any, Row], object],
    ) -> None:
        self.rows: dict[Key, Row] = {}
        self.blind: set[str | None] = set()
        self._known = known
        self._changes: dict[Key, Row] = {}
        self._update = update

    def get(self, table: str, key: Any) -> Row | None:
        """Return a copy of a held row, or of one that an act before left."""
        row = self.rows.get((table, key))
        if row is None and (known := self._known.get((table, key))) and not self.blind & {table, None}:
            row = self.rows[table, key] = dict(known)
        return None if row is None else dict(row)

    def keep(self, table: str, key: Any, row: Row) -> None:
        """Hold a row as it is in the database."""
        self.rows[table, key] = dict(row)

    def change(self, table: str, key: Any, changes: Row) -> None:
        """Change a held row."""
        self.rows[table, key].update(changes)
        self._changes.setdefault((table, key), {}).update(changes)

    def write(self, table: str | None = None) -> None:
        """Write what was changed, of one table or of all; the rows stay held."""
        for key in [key for key in self._changes if table in {None, key[0]}]:
            self._update(*key, self._changes.pop(key))

    def drop(self) -> None:
        """Hold nothing any longer: what was changed since it was written is taken back."""
        self._changes.clear()
        self.forget()

    def forget(self, table: str | None = None) -> None:
        """Hold no row any longer, of one table or of all; they have been written."""
        self.blind.add(table)
        for key in [key for key in self.rows if table in {None, key[0]}]:
            assert key not in self._changes, "a changed row is written before it is forgotten"
            del self.rows[key]
