"""Bring a database file to the declared tables, or refuse.

Law: declarations only grow. Missing tables, columns and indexes are made in one transaction; a column that exists with
another type is refused, because its values would be read wrongly. A mark of the declarations is kept in the file, so
that an unchanged database opens without loading sqlite-utils.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from connector.store.columns import KINDS
from connector.store.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

    from connector.store.table import Table

# "PnSt": tells our files from other people's databases
APPLICATION_ID = 0x506E5374


def apply(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> None:
    """Create what is missing; of several processes that open one file at once the first one does it."""
    if _is_marked(connection, tables):
        return
    from sqlite_utils import Database  # noqa: PLC0415 (it drags pandas in where that is: only when needed, and unlocked)

    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_marked(connection, tables):
            _refuse_foreign(connection)
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
    """Return 31 bits that change with the declarations."""
    return int.from_bytes(hashlib.sha256(repr(tables).encode()).digest()[:4]) >> 1


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    filled = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if filled and _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreError("this file is a database, but not one of penstock; choose another data directory")


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
