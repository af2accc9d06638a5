"""Erasing what an entry discloses: the values go, the entry and its proof stand (spec 7).

Law: an erasure is an event itself, in the same transaction, so nobody can take values away unseen. An entry that rests
in an object comes back into the tables with its whole bundle, and the object is removed in the next round of chores;
later another one is made without the box. What a write-ahead log, PostgreSQL's dead rows before they are vacuumed, a
disk under a file that was removed, and copies of the database hold of the values is not reached from here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.runtime.errors import Absent, Conflict
from connector.store import archive
from connector.store.entries import entry_at
from connector.store.rows.evidence import LogEntryRow
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from datetime import datetime

    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx

KIND = "disclosure.erased"


def erase(tx: Tx, evidence: Evidence, index: int, reason: str, now: datetime) -> int:
    """Erase the box of an entry; return the index of the event that says so.

    Raises `Absent` where there is no such entry, `Conflict` where nothing is disclosed any more.
    """
    row = entry_at(tx, index)
    if row is None:
        raise Absent(f"the log has no entry {index}", "`penstock log head` says how many there are")
    if row.box is None:
        raise Conflict(f"entry {index} discloses nothing any more")
    archive.take_back(tx, index // TILE_WIDTH_HASHES)
    archive.blank(tx, index, row.box)
    tx.update(LogEntryRow, {"idx": index}, box=None, box_key=None)
    fields = {"index": str(index), "reason": reason}
    return evidence.record(tx, KIND, part=evidence.origin, link=[row.leaf.hex()], fields=fields, now=now)
