"""All that was read of all logs, boiled down to a row an event: one table, on disk for a large space.

Law: rows are asked for by log, kind and partition, and handed out one at a time; nobody holds a whole log. The writer
hands over to readers once (`finish`), in this process or in others, and writes no more.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ledger.audit.event import NAMED_BY, Event, Row, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MEMORY = ":memory:"
_TABLE = """create table entries (log integer, key integer, named integer,
    idx integer, kind text, part text, name text, link blob, time integer, block integer, block_hash blob, leaf blob,
    fields blob)"""
_INDEXES = (
    "create index by_kind on entries (log, kind, idx)",
    "create index by_part on entries (log, key, idx)",
    "create index by_name on entries (log, named, idx) where named is not null",
)
_INSERT = f"insert into entries values ({', '.join('?' * 13)})"  # noqa: S608 - no value of anybody's is in it
_COLUMNS = ", ".join(Row._fields)
# a file of our own, thrown away at the end: nothing of it has to survive
_CARELESS = ("pragma journal_mode = off", "pragma synchronous = off", "pragma locking_mode = exclusive")
# an event has about a kilobyte: more of them fit a page without a second one for the rest
_PAGE = "pragma page_size = 8192"


@dataclass
class Entries:
    """The table at `place`, a path or `MEMORY`; a copy in another process opens the same file to read."""

    place: str = MEMORY
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def __getstate__(self) -> str:
        assert self.place != MEMORY, "what lies in memory is nobody else's"
        return self.place

    def __setstate__(self, place: str) -> None:
        self.place, self._connection = place, None

    def begin(self) -> None:
        """Make the table; this and what follows raise OSError where there is no room for it."""
        with self._written():
            self._connection = sqlite3.connect(self.place, isolation_level=None)
            for pragma in (_PAGE, *_CARELESS):
                self._connection.execute(pragma).fetchall()
            self._connection.execute(_TABLE)
            self._connection.execute("begin")

    def add(self, log: int, rows: Iterable[Row]) -> None:
        """Keep rows of the log with this number."""
        with self._written():
            self._open.executemany(_INSERT, [(log, *row) for row in rows])

    def finish(self) -> None:
        """Make the table ready to be read."""
        with self._written():
            for index in _INDEXES:
                self._open.execute(index)
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
            return self._events(did, "log = ? and kind = ? order by idx", (log, kind))
        return self._events(did, "log = ? and key = ? and part = ? order by idx", (log, key_of(kind, part), part))

    def named(self, did: str, log: int, kind: str, name: str) -> Iterator[Event]:
        """Yield the events of a kind of `NAMED_BY` that have a name, in log order."""
        assert kind in NAMED_BY
        return self._events(did, "log = ? and named = ? and name = ? order by idx", (log, key_of(kind, name), name))

    def untold(self, log: int, kind: str) -> bool:
        """Return whether an event of a kind does not disclose its fields."""
        asked = "select 1 from entries where log = ? and kind = ? and length(fields) = 0 limit 1"
        return self._open.execute(asked, (log, kind)).fetchone() is not None

    def first_told(self, log: int) -> tuple[int, int] | None:
        """Return index and time (microseconds since 1970) of the first event that discloses fields, if there is one."""
        asked = "select idx, time from entries where log = ? and length(fields) > 2 order by idx limit 1"
        found: tuple[int, int] | None = self._open.execute(asked, (log,)).fetchone()
        return found

    def parts(self, log: int, kind: str) -> list[str]:
        """Return the partitions that have events of a kind, in the order in which they begin."""
        asked = "select part from entries where log = ? and kind = ? group by part order by min(idx)"
        return [part for (part,) in self._open.execute(asked, (log, kind))]

    def _events(self, did: str, where: str, values: Sequence[Any]) -> Iterator[Event]:
        asked = f"select {_COLUMNS} from entries where {where}"  # noqa: S608 - as above
        return (Event.from_row(did, row) for row in self._open.execute(asked, values))

    @contextmanager
    def _written(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OSError(f"the table of events at `{self.place}` cannot be written: {error}") from error

    @property
    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(f"file:{self.place}?mode=ro&immutable=1", uri=True)
        return self._connection
