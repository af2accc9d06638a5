"""Bring a PostgreSQL schema to the declared tables, or refuse; the laws are those of `connector.store.schema`.

Text is compared by its code points whatever the server's language, and what is indexed puts NULL first, as SQLite does.
"""

from __future__ import annotations

import hashlib
from types import MappingProxyType
from typing import TYPE_CHECKING

from connector.runtime.errors import Absent
from connector.store import upgrades
from connector.store.columns import KINDS
from connector.store.errors import StoreError, StoreForeign
from connector.store.schema import APPLICATION_ID, mark

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.store.postgres_session import Session
    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

# a kind's SQL type on SQLite → the declaration here, and the type as the server names it
TYPES = {"TEXT": ('text COLLATE "C"', "text"), "INTEGER": ("bigint", "bigint"), "BLOB": ("bytea", "bytea")}
# one row: what made this schema, which declarations it has, how many commits it has seen
MARK = "store_mark"
NAME_CHARACTERS_MAX = 63
# who only looks takes no step
NO_STEPS: Mapping[int, object] = MappingProxyType({})
_VERSION = f"SELECT version FROM {MARK}"  # noqa: S608 - a name of ours
_FOUND = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"


def apply(session: Session, tables: tuple[Table, ...], wrapping: Wrapping | None) -> None:
    """Create what is missing; of several processes that open one schema at once the first one does it."""
    if _is_marked(session, tables):
        return
    session.run("BEGIN")
    try:
        # of this schema: the others of one database are other participants', who wait for nobody
        session.run(f"SELECT pg_advisory_xact_lock({APPLICATION_ID}, hashtext(current_schema()))")
        if not _is_marked(session, tables):
            _refuse_foreign(session, empty=True, steps=upgrades.SERVER_STEPS)
            _upgrade(session, wrapping)
            _refuse_undeclared(session, tables)
            _note(session, mark(tables))
            for table in tables:
                _create(session, table)
        session.run("COMMIT")
    except BaseException:
        if not session.connection.closed:
            session.run("ROLLBACK")
        raise


def refuse_foreign(session: Session) -> None:
    """Raise StoreForeign for a schema that is not of this version, `Absent` for one without tables."""
    _refuse_foreign(session, empty=False)


def _is_marked(session: Session, tables: tuple[Table, ...]) -> bool:
    if not _count(session, f"{_FOUND} AND table_name = '{MARK}'"):
        return False
    row = session.run(f"SELECT version, mark FROM {MARK}").fetchone()  # noqa: S608 - a name of ours
    return row == (upgrades.VERSION, mark(tables))


def _upgrade(session: Session, wrapping: Wrapping | None) -> None:
    """Take every step from the version that is found to ours, within the caller's transaction."""
    if not _count(session, _FOUND):
        return
    for version in range(_count(session, _VERSION), upgrades.VERSION):
        upgrades.SERVER_STEPS[version](session, wrapping)
        session.run(f"UPDATE {MARK} SET version = {version + 1}")  # noqa: S608 - a name and a number of ours


def _refuse_undeclared(session: Session, tables: tuple[Table, ...]) -> None:
    """Raise StoreForeign for a schema with tables or columns of a later program: an earlier one may not write to it."""
    declared = {(table.name, column) for table in tables for column in table.kinds()}
    found = session.run(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema()"
    ).fetchall()
    others = [column for column in found if column[0] != MARK and column not in declared]
    upgrades.refuse_unknown([f"{table}.{column}" for table, column in others])


def _refuse_foreign(session: Session, *, empty: bool, steps: Mapping[int, object] = NO_STEPS) -> None:
    filled = _count(session, _FOUND)
    if not filled:
        if empty:
            return
        raise Absent("the database has no tables yet", "start `penstock serve`")
    if not _count(session, f"{_FOUND} AND table_name = '{MARK}'"):
        raise StoreForeign("this schema has tables, but not those of penstock", "choose another database or schema")
    found = _count(session, _VERSION)
    if not upgrades.reaches(found, steps):
        age, served = (
            ("a newer" if found > upgrades.VERSION else "an older"),
            upgrades.reaches(found, upgrades.SERVER_STEPS),
        )
        raise StoreForeign(
            f"this database is of {age} penstock (version `{found}`; this program keeps version `{upgrades.VERSION}`) "
            "and was not touched",
            "start `penstock serve` once: it brings the database to its own version"
            if served
            else "serve it with the program that made it, or begin a new database",
        )


def _note(session: Session, declared: int) -> None:
    session.run(
        f"CREATE TABLE IF NOT EXISTS {MARK} (version int NOT NULL, mark bigint NOT NULL, number bigint NOT NULL)"
    )
    if _count(session, f"SELECT count(*) FROM {MARK}"):  # noqa: S608 - a name of ours
        session.run(f"UPDATE {MARK} SET mark = {declared}")  # noqa: S608 - a name and a number of ours
    else:
        session.run(f"INSERT INTO {MARK} VALUES ({upgrades.VERSION}, {declared}, 0)")  # noqa: S608 - the same


def _create(session: Session, table: Table) -> None:
    declared = {name: TYPES[KINDS[kind].sql] for name, kind in table.kinds().items()}
    columns = [f'"{name}" {sql}' for name, (sql, _) in declared.items()]
    key = ", ".join(f'"{name}"' for name in table.key)
    session.run(f'CREATE TABLE IF NOT EXISTS "{table.name}" ({", ".join(columns)}, PRIMARY KEY ({key}))')
    asked = "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = current_schema()"
    existing = dict(session.run(f"{asked} AND table_name = '{table.name}'").fetchall())
    for name, (sql, called) in declared.items():
        if name not in existing:
            session.run(f'ALTER TABLE "{table.name}" ADD COLUMN "{name}" {sql}')
        elif existing[name] != called:
            raise StoreError(f"`{table.name}.{name}` is {existing[name]} in the database, but declared as {called}")
    for kind, sets in (("UNIQUE INDEX", table.unique), ("INDEX", table.index)):
        for names in sets:
            parts = ", ".join(f'"{name}"' if name in table.key else f'"{name}" NULLS FIRST' for name in names)
            session.run(f'CREATE {kind} IF NOT EXISTS "{_index(table, names)}" ON "{table.name}" ({parts})')


def _index(table: Table, names: tuple[str, ...]) -> str:
    name = "_".join(("idx", table.name, *names))
    if len(name) <= NAME_CHARACTERS_MAX:
        return name
    return f"{name[: NAME_CHARACTERS_MAX - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _count(session: Session, sql: str) -> int:
    row = session.run(sql).fetchone()
    return int(row[0]) if row else 0
