"""Bring a database file to the declared tables, or refuse.

Law: (1) within one VERSION declarations only grow. Missing tables, columns and indexes are made in one transaction; a
column that exists with another type is refused, because its values would be read wrongly. (2) A file of an older
version is brought to ours by steps (`connector.store.upgrades`); a newer one, and one from which no steps lead here, is
refused in words and not touched: who does not know what it means would do it harm. (3) A mark of version and
declarations is kept in the file, so that an unchanged database opens at once.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from typing import TYPE_CHECKING, Any

from connector.store import upgrades
from connector.store.columns import KINDS
from connector.store.errors import StoreError, StoreForeign
from connector.store.upgrades import PLAIN_VERSIONS, VERSION

if TYPE_CHECKING:
    import sqlite3
    from types import ModuleType

    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

# "PnSt": tells our files from other people's databases
APPLICATION_ID = 0x506E5374
# files of before versions were counted have no such table
UNCOUNTED = 0
# what sqlite-utils loads if it can
UNNEEDED = ("pandas", "numpy")
# in place of the mark, until the file was written anew: free pages may still hold what the steps have wrapped
REMAINS = 1


def apply(connection: sqlite3.Connection, tables: tuple[Table, ...], wrapping: Wrapping | None = None) -> None:
    """Create what is missing; of several processes that open one file at once the first one does it."""
    if _is_marked(connection, tables):
        return
    library = _library()
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _is_marked(connection, tables):
            remains = _bring_to_ours(connection, tables, wrapping)
            database = library.Database(connection, recursive_triggers=False)
            for table in tables:
                _create_table(database, table)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}").fetchone()
            connection.execute(f"PRAGMA user_version={REMAINS if remains else mark(tables)}").fetchone()
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    if _pragma(connection, "user_version") == REMAINS:
        _write_anew(connection)
        connection.execute(f"PRAGMA user_version={mark(tables)}").fetchone()


def _library() -> ModuleType:
    """Return sqlite-utils, loaded only when it is needed and unlocked.

    Where pandas and numpy are installed it would load them for types of columns that we have none of: half of a
    participant's memory, kept from its first start to its end. They are out of its sight meanwhile.
    """
    hidden = [name for name in UNNEEDED if name not in sys.modules]
    absent: dict[str, Any] = dict.fromkeys(hidden)
    sys.modules.update(absent)
    try:
        return importlib.import_module("sqlite_utils")
    finally:
        for name in hidden:
            del sys.modules[name]


def _write_anew(connection: sqlite3.Connection) -> None:
    """Leave nothing in the file but its rows: not the pages that are free, not the log of writes."""
    temporary = _pragma(connection, "temp_store")
    connection.execute("PRAGMA temp_store=FILE").fetchone()  # a copy of the whole is no matter for memory
    connection.execute("VACUUM")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute(f"PRAGMA temp_store={temporary}").fetchone()


def _is_marked(connection: sqlite3.Connection, tables: tuple[Table, ...]) -> bool:
    known = _pragma(connection, "application_id"), _pragma(connection, "user_version")
    return known == (APPLICATION_ID, mark(tables))


def mark(tables: tuple[Table, ...]) -> int:
    """Return 31 bits that change with the version and the declarations."""
    return int.from_bytes(hashlib.sha256(repr((VERSION, tables)).encode()).digest()[:4]) >> 1


def _bring_to_ours(connection: sqlite3.Connection, tables: tuple[Table, ...], wrapping: Wrapping | None) -> bool:
    """Count the versions of a new file, take an older one to ours; raises StoreForeign for any other.

    Returns whether free pages may still hold what must not be read there.
    """
    if not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
        upgrades.begin(connection)
        return False
    found = _own_version(connection)
    if not upgrades.reaches(found):
        raise _of_another_version(found)
    remains = found in PLAIN_VERSIONS or _pragma(connection, "user_version") == REMAINS
    upgrades.upgrade(connection, found, wrapping)
    upgrades.refuse_undeclared(connection, tables)
    return remains


def refuse_foreign(connection: sqlite3.Connection) -> None:
    """Raise StoreForeign for a file that is not of this version, by whoever only looks at it."""
    found = _own_version(connection)
    if found == VERSION:
        return
    if upgrades.reaches(found):
        raise StoreForeign(
            f"this database is of an older penstock (version `{found}`; this program keeps version `{VERSION}`)",
            "start `penstock serve` once: it brings the database to its own version",
        )
    raise _of_another_version(found)


def _own_version(connection: sqlite3.Connection) -> int:
    """Return the version of a file of ours; raises StoreForeign for somebody else's."""
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreForeign("this file is a database, but not one of penstock", "choose another data directory")
    return _version(connection)


def _of_another_version(found: int) -> StoreForeign:
    age = "a newer" if found > VERSION else "an older"
    told = "before versions were counted" if found == UNCOUNTED else f"version `{found}`"
    return StoreForeign(
        f"this database is of {age} penstock ({told}; this program keeps version `{VERSION}`) and was not touched",
        "serve it with the program that made it, or begin a new data directory",
    )


def _version(connection: sqlite3.Connection) -> int:
    if not connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'store_version'").fetchone()[0]:
        return UNCOUNTED
    return int(connection.execute("SELECT max(version) FROM store_version").fetchone()[0])


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
