"""Erasing what an entry discloses: the values go, the entry and its proof stand (spec 7).

Law: an erasure is an event itself, in the same transaction, so nobody can take values away unseen. What a write-ahead
log, PostgreSQL's dead rows before they are vacuumed and copies of the database hold of them is not reached from here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.runtime.errors import Absent, Conflict
from connector.store.rows.evidence import LogEntryRow

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

KIND = "disclosure.erased"
# a row that shrinks leaves its old bytes in its page; as zeros they tell nothing
_OVERWRITE = "UPDATE log_entries SET box = ? WHERE idx = ?"


def erase(tx: Tx, evidence: Evidence, index: int, reason: str, now: datetime) -> int:
    """Erase the box of an entry; return the index of the event that says so.

    Raises `Absent` where there is no such entry, `Conflict` where nothing is disclosed any more.
    """
    row = tx.get(LogEntryRow, idx=index)
    if row is None:
        raise Absent(f"the log has no entry {index}", "`penstock log head` says how many there are")
    if row.box is None:
        raise Conflict(f"entry {index} discloses nothing any more")
    tx.execute(_OVERWRITE, bytes(len(row.box)), index)
    tx.change(row, replace(row, box=None, box_key=None))
    fields = {"index": str(index), "reason": reason}
    return evidence.record(tx, KIND, part=evidence.origin, link=[row.leaf.hex()], fields=fields, now=now)
