"""One connection to a PostgreSQL server, asked in the store's words; what goes wrong is one of the store's errors.

Law: whatever a caller may survive leaves the transaction usable: a taken key or unique value is found without failing
the statement, or behind a savepoint of its own. Values come back as SQLite gives them: whole numbers as `int`, any text
a Python string may hold (PostgreSQL knows no NUL: it rests escaped, in an order that does not change).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.types.numeric import Int8BinaryDumper, NumericBinaryLoader
from psycopg.types.string import StrDumperUnknown, TextBinaryLoader

from connector.store import postgres_words
from connector.store.errors import BadStatement, Duplicate, StoreBusy, StoreError, StoreFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from psycopg.abc import Buffer
    from psycopg.adapt import AdaptersMap

# how text that PostgreSQL does not take rests: each is two characters, and both sort before every other character
ESCAPED = {"\x00": "\x01\x01", "\x01": "\x01\x02"}
# classes of SQLSTATE after which the server, or what we know of it, cannot be trusted: no connection, no resources,
# an operator's intervention, the system, internal
FATAL = frozenset({"08", "53", "57", "58", "XX"})


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> Buffer | None:
        return super().dump(escape(obj))


class _FromText(TextBinaryLoader):
    def load(self, data: Buffer) -> bytes | str:
        return unescape(str(super().load(data)))


class _Whole(NumericBinaryLoader):
    def load(self, data: Buffer) -> Any:
        value = super().load(data)
        return int(value) if value == value.to_integral_value() else value


class Session:
    """A connection, reading or writing. `uniques` maps a table to the columns of its key and unique sets."""

    def __init__(self, connection: psycopg.Connection[Any], uniques: Mapping[str, frozenset[str]]) -> None:
        self.connection = connection
        self.written: set[str] = set()
        self._uniques = uniques
        adapt(connection.adapters)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
        """Run one statement; raises `Duplicate`, `BadStatement`, `StoreBusy` or `StoreFailed`."""
        words = postgres_words.of(sql, values)
        if len(values) != words.marks:
            raise BadStatement(f"`{sql}` takes {words.marks} values, got {len(values)}")
        given = [values[place] for place in words.taken]
        if words.table:
            self.written.add(words.table)
        if words.sets & self._uniques.get(words.table, frozenset()):
            return self._guarded(words.text, given)
        cursor = self._ask(words.text, given)
        if words.one_row and not cursor.rowcount:
            raise Duplicate(f"`{words.table}` has a row with that key or unique value")
        return cursor

    def executemany(self, sql: str, rows: Sequence[Sequence[Any]]) -> psycopg.Cursor[Any]:
        """Insert many rows by one statement, in one journey; raises as `execute`."""
        words = postgres_words.of(sql, rows[0])
        self.written.add(words.table)
        cursor = self.connection.cursor()
        try:
            cursor.executemany(words.text, [[row[place] for place in words.taken] for row in rows])
        except psycopg.Error as error:
            raise self.meaning(error) from error
        if words.one_row and cursor.rowcount != len(rows):
            raise Duplicate(f"`{words.table}` has one of {len(rows)} rows' keys or unique values")
        return cursor

    def run(self, text: str) -> psycopg.Cursor[Any]:
        """Run statements of our own without values, several with semicolons between; the cursor is at the first."""
        try:
            return self.connection.execute(text, prepare=False)
        except psycopg.Error as error:
            raise self.meaning(error) from error

    def notify(self, channel: str, text: str) -> None:
        """Tell whoever listens to a channel, at once."""
        self._ask("SELECT pg_notify($1, $2)", (channel, text))

    @property
    def in_transaction(self) -> bool:
        """Say whether a transaction is open, whole or failed."""
        return self.connection.info.transaction_status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)

    def close(self) -> None:
        """Close the connection; what was not committed is gone."""
        self.connection.close()

    def meaning(self, error: psycopg.Error) -> StoreError:
        """Return what an error of the driver means."""
        state = error.sqlstate or ""
        if self.connection.closed or state[:2] in FATAL:
            return StoreFailed(f"the database server failed ({_line(error)}); nothing of it counts, restart to go on")
        if isinstance(error, psycopg.errors.UniqueViolation):
            return Duplicate(_line(error))
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return StoreBusy("another process holds the database; nothing was written, try again")
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            return BadStatement("this transaction only reads; use `Store.write`")
        return BadStatement(_line(error))

    def _guarded(self, text: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
        """Run what may meet a taken unique value."""
        self.run("SAVEPOINT guarded")
        try:
            cursor = self._ask(text, values)
        except Duplicate:
            self.run("ROLLBACK TO guarded; RELEASE guarded")
            raise
        self.run("RELEASE guarded")
        return cursor

    def _ask(self, text: str, values: Sequence[Any]) -> psycopg.Cursor[Any]:
        try:
            return self.connection.execute(text, values, binary=True)
        except psycopg.Error as error:
            raise self.meaning(error) from error


def adapt(adapters: AdaptersMap) -> None:
    """Have values travel as the store has them."""
    adapters.register_dumper(str, _Text)
    adapters.register_dumper(int, Int8BinaryDumper)
    adapters.register_loader("text", _FromText)
    adapters.register_loader("numeric", _Whole)


def escape(text: str) -> str:
    """Return text that PostgreSQL takes; nothing changes but the two lowest characters."""
    if "\x00" in text or "\x01" in text:
        return "".join(ESCAPED.get(character, character) for character in text)
    return text


def unescape(text: str) -> str:
    """Return what was escaped."""
    return text.replace("\x01\x01", "\x00").replace("\x01\x02", "\x01") if "\x01" in text else text


def uniques(tables: Iterable[Any]) -> dict[str, frozenset[str]]:
    """Return the columns of each table whose values are unique, alone or together."""
    return {
        table.name: frozenset(name for columns in (table.key, *table.unique) for name in columns) for table in tables
    }


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
