"""An entry of the own log with its box, wherever it rests: the one place that knows where that is.

Law: a row without its entry has it in the object of its bundle, with its box. That counts only while the row names the
key of it: an erased one is not there, whatever the object may hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.store.errors import EvidenceBroken
from connector.store.rows.evidence import LogBundleRow, LogBundleState, LogEntryRow
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connector.store.bundles import Content
    from connector.store.transaction import Tx

_LAID = "state = ? and number = ?"


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An event of the own log, whole: as a `LogEntryRow` is that has everything."""

    idx: int
    kind: str
    part: str
    entry: bytes
    leaf: bytes
    at: datetime
    box: bytes | None
    box_key: str | None


def entry_at(tx: Tx, index: int) -> KeptEntry | None:
    """Return an entry, None beyond the log's end; raises EvidenceBroken where its object is lost or changed."""
    row = tx.get(LogEntryRow, idx=index)
    return None if row is None else _whole(tx, [row])[0]


def entries_of(tx: Tx, first: int, end: int) -> Iterator[KeptEntry]:
    """Yield those from `first` to before `end` that are there, a bundle at a time; raises as `entry_at`."""
    while first < end:
        upto = min(end, first - first % TILE_WIDTH_HASHES + TILE_WIDTH_HASHES)
        rows = tx.find(LogEntryRow, "idx >= ? and idx < ?", (first, upto), "idx")
        if not rows:
            return
        yield from _whole(tx, rows)
        first = upto


def bundle_of(tx: Tx, number: int) -> LogBundleRow | None:
    """Return the row of the object that a bundle's entries rest in, None where the tables have them."""
    found = tx.find(LogBundleRow, _LAID, (LogBundleState.LAID, number), limit=1)
    return found[0] if found else None


def _whole(tx: Tx, rows: Sequence[LogEntryRow]) -> list[KeptEntry]:
    """Return rows of one bundle with what they lack."""
    moved = next((row.idx for row in rows if row.entry is None), None)
    contents = () if moved is None else _contents(tx, moved)
    found = []
    for row in rows:
        entry, box = row.entry, row.box
        if entry is None:
            entry, sealed = contents[row.idx % TILE_WIDTH_HASHES]
            box = None if row.box_key is None else sealed
        found.append(KeptEntry(row.idx, row.kind, row.part, entry, row.leaf, row.at, box, row.box_key))
    return found


def _contents(tx: Tx, index: int) -> Sequence[Content]:
    """Return what the object holds in which an entry rests."""
    bundle = bundle_of(tx, index // TILE_WIDTH_HASHES)
    if bundle is None:
        raise EvidenceBroken(f"entry {index} is neither in the tables nor in an object that they name")
    if tx.bundles is None:
        raise EvidenceBroken(f"entry {index} rests in an object, and it was not said where those lie")
    return tx.bundles.get(bundle)
