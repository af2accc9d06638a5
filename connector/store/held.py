"""Rows that an act holds: read once, changed in memory, written once when the act ends.

A new row, and a change of a unique value, is written at once: whether it is taken is for the database to say.

Law: whoever asks the database about a table sees what was held of it, because it is written before such a question. A
held row is known by its key; only tables declared `held` have any, those whose rows an act changes in several steps.
Rows that were held when a good act ended stay known to the acts after it (`Known`), so that the steps of one process
need no reading; whatever may change rows behind their back makes them forgotten. Nobody changes a document in a row.
A value that is made of a row (`Tx.value`) is made once for each of its states and goes with it.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.store.table import Columns

T = TypeVar("T")
Key: TypeAlias = tuple[str, tuple[Any, ...]]  # table, values of the columns of its key
Saved: TypeAlias = "tuple[dict[Key, State], dict[Key, Columns], set[str | None]]"


class State:
    """One state of a row, never changed, and what was made of it."""

    __slots__ = ("_made", "row")

    def __init__(self, row: Columns) -> None:
        self.row = row
        self._made: dict[Callable[[Any], Any], Any] = {}

    def value(self, make: Callable[[Any], T], of: Callable[[Columns], Any] | None = None) -> T:
        """Return what `make` makes of the row, or of what `of` makes of the row, made once."""
        if make not in self._made:
            self._made[make] = make(self.row if of is None else self.value(of))
        made: T = self._made[make]
        return made

    def note(self, make: Callable[[Any], T], value: T) -> None:
        """Take `value` for what `make` would make of the row."""
        self._made[make] = value


class Known:
    """Rows as the last committed act left them: of each table the newest, as many as `limits` says."""

    def __init__(self, limits: Mapping[str, int]) -> None:
        self._limits = limits
        self._rows: dict[str, OrderedDict[Key, State]] = {}

    def get(self, key: Key) -> State | None:
        """Return a row that is known."""
        rows = self._rows.get(key[0])
        return None if rows is None else rows.get(key)

    def learn(self, held: Held) -> None:
        """Take over what a good act held, and forget what it may have changed otherwise."""
        for table in held.blind:
            if table is None:
                self.clear()
            else:
                self._rows.pop(table, None)
        for key, state in held.rows.items():
            rows = self._rows.setdefault(key[0], OrderedDict())
            rows[key] = state
            rows.move_to_end(key)
            if len(rows) > self._limits[key[0]]:
                rows.popitem(last=False)

    def clear(self) -> None:
        """Know nothing any longer."""
        self._rows.clear()


class Held:
    """The rows held by one act; `update` is what writes them.

    `blind` names tables (None: all) of which nothing may be believed that was known before.
    """

    __slots__ = ("_changes", "_known", "_update", "blind", "rows")

    def __init__(
        self,
        known: Known,
        update: Callable[[str, Any, Columns], object],
    ) -> None:
        self.rows: dict[Key, State] = {}
        self.blind: set[str | None] = set()
        self._known = known
        self._changes: dict[Key, Columns] = {}
        self._update = update

    def get(self, key: Key) -> State | None:
        """Return a held row, or one that an act before left."""
        state = self.rows.get(key)
        if state is None and (state := self._known.get(key)) is not None:
            if self.blind & {key[0], None}:
                return None
            self.rows[key] = state
        return state

    def keep(self, key: Key, row: Columns) -> State:
        """Hold a row as it is in the database."""
        state = self.rows[key] = State(row)
        return state

    def change(self, key: Key, changes: Columns) -> None:
        """Change a held row; what stays as it was is not written again."""
        row = self.rows[key].row
        changes = {name: value for name, value in changes.items() if name not in row or row[name] != value}
        if changes:
            self.rows[key] = State(row | changes)
            self._changes.setdefault(key, {}).update(changes)

    def write(self, table: str | None = None) -> None:
        """Write what was changed, of one table or of all; the rows stay held."""
        for key in [key for key in self._changes if table in {None, key[0]}]:
            self._update(*key, self._changes.pop(key))

    def saved(self) -> Saved:
        """Return what is held now, to come back to."""
        return dict(self.rows), {key: dict(changes) for key, changes in self._changes.items()}, set(self.blind)

    def restore(self, saved: Saved) -> None:
        """Come back to what was held, with the database as it was then."""
        self.rows, self._changes, self.blind = saved

    def forget(self, table: str | None = None) -> None:
        """Hold no row any longer, of one table or of all; they have been written."""
        self.blind.add(table)
        for key in [key for key in self.rows if table in {None, key[0]}]:
            assert key not in self._changes, "a changed row is written before it is forgotten"
            del self.rows[key]
