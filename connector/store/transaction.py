"""What an act sees of the store: rows as values, inside one transaction.

A table is named by the class of its rows; by its name alone, rows come as column -> value, for whoever copies or
inspects any table.

Law: a `Tx` lives as long as its act; its methods run in the thread of the act and never wait for anything but the disk.
"""

from __future__ import annotations

import sqlite3
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar, overload

from connector.store.appended import Appended
from connector.store.columns import encode_loose
from connector.store.connection import failed
from connector.store.errors import BadStatement, Duplicate, StoreBusy, StoreFailed
from connector.store.held import Held, Known, State
from connector.store.table_row import TableRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connector.store.appended import Row, Rows
    from connector.store.bundles import Bundles
    from connector.store.held import Key
    from connector.store.statements import Statements
    from connector.store.table import Columns

T = TypeVar("T")
R = TypeVar("R", bound=TableRow)

# a transaction is opened and ended by the store alone; schema changes are declarations
READING_BY_HAND = ("SELECT",)
STATEMENTS_BY_HAND = (*READING_BY_HAND, "WITH", "INSERT", "UPDATE", "DELETE")
# SQLite's primary result codes after which the file, or what we know of it, cannot be trusted
FATAL = frozenset(
    {
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_NOMEM,
    }
)
_DUPLICATES = (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_ROWID)


class Tx:
    """One transaction, reading or writing."""

    __slots__ = (
        "_connection",
        "_memory",
        "_savepoint",
        "_statements",
        "actor",
        "afters",
        "appended",
        "bundles",
        "endings",
        "fault",
        "held",
        "learned",
        "parted",
    )

    def __init__(
        self,
        connection: Any,
        statements: Mapping[str, Statements],
        memory: Mapping[str, Any] = MappingProxyType({}),
        known: Known | None = None,
        waiting: Rows | None = None,
        savepoint: str = "",
    ) -> None:
        # who of our own people it is for (`connector.runtime.actor`), empty for the participant itself
        self.actor = ""
        # the disk error this transaction met; it counts even if the act swallowed the exception
        self.fault: Exception | None = None
        # where old entries of the log rest, if whoever opened the place said so
        self.bundles: Bundles | None = None
        # what the store takes from it when the act was well
        self.afters: list[Callable[[], object]] = []
        self.endings: dict[Callable[[Tx], object], None] = {}
        self.learned: dict[str, Any] = {}
        self._connection = connection
        self._statements = statements
        self._memory = memory
        # a transaction that only reads holds nothing: what it would write must fail at once
        self.held = None if known is None else Held(known, self._change)
        self.appended = None if waiting is None else Appended(waiting, self._append)
        # an act that changes nothing needs no savepoint: the first statement that may change something makes it
        self._savepoint = savepoint
        self.parted = False

    @overload
    def get(self, table: type[R], /, **key: Any) -> R | None: ...
    @overload
    def get(self, table: str, /, **key: Any) -> Columns | None: ...
    def get(self, table: type[TableRow] | str, /, **key: Any) -> Any:
        """Return the row that a whole key (or whole unique set) names, or None."""
        if isinstance(table, str):
            state = self._state(table, key)
            return None if state is None else dict(state.row)
        state = self._state(table.TABLE.name, key)
        return None if state is None else state.value(table.FROM)

    @overload
    def value(self, table: type[R], make: Callable[[R], T], /, **key: Any) -> T | None: ...
    @overload
    def value(self, table: str, make: Callable[[Columns], T], /, **key: Any) -> T | None: ...
    def value(self, table: type[TableRow] | str, make: Callable[[Any], T], /, **key: Any) -> T | None:
        """Return what `make` makes of the row that `get` would return, None if there is none.

        Of a held row it is made once: `make` must be a function that lasts, and look at nothing but the row.
        """
        state = self._state(_name(table), key)
        if state is None:
            return None
        return state.value(make) if isinstance(table, str) else state.value(make, table.FROM)

    def note(self, table: type[TableRow] | str, make: Callable[[Any], T], value: T, /, **key: Any) -> None:
        """Take `value`, which was just written, for what `make` would make of its row: nobody has to read it again."""
        held = self._holds(self._table(_name(table)), key)
        if held is not None and self.held is not None:
            self.held.rows[held].note(make, value)

    def _state(self, table: str, key: Mapping[str, Any]) -> State | None:
        statements = self._table(table)
        held = self.held if statements.held else None
        if held is not None:
            named = statements.named(key)
            if named is not None and (state := held.get((table, named))) is not None:
                return state
            held.write(table)
        rows = self._fetch(self._run(*statements.get(key)))
        if not rows:
            return None
        row = statements.decode(rows[0])
        return State(row) if held is None else held.keep((table, tuple([row[name] for name in statements.key])), row)

    @overload
    def find(
        self, table: type[R], where: str = "", params: Sequence[Any] = (), order: str = "", limit: int | None = None
    ) -> list[R]: ...
    @overload
    def find(
        self, table: str, where: str = "", params: Sequence[Any] = (), order: str = "", limit: int | None = None
    ) -> list[Columns]: ...
    def find(
        self,
        table: type[TableRow] | str,
        where: str = "",
        params: Sequence[Any] = (),
        order: str = "",
        limit: int | None = None,
    ) -> Any:
        """Return rows; `connector.store.clause` defines `where` and `order`, e.g. `"state = ? and due <= ?"`."""
        statements = self._table(_name(table))
        if self.held is not None and statements.held:
            self.held.write(statements.table.name)
        rows = self._fetch(self._run(*statements.find(where, order, tuple(params), limit)))
        decoded = [statements.decode(values) for values in rows]
        return decoded if isinstance(table, str) else [table.FROM(row) for row in decoded]

    def append(self, row: TableRow) -> None:
        """Add a row at the end of its table, under a key that nobody else can take; it is written with others."""
        if self.appended is None:
            self.insert(row)
            return
        statements = self._statements[row.TABLE.name]
        assert not statements.held, "what is held is written as it is changed"
        self.appended.add(row.TABLE.name, statements.insert_whole(row.columns())[1])

    def insert(self, table: TableRow | type[TableRow] | str, /, **row: Any) -> None:
        """Add a row, or one of these columns alone; raises `Duplicate` if its key or a unique value is taken."""
        if isinstance(table, TableRow):
            assert not row, "a row has all its columns"
            statements, row = self._table(table.TABLE.name), table.columns()
            self._alter(*statements.insert_whole(row))
            if self.held is not None and statements.held:
                key = statements.table.name, tuple([row[name] for name in statements.key])
                self.held.keep(key, row).note(type(table).FROM, table)  # nobody makes it again
            return
        statements = self._table(_name(table))
        self._alter(*statements.insert(row))
        self._keep(statements, row)

    def change(self, row: R, after: R) -> R:
        """Write the columns in which `after` differs from the `row` that this act read, and return `after`."""
        assert row.key() == after.key(), "a row keeps its key"
        if changes := row.differs(after):
            self.update(row.TABLE.name, row.key(), **changes)
        return after

    def put(self, table: TableRow | type[TableRow] | str, /, **row: Any) -> None:
        """Add a row, or change the named columns of the one with its key; the other columns stay as they are."""
        if isinstance(table, TableRow):
            assert not row, "a row has all its columns"
            self.put(table.TABLE.name, **table.columns())
            if self.held is not None:
                self.note(table.TABLE.name, type(table).FROM, table, **table.key())  # nobody makes it again
            return
        table = _name(table)
        statements = self._table(table)
        key = {name: row.pop(name) for name in statements.key if name in row}
        if self._holds(statements, key) is not None:
            self.update(table, key, **row)
            return
        row = key | row
        self._alter(*statements.put(row))
        if len(row) == len(statements.kinds):
            self._keep(statements, row)

    def update(self, table: type[TableRow] | str, key: Mapping[str, Any], /, **changes: Any) -> int:
        """Change the rows whose columns equal `key`; return how many there were."""
        table = _name(table)
        statements = self._table(table)
        held = self._holds(statements, key)
        if held is None:
            self._release(table)
            return int(self._alter(*statements.update(key, changes)).rowcount)
        assert self.held is not None, "a row is held by something"
        row = self.held.rows[held].row
        if any(changes.get(name, row[name]) != row[name] for name in statements.uniques):
            self.held.write(table)
            self._alter(*statements.update(key, changes))  # a unique value that is taken is known at once
            self.held.keep(held, row | changes)
        else:
            self.held.change(held, changes)
        return 1

    def delete(self, table: type[TableRow] | str, /, **key: Any) -> int:
        """Delete the rows whose columns equal `key`; return how many there were."""
        table = _name(table)
        self._release(table)
        return int(self._alter(*self._table(table).delete(key)).rowcount)

    def execute(self, sql: str, *params: Any) -> list[Columns]:
        """Run one statement of our own; the rows come back as SQL holds them (times in microseconds, JSON as text)."""
        word = sql.split(None, 1)[0].upper() if sql.strip() else ""
        if word not in STATEMENTS_BY_HAND:
            raise BadStatement(f"`{sql}` is not one of {', '.join(STATEMENTS_BY_HAND)}")
        values = [encode_loose(value) for value in params]
        self.write_appended()
        if word in READING_BY_HAND:
            self.write_held()
            cursor = self._run(sql, values)
        else:
            self._release()
            cursor = self._alter(sql, values)
        if cursor.description is None:
            return []
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, values, strict=True)) for values in self._fetch(cursor)]

    def column(self, sql: str, *params: Any) -> list[Any]:
        """Return the first column of a SELECT of our own, as SQL holds it: for many short rows."""
        assert sql.startswith(READING_BY_HAND)
        self.write_appended()
        self.write_held()
        encoded = [encode_loose(value) for value in params]  # a time is a number in there, not what SQLite makes of it
        return [values[0] for values in self._fetch(self._run(sql, encoded))]

    def after(self, callback: Callable[[], object]) -> None:
        """Call `callback` on the event loop once this act is durable; a crash in between loses the call."""
        self.afters.append(callback)

    def before_commit(self, ending: Callable[[Tx], object]) -> None:
        """Call `ending` in the transaction that this act is committed with, once, however many acts ask for it."""
        self.endings[ending] = None

    def attempt(self, act: Callable[[Tx], T]) -> T:
        """Do `act` as a part that may fail alone: what it raises is raised here, and of what it did nothing is left."""
        afters, endings, learned = list(self.afters), dict(self.endings), dict(self.learned)
        held = None if self.held is None else self.held.saved()
        appended = None if self.appended is None else self.appended.saved()
        self._alter("SAVEPOINT attempt", ())
        try:
            result = act(self)
            self.write_held()
        except Exception:
            self.afters, self.endings, self.learned = afters, endings, learned
            self._run("ROLLBACK TO attempt", ())
            if self.held is not None and held is not None:
                self.held.restore(held)
            if self.appended is not None and appended is not None:
                self.appended.restore(appended)
            raise
        finally:
            self._run("RELEASE attempt", ())
        return result

    def recall(self, name: str) -> Any:
        """Return what this or an earlier act remembered under `name`, None if it must be read; always so in a read."""
        return self.learned[name] if name in self.learned else self._memory.get(name)

    def remember(self, name: str, value: Any) -> None:
        """Keep a value that never changes in place, for acts to come: while this one counts and nobody else writes.

        What is remembered must follow from the tables; whoever changes those rows remembers anew.
        """
        self.learned[name] = value

    def write_held(self) -> None:
        """Write what the act holds (for the store only)."""
        if self.held is not None:
            self.held.write()

    def write_appended(self, table: str | None = None) -> None:
        """Write what waits for a table, or for all, before the database is asked about it (for the store only)."""
        if self.appended is not None:
            self.appended.write(table)

    def end(self) -> None:
        """Close this transaction to its act (for the store only)."""
        self._connection = None

    def _change(self, table: str, key: tuple[Any, ...], changes: Columns) -> None:
        statements = self._table(table)
        self._alter(*statements.update(dict(zip(statements.key, key, strict=True)), changes))

    def _holds(self, statements: Statements, key: Mapping[str, Any]) -> Key | None:
        """Return under which key a row is held, None if it is not."""
        if self.held is None or not statements.held or (named := statements.named(key)) is None:
            return None
        held = statements.table.name, named
        return None if self.held.get(held) is None else held

    def _keep(self, statements: Statements, row: Columns) -> None:
        """Hold a row that was just written whole."""
        if self.held is not None and statements.held:
            key = tuple([row[name] for name in statements.key])
            self.held.keep((statements.table.name, key), statements.whole(row))

    def _release(self, table: str | None = None) -> None:
        """Write and forget held rows: what comes now may change them behind their back."""
        if self.held is not None and (table is None or self._table(table).held):
            self.held.write(table)
            self.held.forget(table)

    def _table(self, name: str) -> Statements:
        statements = self._statements.get(name)
        if statements is None:
            raise BadStatement(f"`{name}` is no declared table")
        self.write_appended(name)
        return statements

    def _append(self, table: str, rows: Sequence[Row]) -> None:
        self._alter(self._statements[table].insertion[0], rows, many=True)

    def _alter(self, sql: str, values: Sequence[Any], *, many: bool = False) -> Any:
        """Run what may change something: behind the act's savepoint."""
        if self._savepoint and not self.parted:
            self._run(f"SAVEPOINT {self._savepoint}", ())
            self.parted = True
        return self._run(sql, values, many=many)

    def _run(self, sql: str, values: Sequence[Any], *, many: bool = False) -> Any:
        if self._connection is None:
            raise BadStatement("this transaction is over; do the work inside the act")
        try:
            return (self._connection.executemany if many else self._connection.execute)(sql, values)
        except sqlite3.Error as error:
            raise self._translated(error) from error
        except StoreFailed as error:
            self.fault = error
            raise

    def _fetch(self, cursor: Any) -> list[tuple[Any, ...]]:
        try:
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        except sqlite3.Error as error:
            raise self._translated(error) from error
        return rows

    def _translated(self, error: sqlite3.Error) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0)
        if code & 0xFF in FATAL:
            self.fault = error
            return failed(str(error), error)
        if code in _DUPLICATES:
            return Duplicate(str(error))
        if code == sqlite3.SQLITE_READONLY:
            return BadStatement("this transaction only reads; use `Store.write`")
        if code & 0xFF == sqlite3.SQLITE_BUSY:
            return StoreBusy(str(error))
        return BadStatement(str(error))


def _name(table: TableRow | type[TableRow] | str) -> str:
    return table if isinstance(table, str) else table.TABLE.name
