"""Bring a database file to the declared tables, or refuse.

Law: (1) within one VERSION declarations only grow. Missing tables, columns and indexes are made in one transaction; a
column that exists with another type is refused, because its values would be read wrongly. (2) A file of another version
is refused in words, an older as a newer one, and not touched: who does not know what it means would do it harm.
(3) A mark of version and declarations is kept in the file, so that an unchanged database opens at once.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from connector.store.columns import KINDS
from connector.store.errors import StoreError, StoreForeign

if TYPE_CHECKING:
    import sqlite3

    from connector.store.table import Table

# "PnSt": tells our files from other people's databases
APPLICATION_ID = 0x506E5374
# raised whenever what is kept changes its meaning, or a program that does not know of it would do harm
VERSION = 1
# files of before versions were counted have no such table
UNCOUNTED = 0


def apply(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> None:
    """Create what is missing; of several processes that open one file at once the first one does it."""
    if _is_marked(connection, tables):
        return
    from sqlite_utils import Database  # noqa: PLC0415 (it drags pandas in where that is: only when needed, and unlocked)

    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_marked(connection, tables):
            refuse_foreign(connection, empty=True)
            _note_version(connection)
            database = Database(connection, recursive_triggers=False)
            for table in tables:
                _create_table(database, table)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}").fetchone()
            connection.execute(f"PRAGMA user_version={mark(tables)}").fetchone()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _is_marked(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> bool:
    known = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    return known == (APPLICATION_ID, mark(tables))


def mark(tables: tuple[Table, ...]) -> int:
    """Return 31 bits that change with the version and the declarations."""
    return int.from_bytes(hashlib.sha256(repr((VERSION, tables)).encode()).digest()[:4]) >> 1


def refuse_foreign(connection: sqlite3.Connection, *, empty: bool = False) -> None:
    """Raise StoreForeign for a file that is not of this version; a new one passes where it may be `empty`."""
    filled = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if empty and not filled:
        return
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreForeign("this file is a database, but not one of penstock", "choose another data directory")
    found = _version(connection)
    if found != VERSION:
        age = "a newer" if found > VERSION else "an older"
        told = "before versions were counted" if found == UNCOUNTED else f"version `{found}`"
        raise StoreForeign(
            f"this database is of {age} penstock ({told}; this program keeps version `{VERSION}`) and was not touched",
            "serve it with the program that made it, or begin a new data directory",
        )


def _version(connection: sqlite3.Connection) -> int:
    if not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'store_version'").fetchone()[0]:
        return UNCOUNTED
    return int(connection.execute("SELECT max(version) FROM store_version").fetchone()[0])


def _note_version(connection: sqlite3.Connection) -> None:
    if _version(connection) == UNCOUNTED:
        connection.execute("CREATE TABLE store_version (version INTEGER NOT NULL) STRICT")
        connection.execute("INSERT INTO store_version VALUES (?)", (VERSION,))


def _create_table(database: Any, table: Table) -> None:
    made = database[table.name]
    types = {name: KINDS[kind].sql for name, kind in table.kinds().items()}
    if not made.exists():
        made.create(types, pk=table.key if len(table.key) > 1 else table.key[0], not_null=table.key, strict=True)
    existing = {column.name: column.type for column in made.columns}
    for name, sql in types.items():
        if name not in existing:
            made.add_column(name, sql)
        elif existing[name] != sql:
            raise StoreError(f"`{table.name}.{name}` is {existing[name]} in the file, but declared as {sql}")
    for columns in table.unique:
        made.create_index(columns, unique=True, if_not_exists=True)
    for columns in table.index:
        made.create_index(columns, if_not_exists=True)


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
