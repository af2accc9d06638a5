"""The rows of audits before that are judged once more: those of each matter to which something new came.

Law: a matter is recalled whole, from all tables before, or not at all; its rows then lie beside the new ones, and a
rule that goes through the events of a kind meets these two alone. A row that was judged is marked: what it counts for
has been counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import orjson

from ledger.audit import matters
from ledger.audit.event import Row, key_of, keys_of
from ledger.audit.tables import COLUMNS, MATTERS, TIES, names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Mapping

# part → number of a log → the index below which its rows were judged, of those that are not judged whole
Bounds: TypeAlias = "Mapping[str, Mapping[int, int]]"
NEVER = 1 << 62
SIGNED = "agreement.signed"
_COPIED = ", ".join(("log", *Row._fields))


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables of what is recalled, and of what names what."""
    connection.execute(f"create table main.recalled ({COLUMNS}, judged integer)")
    connection.execute(TIES.format("main"))


def finish(connection: sqlite3.Connection) -> None:
    """Make the rows ready to be read by kind and by partition."""
    connection.execute("create index main.recalled_by_kind on recalled (log, kind, idx)")
    connection.execute("create index main.recalled_by_part on recalled (key, log, idx)")


def tie(connection: sqlite3.Connection) -> None:
    """Take down what the new rows name."""
    marks = ", ".join("?" * len(matters.TIES))
    asked = f"select kind, part, fields from main.entries where kind in ({marks}) and length(fields) > 2"  # noqa: S608 - all our own
    found = {
        pair
        for kind, part, fields in connection.execute(asked, tuple(matters.TIES))
        for other in matters.names(kind, orjson.loads(fields))
        for pair in ((part, other), (other, part))
    }
    connection.executemany("insert into main.ties values (?, ?)", found)


def touched(connection: sqlite3.Connection, count: int) -> set[str]:
    """Return the partitions of all new rows, and of those rows before that have the name of a new one."""
    asked = f"select distinct part from main.entries where {MATTERS}"  # noqa: S608 - all our own
    found = set(_firsts(connection.execute(asked)))
    for before in names(count):
        asked = f"""select distinct old.part from main.entries as new join {before}.entries as old
            on old.named = new.named and old.name = new.name where new.named is not null"""  # noqa: S608 - all our own
        found.update(_firsts(connection.execute(asked)))
    return found


def reach(connection: sqlite3.Connection, count: int, parts: Iterable[str]) -> set[str]:
    """Return all partitions of the matters of these."""
    asked = (f"select other from {one}.ties where part = ?1" for one in ("main", *names(count)))  # noqa: S608 - as above
    every = " union ".join(asked)
    found, next_ones = set(parts), list(parts)
    while next_ones:
        others = set(_firsts(connection.execute(every, (next_ones.pop(),)))) - found
        found |= others
        next_ones += others
    return found


def recall(connection: sqlite3.Connection, count: int, parts: Iterable[str], bounds: Bounds) -> None:
    """Lay the kept rows of whole matters beside the new ones, marked by whether they were judged."""
    connection.execute("create temp table bounds (part text, log integer, idx integer, primary key (part, log))")
    rows = ((part, log, index) for part, below in bounds.items() for log, index in below.items())
    connection.executemany("insert into temp.bounds values (?, ?, ?)", rows)
    unjudged = {*bounds, *_first_signed(connection, count)}
    below = "coalesce((select b.idx from temp.bounds as b where b.part = e.part and b.log = e.log), ?1)"
    for part in parts:
        keys, unless = keys_of(part), 0 if part in unjudged else NEVER
        for before in names(count):
            asked = f"""insert into main.recalled select {_COPIED}, e.idx < {below} from {before}.entries as e
                where e.key between ?2 and ?3 and e.part = ?4 and {MATTERS}"""  # noqa: S608 - all our own
            connection.execute(asked, (unless, keys.start, keys.stop - 1, part))
    connection.execute("drop table temp.bounds")


def judged(connection: sqlite3.Connection) -> Bounds:
    """Return what of the recalled matters was judged."""
    found: dict[str, dict[int, int]] = {}
    asked = "select part, log, max(idx) + 1 from main.recalled where judged group by part, log"
    for part, log, index in connection.execute(asked):
        found.setdefault(part, {})[log] = index
    return found


def _first_signed(connection: sqlite3.Connection, count: int) -> Iterator[str]:
    """Yield the agreements that are new, although something named them before: nothing was counted under them."""
    for part in _firsts(connection.execute("select distinct part from main.entries where kind = ?", (SIGNED,))):
        every = (f"select 1 from {one}.entries where key = ?1 and part = ?2" for one in names(count))  # noqa: S608 - all our own
        kept = " union all ".join(every)
        if not kept or connection.execute(f"{kept} limit 1", (key_of(SIGNED, part), part)).fetchone() is None:
            yield part


def _firsts(rows: Iterable[tuple[str]]) -> Iterator[str]:
    return (first for (first,) in rows)
