"""The tables in which an audit's events lie: one for each audit, and those that are kept for the next ones.

Law: a kept table is written once, under a name of its own, and never changed; whoever uses it has held its bytes
against their digest before. It has the rows of full bundles, each bundle in one table only, and the leaf hashes of all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

from ledger.audit.matters import ALONE
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping, Sequence

COLUMNS = """log integer, key integer, named integer, idx integer, kind text, part text, name text, link blob,
    time integer, block integer, block_hash blob, leaf blob, fields blob"""
ENTRIES = f"create table {{0}}.entries ({COLUMNS})"
INDEXES = (
    "create index {0}.by_kind on entries (log, kind, idx)",
    "create index {0}.by_part on entries (key, log, idx)",
    "create index {0}.by_name on entries (named, log, idx) where named is not null",
)
# which partition names which other, both ways (`ledger.audit.matters`)
TIES = "create table {0}.ties (part text, other text, primary key (part, other)) without rowid"
BUNDLES = "create table {0}.bundles (log integer, bundle integer, leaves blob, primary key (log, bundle))"
# of these the roots, close together: they are read each time
ROOTS = "create table {0}.roots (log integer, bundle integer, root blob, primary key (log, bundle)) without rowid"
# rows that belong to a matter (`ledger.audit.matters`); the names are our own
MATTERS = f"kind not in ({', '.join(map(repr, ALONE))})"
# an event has about a kilobyte: more of them fit a page without a second one for the rest
PAGE = "pragma page_size = 8192"
# SQLite reads ten beside each other; before there are more they are written as one
TABLES_MAX = 8


# roots that a log had at sizes that were asked for: where its heads were anchored, or seen by others
HEADS = "create table {0}.heads (log integer, size integer, root blob, primary key (log, size)) without rowid"


@dataclass(slots=True)
class Wanted:
    """What a new table is to hold of this audit's rows, by number of the log, then by bundle.

    `rows` are the bundles whose rows are kept, `leaves` bundle → 256 leaf hashes, `roots` bundle → their root, `heads`
    size → root. The newest `merged` of the tables before are taken over, so that they are not needed any more: of them
    the logs of `logs`.
    """

    rows: dict[int, list[int]] = field(default_factory=dict)
    leaves: dict[int, Mapping[int, bytes]] = field(default_factory=dict)
    roots: dict[int, Mapping[int, bytes]] = field(default_factory=dict)
    heads: dict[int, Mapping[int, bytes]] = field(default_factory=dict)
    merged: int = 0
    logs: frozenset[int] = frozenset()


def names(count: int) -> Sequence[str]:
    """Return the names under which so many kept tables are attached."""
    return [f"before{at}" for at in range(count)]


def attach(connection: sqlite3.Connection, paths: Sequence[str]) -> None:
    """Attach kept tables to be read."""
    for name, path in zip(names(len(paths)), paths, strict=True):
        connection.execute(f"attach ? as {name}", (f"file:{quote(path)}?mode=ro&immutable=1",))


def roots(connection: sqlite3.Connection, count: int, log: int) -> bytes:
    """Return the roots of a log's bundles out of so many kept tables, in order of the bundles."""
    if not count:
        return b""
    every = [f"select bundle, root from {one}.roots where log = ?1" for one in names(count)]  # noqa: S608 - no value of anybody's is in it
    return b"".join(root for _, root in connection.execute(f"{' union all '.join(every)} order by bundle", (log,)))


def heads(connection: sqlite3.Connection, count: int, log: int) -> dict[int, bytes]:
    """Return size → root of a log as so many kept tables have them."""
    found: dict[int, bytes] = {}
    for one in names(count):
        asked = f"select size, root from {one}.heads where log = ?"  # noqa: S608 - as above
        found.update(connection.execute(asked, (log,)).fetchall())
    return found


def leaves(connection: sqlite3.Connection, count: int, log: int, bundle: int) -> bytes:
    """Return the leaf hashes of a log's bundle out of so many kept tables; nothing if it is in none."""
    for one in names(count):
        asked = f"select leaves from {one}.bundles where log = ? and bundle = ?"  # noqa: S608 - as above
        for (found,) in connection.execute(asked, (log, bundle)):
            return bytes(found)
    return b""


def keep(connection: sqlite3.Connection, count: int, wanted: Wanted, place: str) -> None:
    """Write a table to be kept at a path where no file is; `connection` has so many others attached."""
    connection.execute("attach ? as kept", (f"file:{quote(place)}?mode=rwc",))
    try:
        connection.execute("pragma kept.page_size = 8192").fetchall()
        # no transaction is undone: a table that was not finished is in no document
        connection.execute("pragma kept.journal_mode = off").fetchall()
        connection.execute("begin")
        for made in (ENTRIES, BUNDLES, ROOTS, HEADS, TIES):
            connection.execute(made.format("kept"))
        _copy_new(connection, wanted)
        connection.execute("insert into kept.ties select part, other from main.ties")
        _copy_old(connection, names(count)[count - wanted.merged :], wanted.logs)
        for index in INDEXES:
            connection.execute(index.format("kept"))
        connection.execute("commit")
    finally:
        if connection.in_transaction:
            connection.execute("rollback")
        connection.execute("detach kept")


def loose(connection: sqlite3.Connection, wanted: Wanted) -> set[str]:
    """Return the partitions of the rows of this audit that are not wanted."""
    with _marked(connection, wanted) as told:
        asked = f"select distinct part from main.entries as e where not {told} and {MATTERS}"  # noqa: S608 - all our own
        return {part for (part,) in connection.execute(asked, (TILE_WIDTH_HASHES,))}


@contextmanager
def _marked(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[str]:
    """Yield the condition that says of a row `e` whether it is wanted; its ?1 is the width of a bundle."""
    connection.execute("create temp table wanted (log integer, bundle integer, primary key (log, bundle))")
    try:
        pairs = [(log, bundle) for log, bundles in wanted.rows.items() for bundle in bundles]
        connection.executemany("insert into temp.wanted values (?, ?)", pairs)
        yield "exists (select 1 from temp.wanted as w where w.log = e.log and w.bundle = e.idx / ?1)"
    finally:
        connection.execute("drop table temp.wanted")


def _copy_new(connection: sqlite3.Connection, wanted: Wanted) -> None:
    with _marked(connection, wanted) as told:
        asked = f"insert into kept.entries select e.* from main.entries as e where {told}"  # noqa: S608 - all our own
        connection.execute(asked, (TILE_WIDTH_HASHES,))
    for table, by_log in (("bundles", wanted.leaves), ("roots", wanted.roots), ("heads", wanted.heads)):
        rows = ((log, at, body) for log, found in by_log.items() for at, body in found.items())
        connection.executemany(f"insert or ignore into kept.{table} values (?, ?, ?)", rows)  # noqa: S608 - all our own


def _copy_old(connection: sqlite3.Connection, before: Sequence[str], logs: frozenset[int]) -> None:
    for name in before:
        connection.execute(f"insert or ignore into kept.ties select * from {name}.ties")  # noqa: S608 - all our own
        for table in ("entries", "bundles", "roots", "heads"):
            asked = f"insert or ignore into kept.{table} select * from {name}.{table} where log = ?"  # noqa: S608 - all our own
            connection.executemany(asked, [(log,) for log in sorted(logs)])
