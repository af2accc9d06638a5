"""All that was read of all logs, boiled down to a row an event: one table, on disk for a large space.

Law: rows are asked for by log, kind and partition, and handed out one at a time; nobody holds a whole log. The writer
hands over to readers once (`finish`), in this process or in others, and writes no more. Tables of audits before are
read beside it, as if all rows lay in one: whoever asks cannot tell.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.audit import tables
from ledger.audit.event import NAMED_BY, Event, Row, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.audit.tables import Wanted

MEMORY = ":memory:"
_COLUMNS = ", ".join(Row._fields)
_INSERT = f"insert into entries values ({', '.join('?' * 13)})"  # noqa: S608 - no value of anybody's is in it
# a file of our own, thrown away at the end: nothing of it has to survive
_CARELESS = ("pragma journal_mode = off", "pragma synchronous = off", "pragma locking_mode = exclusive")


@dataclass
class Entries:
    """The table at `place`, a path or `MEMORY`; a copy in another process opens the same file to read.

    `before` are the paths of the tables that audits before have kept (`ledger.audit.tables`).
    """

    place: str = MEMORY
    before: tuple[str, ...] = ()
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def __getstate__(self) -> tuple[str, tuple[str, ...]]:
        assert self.place != MEMORY, "what lies in memory is nobody else's"
        return self.place, self.before

    def __setstate__(self, state: tuple[str, tuple[str, ...]]) -> None:
        (self.place, self.before), self._connection = state, None

    def begin(self) -> None:
        """Make the table; this and what follows raise OSError where there is no room for it."""
        with self._written():
            self._connection = sqlite3.connect(self.place, isolation_level=None, uri=True)
            for pragma in (tables.PAGE, *_CARELESS):
                self._connection.execute(pragma).fetchall()
            tables.attach(self._connection, self.before)
            self._connection.execute(tables.ENTRIES.format("main"))
            self._connection.execute("begin")

    def add(self, log: int, rows: Iterable[Row]) -> None:
        """Keep rows of the log with this number."""
        with self._written():
            self._open.executemany(_INSERT, [(log, *row) for row in rows])

    def finish(self) -> None:
        """Make the table ready to be read."""
        with self._written():
            for index in tables.INDEXES:
                self._open.execute(index.format("main"))
            self._open.execute("commit")
        if self.place != MEMORY:
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def of(self, did: str, log: int, kind: str, part: str | None = None) -> Iterator[Event]:
        """Yield the events of a kind, perhaps of one partition, in log order."""
        if part is None:
            return self._events(did, "log = ?1 and kind = ?2", (log, kind))
        return self._events(did, "log = ?1 and key = ?2 and part = ?3", (log, key_of(kind, part), part))

    def new(self, did: str, log: int, kind: str) -> Iterator[Event]:
        """Yield the events of a kind that are in none of the tables before, in log order."""
        return self._events(did, "log = ?1 and kind = ?2", (log, kind), ("main",))

    def kept(self, did: str, log: int, kind: str, index: int) -> Iterator[Event]:
        """Yield the event of a kind at an index, if it is in one of the tables before."""
        names = tables.names(len(self.before))
        return self._events(did, "log = ?1 and kind = ?2 and idx = ?3", (log, kind, index), names)

    def touched(self) -> set[str]:
        """Return the partitions of all events that are in none of the tables before."""
        return {part for (part,) in self._open.execute("select distinct part from main.entries")}

    def named(self, did: str, log: int, kind: str, name: str) -> Iterator[Event]:
        """Yield the events of a kind of `NAMED_BY` that have a name, in log order."""
        assert kind in NAMED_BY
        return self._events(did, "log = ?1 and named = ?2 and name = ?3", (log, key_of(kind, name), name))

    def untold(self, log: int, kind: str) -> bool:
        """Return whether an event of a kind does not disclose its fields."""
        asked = self._every("1", "log = ?1 and kind = ?2 and length(fields) = 0")
        return self._open.execute(f"{asked} limit 1", (log, kind)).fetchone() is not None

    def first_told(self, log: int) -> tuple[int, int] | None:
        """Return index and time (microseconds since 1970) of the first event that discloses fields, if there is one."""
        asked = self._every("idx, time", "log = ?1 and length(fields) > 2")
        found: tuple[int, int] | None = self._open.execute(f"{asked} order by idx limit 1", (log,)).fetchone()
        return found

    def parts(self, log: int, kind: str) -> list[str]:
        """Return the partitions that have events of a kind, in the order in which they begin."""
        asked = self._every("part, min(idx) as first", "log = ?1 and kind = ?2 group by part")
        if self.before:
            asked = f"select part, min(first) as first from ({asked}) group by part"  # noqa: S608 - as above
        return [part for part, _ in self._open.execute(f"{asked} order by first", (log, kind))]

    def leaves(self, log: int) -> Iterator[bytes]:
        """Yield the leaf hashes of the bundles that are kept of a log, bundle by bundle in their order."""
        return tables.leaves(self._open, len(self.before), log)

    def keep(self, wanted: Wanted, place: str) -> None:
        """Write what is wanted of the rows into a new table at a path; raises OSError where there is no room."""
        with self._written():
            tables.keep(self._open, len(self.before), wanted, place)

    def loose(self, wanted: Wanted) -> set[str]:
        """Return the partitions that have a row in no table before and not among those wanted."""
        return tables.loose(self._open, wanted)

    def _events(
        self, did: str, where: str, values: Sequence[Any], names: Sequence[str] | None = None
    ) -> Iterator[Event]:
        asked = self._every(_COLUMNS, where, names)
        found = self._open.execute(f"{asked} order by idx", values) if asked else ()
        return (Event.from_row(did, row) for row in found)

    def _every(self, what: str, where: str, names: Sequence[str] | None = None) -> str:
        """Return the question after rows of these tables, by default of all."""
        asked = ("main", *tables.names(len(self.before))) if names is None else names
        every = (f"select {what} from {one}.entries where {where}" for one in asked)  # noqa: S608 - as above
        return " union all ".join(every)

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(f"the table of events at `{self.place}` cannot be written: {error}") from error

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self.place}?mode=ro&immutable=1", isolation_level=None, uri=True)
            tables.attach(self._connection, self.before)
        return self._connection
