"""An audit of some matters only, of all that was read: which there are, and the rows that rules go through.

Law: rows are not moved. Whoever goes through a kind meets those of the matters that are to be judged; whoever looks
something up by partition or name finds it in all rows, as in an audit of everything.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import orjson

from ledger.audit.tables import MATTERS, names

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

# what a row has to fulfil where a kind is gone through
AMONG = "part in (select part from main.narrowed)"


def parts(connection: sqlite3.Connection, count: int) -> Iterator[str]:
    """Yield all partitions whose rows belong to a matter, in the new table and so many kept ones."""
    every = (f"select part from {one}.entries where {MATTERS}" for one in ("main", *names(count)))  # noqa: S608 - all our own
    return (part for (part,) in connection.execute(" union ".join(every)))


def ties(connection: sqlite3.Connection, count: int) -> Iterator[tuple[str, str]]:
    """Yield the pairs of partitions that belong together: one names the other, or rows of both have one name."""
    for one in ("main", *names(count)):
        yield from connection.execute(f"select part, other from {one}.ties")  # noqa: S608 - as above
    named = (f"select kind, name, part from {one}.entries where named is not null" for one in ("main", *names(count)))  # noqa: S608 - as above
    every = " union ".join(named)
    asked = f"select json_group_array(part) from ({every}) group by kind, name having count(*) > 1"  # noqa: S608 - as above
    for (alike,) in connection.execute(asked):
        yield from pairwise(orjson.loads(alike))


def narrow(connection: sqlite3.Connection, wanted: Iterable[str]) -> None:
    """Have rows of these partitions alone gone through."""
    connection.execute("create table main.narrowed (part text primary key) without rowid")
    connection.executemany("insert into main.narrowed values (?)", ((part,) for part in wanted))
