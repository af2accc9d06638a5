"""All that was read of all logs, boiled down to a row an event: one table, on disk for a large space.

Law: rows are asked for by log, kind and partition, and handed out one at a time; nobody holds a whole log. The writer
hands over to readers once (`finish`), in this process or in others, and writes no more. Whoever looks something up by
partition or name finds the rows of audits before beside it, as if all lay in one; whoever goes through a kind meets
what is to be judged: all, or once `recall` has said so the new rows and those of the matters that they belong to.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any

from ledger.audit import narrowed, recalled, tables
from ledger.audit.event import FOUND, NAMED_BY, Event, Row, key_of
from ledger.audit.matters import Matters
from ledger.log.leaves import Leaves

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ledger.audit.recalled import Bounds
    from ledger.audit.tables import Wanted

MEMORY = ":memory:"
_FOUND = ", ".join(FOUND)
_INSERT = f"insert into entries values ({', '.join('?' * 13)})"  # noqa: S608 - no value of anybody's is in it
# what is gone through once `recall` was asked, with what says of a row whether it was judged
_TO_JUDGE = {"main.entries": "0", "main.recalled": "judged"}
# a file of our own, thrown away at the end: nothing of it has to survive
_CARELESS = ("pragma journal_mode = off", "pragma synchronous = off", "pragma locking_mode = exclusive")


@dataclass
class Entries:
    """The table at `place`, a path or `MEMORY`; a copy in another process opens the same file to read.

    `before` are the paths of the tables that audits before have kept (`ledger.audit.tables`).
    """

    place: str = MEMORY
    before: tuple[str, ...] = ()
    _recalled: frozenset[str] | None = None  # whose rows are gone through, of those before; None: of all
    _narrowed: bool = False
    _connection: sqlite3.Connection | None = field(default=None, repr=False)

    def __getstate__(self) -> tuple[str, tuple[str, ...], frozenset[str] | None, bool]:
        assert self.place != MEMORY, "what lies in memory is nobody else's"
        return self.place, self.before, self._recalled, self._narrowed

    def __setstate__(self, state: tuple[str, tuple[str, ...], frozenset[str] | None, bool]) -> None:
        (self.place, self.before, self._recalled, self._narrowed), self._connection = state, None

    def begin(self) -> None:
        """Make the table; this and what follows raise OSError where there is no room for it."""
        with self._written():
            self._connection = sqlite3.connect(self.place, isolation_level=None, uri=True)
            for pragma in (tables.PAGE, *_CARELESS):
                self._connection.execute(pragma).fetchall()
            tables.attach(self._connection, self.before)
            self._connection.execute(tables.ENTRIES.format("main"))
            recalled.begin(self._connection)
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
            recalled.finish(self._open)
            self._open.execute("commit")
        if self.place != MEMORY:
            self.close()

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def tie(self) -> None:
        """Take down which partitions the new rows name; before `finish`, and before anything is asked of matters."""
        with self._written():
            recalled.tie(self._open)

    def touched(self) -> set[str]:
        """Return the partitions that something new came to."""
        return recalled.touched(self._open, len(self.before))

    def reach(self, parts: Iterable[str]) -> set[str]:
        """Return all partitions of the matters of these."""
        return recalled.reach(self._open, len(self.before), parts)

    def recall(self, parts: frozenset[str], bounds: Bounds) -> None:
        """Have nothing gone through but the new rows and those of these matters; `bounds` says what was judged."""
        self._recalled = parts
        with self._written():
            recalled.recall(self._open, len(self.before), parts, bounds)

    def matters(self, ties: Iterable[tuple[str, str]], known: Iterable[str]) -> Matters:
        """Return all matters, once `tie` was asked; `ties` and `known` are the chain's ties and partitions."""
        count = len(self.before)
        parts, told = narrowed.parts(self._open, count), narrowed.ties(self._open, count)
        return Matters.tied(chain(parts, known), chain(told, ties))

    def narrow(self, parts: Iterable[str]) -> None:
        """Have nothing gone through but the rows of these partitions; before `finish`."""
        self._narrowed = True
        with self._written():
            narrowed.narrow(self._open, parts)

    def judged(self) -> Bounds:
        """Return what of the recalled matters was judged."""
        return recalled.judged(self._open)

    def of(self, did: str, log: int, kind: str, part: str | None = None) -> Iterator[Event]:
        """Yield the events of a kind that are to be judged, or all of one partition, in log order."""
        recalled = self._recalled
        if part is None:
            among = None if recalled is None else _TO_JUDGE
            return self._events(did, self._gone_through(), (log, kind), among)
        among = _TO_JUDGE if recalled is not None and part in recalled else None
        return self._events(did, "log = ?1 and key = ?2 and part = ?3", (log, key_of(kind, part), part), among)

    def logs(self, kind: str, part: str) -> frozenset[int]:
        """Return the numbers of the logs that have an event of a kind in a partition."""
        asked = self._every("log", "key = ?1 and part = ?2")
        return frozenset([log for (log,) in self._open.execute(asked, (key_of(kind, part), part))])

    def before_now(self, did: str, log: int, kind: str) -> Iterator[Event]:
        """Yield the events of a kind to be judged that an audit before has judged, in log order."""
        if self._recalled is None:
            return iter(())
        return self._events(did, f"{self._gone_through()} and judged", (log, kind), {"main.recalled": "judged"})

    def ever(self, did: str, log: int, kind: str) -> Iterator[Event]:
        """Yield all events of a kind, in log order."""
        return self._events(did, "log = ?1 and kind = ?2", (log, kind))

    def newest(self, log: int, kind: str, below: int) -> int | None:
        """Return the time (microseconds since 1970) of the newest event of a kind below an index, if there is one."""
        asked = self._every("idx, time", "log = ?1 and kind = ?2 and idx < ?3")
        found = self._open.execute(f"{asked} order by idx desc limit 1", (log, kind, below)).fetchone()
        return None if found is None else int(found[1])

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
        """Return the partitions that have events of a kind to be judged, in the order in which they begin."""
        among = tuple(_TO_JUDGE) if self._recalled is not None else None
        every = self._every("part, min(idx) as first", f"{self._gone_through()} group by part", among)
        asked = f"select part, min(first) as first from ({every}) group by part order by first"  # noqa: S608 - as above
        return [part for part, _ in self._open.execute(asked, (log, kind))]

    def leaves(self, log: int) -> Leaves:
        """Return the leaves that are kept of a log."""
        count = len(self.before)
        return Leaves(tables.roots(self._open, count, log), lambda at: tables.leaves(self._open, count, log, at))

    def heads(self, log: int) -> dict[int, bytes]:
        """Return size → root of a log, of those that were kept."""
        return tables.heads(self._open, len(self.before), log)

    def keep(self, wanted: Wanted, place: str) -> None:
        """Write what is wanted of the rows into a new table at a path; raises OSError where there is no room."""
        with self._written():
            tables.keep(self._open, len(self.before), wanted, place)

    def loose(self, wanted: Wanted) -> set[str]:
        """Return the partitions that have a row in no table before and not among those wanted."""
        return tables.loose(self._open, wanted)

    def _events(
        self, did: str, where: str, values: Sequence[Any], marked: Mapping[str, str] | None = None
    ) -> Iterator[Event]:
        """Yield events; `marked` are the tables to ask, each with what says whether its rows were judged."""
        names = dict.fromkeys(self._tables, "0") if marked is None else marked
        asked = " union all ".join(
            f"select {_FOUND}, {judged} from {one} where {where}"  # noqa: S608 - as above
            for one, judged in names.items()
        )
        found = self._open.execute(f"{asked} order by idx", values)
        return (Event.found(did, row) for row in found)

    def _gone_through(self) -> str:
        """Return which rows of a kind are to be judged."""
        return f"log = ?1 and kind = ?2{f' and {narrowed.AMONG}' if self._narrowed else ''}"

    @property
    def _tables(self) -> Sequence[str]:
        return [f"{one}.entries" for one in ("main", *tables.names(len(self.before)))]

    def _every(self, what: str, where: str, among: Sequence[str] | None = None) -> str:
        """Return the question after rows of these tables, by default of all."""
        every = (f"select {what} from {one} where {where}" for one in among or self._tables)  # noqa: S608 - as above
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
