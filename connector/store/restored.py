"""The mark of a database that came out of a back-up: it may lack what was signed after it, so it signs nothing yet.

Law: the mark is in the database itself, so that no file can be forgotten; it goes in the transaction of the event
`log.restored`, which is the first that is recorded after the log was caught up (spec 7).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from connector.store.rows.console import FactRow

if TYPE_CHECKING:
    import sqlite3

    from connector.store.transaction import Tx

FACT = "restored"
# what tells this database from any other: who read on from it begins again (`connector.exchange.federation.changes`)
DRAWN_AGAIN = (("changes.epoch",),)


@dataclass(frozen=True, slots=True)
class Restored:
    """When it was restored (`at`), of when the back-up is (`made`), how far its log reaches, and where the rest may be.

    `without` are members that are not waited for.
    """

    at: datetime
    made: datetime
    size: int
    root: str
    mirror: str = ""
    without: tuple[str, ...] = ()


def mark(database: sqlite3.Connection, told: Restored) -> None:
    """Mark a database that nobody has opened yet; leases of who held it before end, and so do others' places in it."""
    database.execute("BEGIN IMMEDIATE")
    value = orjson.dumps(_value(told)).decode()
    database.execute("INSERT OR REPLACE INTO facts (name, value) VALUES (?, ?)", (FACT, value))
    database.execute("DELETE FROM leases")
    database.executemany("DELETE FROM facts WHERE name = ?", DRAWN_AGAIN)
    database.execute("COMMIT")


def set_mark(tx: Tx, told: Restored) -> None:
    """Mark a database that is open: others' places in it end, its leases are of those who opened it since."""
    tx.put(FactRow(name=FACT, value=_value(told)))
    for (name,) in DRAWN_AGAIN:
        tx.delete(FactRow, name=name)


def _value(told: Restored) -> dict[str, Any]:
    return asdict(told) | {"at": told.at.isoformat(), "made": told.made.isoformat()}


def marked(tx: Tx) -> Restored | None:
    """Return the mark, None for a database that was never restored or has caught up."""
    row = tx.get(FactRow, name=FACT)
    if row is None:
        return None
    told = row.value
    at, made = (datetime.fromisoformat(told[name]) for name in ("at", "made"))
    return Restored(at, made, told["size"], told["root"], told["mirror"], tuple(told["without"]))


def clear(tx: Tx) -> None:
    """Take the mark away."""
    tx.delete(FactRow, name=FACT)
