"""How a database of an older version becomes one of this: a step for each version, in the transaction of the opening.

Law: (1) a step turns exactly its version into the next one; the chain of steps from an older version to this one is
taken whole or not at all. (2) There is no step back: a newer file, or one with tables and columns that this program
does not declare, is refused and not touched. (3) A version without a step is refused as well: who cannot say what it
meant would do it harm.
"""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

from connector.store.errors import StoreForeign

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence

    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

    # a connection, to a file or a server, and who wraps what is to rest wrapped
    Step = Callable[[Any, Wrapping | None], None]

# the version that this program keeps; raised with a step whenever what is kept changes its meaning, or a program that
# does not know of it would do harm
VERSION = 4
# SQLite's own tables, and the one that counts versions
OWN_TABLES = frozenset({"store_version"})


def _sends_apart(connection: sqlite3.Connection, _wrapping: Wrapping | None) -> None:
    """From 1: signed transactions have a table of their own, acts of one parcel share a nonce, versions say by whom.

    What was signed is sent again byte for byte (price 0: never replaced). Files of the later days of version 1 have
    some of this already.
    """
    connection.execute("ALTER TABLE store_version ADD COLUMN program TEXT")
    if "raw" in _columns(connection, "chain_txs"):
        connection.execute(_CHAIN_SENDS)
        connection.execute(
            "INSERT OR IGNORE INTO chain_sends (hash, nonce, raw, price, tip, sent) "
            "SELECT hash, nonce, raw, 0, 0, created FROM chain_txs WHERE raw IS NOT NULL AND hash IS NOT NULL"
        )
        connection.execute("ALTER TABLE chain_txs DROP COLUMN raw")
    connection.execute("DROP INDEX IF EXISTS idx_chain_txs_nonce")
    if "words" in _columns(connection, "listings"):
        connection.execute("ALTER TABLE listings DROP COLUMN words")


_CHAIN_SENDS = (
    'CREATE TABLE IF NOT EXISTS "chain_sends" ("hash" TEXT PRIMARY KEY NOT NULL, "nonce" INTEGER, "raw" BLOB, '
    '"price" INTEGER, "tip" INTEGER, "sent" INTEGER) STRICT'
)


def _preimages_wrapped(connection: Any, wrapping: Wrapping | None) -> None:
    """From 2: what opens keys (a window's preimage and its masked secrets) rests wrapped."""
    place: tuple[Any, Any] = ("", -1)
    while rows := connection.execute(_PLAIN, (*place[:1], *place)).fetchall():
        if wrapping is None:
            raise StoreForeign(
                "this database is of an older penstock: it holds secrets that are to rest wrapped from now on",
                "start `penstock serve` once: it has the key for them",
            )
        for channel, seq, secret, masked in rows:
            values = [
                None if value is None else wrapping.wrap(f"windows.{name}", value)
                for name, value in (("secret", secret), ("masked", masked))
            ]
            connection.execute(_WRAPPED, (*values, channel, seq))
            place = channel, seq


# so many windows are looked at together: one of the most rows has 300 kB
WRAPPED_AT_ONCE = 64
_PLAIN = (
    "SELECT channel, seq, secret, masked FROM windows WHERE (channel > ? OR (channel = ? AND seq > ?)) "  # noqa: S608 - a number of ours
    f"AND (secret IS NOT NULL OR masked IS NOT NULL) ORDER BY channel, seq LIMIT {WRAPPED_AT_ONCE}"
)
_WRAPPED = "UPDATE windows SET secret = ?, masked = ? WHERE channel = ? AND seq = ?"


def _said_once(connection: Any, _wrapping: Wrapping | None) -> None:
    """From 3: rows say once what they said twice, typed values rest packed, entries of the log may rest in objects.

    Rows that are there stay as they are and are read, so the step takes no longer where there are many.
    """
    for name in _UNUSED_INDEXES:
        connection.execute(f"DROP INDEX IF EXISTS {name}")


# others of the same tables begin with their column
_UNUSED_INDEXES = ("idx_negotiations_state", "idx_transfers_state")
# version → the step to the next
STEPS: Mapping[int, Step] = {1: _sends_apart, 2: _preimages_wrapped, 3: _said_once}
# the same on a server: there was none in version 1
SERVER_STEPS: Mapping[int, Step] = {2: _preimages_wrapped, 3: _said_once}
# versions whose databases may hold plain what rests wrapped now: what is left of it in free pages goes, too
PLAIN_VERSIONS = frozenset({1, 2})


def reaches(found: int, steps: Mapping[int, object] = STEPS) -> bool:
    """Whether steps lead from version `found` to ours."""
    return found <= VERSION and all(version in steps for version in range(found, VERSION))


def begin(connection: sqlite3.Connection) -> None:
    """Note our version in a new file."""
    connection.execute("CREATE TABLE store_version (version INTEGER NOT NULL, program TEXT) STRICT")
    _note(connection, VERSION)


def upgrade(connection: sqlite3.Connection, found: int, wrapping: Wrapping | None) -> None:
    """Take every step from `found` to our version, within the caller's transaction."""
    for version in range(found, VERSION):
        STEPS[version](connection, wrapping)
        _note(connection, version + 1)


def refuse_undeclared(connection: sqlite3.Connection, tables: Sequence[Table]) -> None:
    """Raise StoreForeign for a file with tables or columns of a later program: an earlier one may not write to it."""
    declared = {table.name: set(table.kinds()) for table in tables}
    names = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    unknown = []
    for (name,) in names.fetchall():
        if name in OWN_TABLES:
            continue
        if name not in declared:
            unknown.append(name)
            continue
        unknown += [f"{name}.{column}" for column in _columns(connection, name) if column not in declared[name]]
    refuse_unknown(unknown)


def refuse_unknown(names: Sequence[str]) -> None:
    """Raise StoreForeign for names of tables or columns that this program does not declare; none are well."""
    if names:
        raise StoreForeign(
            f"this database was served by a newer penstock (it has `{'`, `'.join(sorted(names)[:5])}`) "
            "and was not touched",
            "serve it with the newer program; an older one never takes over what a newer one kept",
        )


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,))]


def _note(connection: sqlite3.Connection, version: int) -> None:
    connection.execute("INSERT INTO store_version (version, program) VALUES (?, ?)", (version, _program()))


def _program() -> str:
    try:
        return "penstock " + importlib.metadata.version("penstock")
    except importlib.metadata.PackageNotFoundError:
        return "penstock"
