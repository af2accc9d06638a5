"""Old entries of the own log move out of the tables into objects, 256 at a time, and back when one is erased.

    (nothing) ── begin ──> PUTTING ── lay ──> LAID
                              └── left ──┐      └── take_back ──┐
                                         └──> DROPPED <─────────┘ ── gone ──> (nothing)

Law: (1) a bundle moves when it is full, a head over it is cosigned, and entries enough follow it. (2) `begin` is
committed before the object is written, `lay` after it was read back and compared: whatever a crash leaves, each entry
is in the tables or in an object that they name. (3) An object that nobody relies on any more has a row until it is
gone, so that a box which was erased rests nowhere. (4) What a row held of a box is zeros before the row shrinks.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.store.bundles import Content
from connector.store.entries import bundle_of, entries_of
from connector.store.rows.evidence import LogBundleRow, LogBundleState, LogEntryRow
from connector.store.shelf import TxShelf
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.store.entries import KeptEntry
    from connector.store.transaction import Tx

# the newest entries stay in the table: whoever follows the log asks for them, and each event looks at the last one
STAY = TILE_WIDTH_HASHES
_COSIGNED = "SELECT size FROM checkpoints WHERE cosigned IS NOT NULL ORDER BY size DESC LIMIT 1"
_LAID = "SELECT number FROM log_bundles WHERE state = ? ORDER BY number"
_COUNT = "SELECT count(*) FROM log_bundles WHERE state = ?"
_DELETE = "DELETE FROM log_entries WHERE idx >= ? AND idx < ?"
# a row that shrinks leaves its old bytes in its page; as zeros they tell nothing
_BLANK = "UPDATE log_entries SET box = ? WHERE idx = ?"


def due(tx: Tx) -> tuple[int, list[Content]] | None:
    """Return the number of the first bundle that is to move, and what its object is to hold; None if there is none."""
    cosigned = tx.column(_COSIGNED)
    full = min(cosigned[0] if cosigned else 0, TxShelf(tx).size() - STAY) // TILE_WIDTH_HASHES
    if int(tx.column(_COUNT, LogBundleState.LAID)[0]) >= full:
        return None
    laid = tx.column(_LAID, LogBundleState.LAID)
    number = next((at for at, one in enumerate(laid) if one != at), len(laid))
    return number, _contents(_entries(tx, number))


def begin(tx: Tx, bundle: LogBundleRow) -> None:
    """Note that an object is about to be written."""
    tx.put(replace(bundle, state=LogBundleState.PUTTING))


def lay(tx: Tx, bundle: LogBundleRow, contents: Sequence[Content]) -> bool:
    """Take from the tables what an object was read back to hold; False where one of its entries changed meanwhile."""
    noted = tx.get(LogBundleRow, number=bundle.number, digest=bundle.digest)
    entries = _entries(tx, bundle.number)
    if noted is None or noted.state != LogBundleState.PUTTING or _contents(entries) != list(contents):
        return False
    for each in entries:
        if each.box is not None:
            blank(tx, each.idx, each.box)
    _write(tx, [_row(each, slim=True) for each in entries])
    tx.change(noted, replace(noted, state=LogBundleState.LAID))
    return True


def take_back(tx: Tx, number: int) -> None:
    """Have the entries of a bundle in the tables, and its object dropped, if it rests or is about to rest in one."""
    if bundle_of(tx, number) is not None:
        _write(tx, [_row(each, slim=False) for each in _entries(tx, number)])
    for one in tx.find(LogBundleRow, "number = ? and state <> ?", (number, LogBundleState.DROPPED)):
        tx.change(one, replace(one, state=LogBundleState.DROPPED))


def blank(tx: Tx, index: int, box: bytes) -> None:
    """Overwrite the box of an entry with as many zeros."""
    tx.execute(_BLANK, bytes(len(box)), index)


def left(tx: Tx) -> list[LogBundleRow]:
    """Return the objects that are to be removed: dropped ones, and what a move that did not end may have left."""
    for one in tx.find(LogBundleRow, "state = ?", (LogBundleState.PUTTING,)):
        tx.change(one, replace(one, state=LogBundleState.DROPPED))
    return tx.find(LogBundleRow, "state = ?", (LogBundleState.DROPPED,), "number")


def gone(tx: Tx, bundle: LogBundleRow) -> None:
    """Note that a dropped object is there no more."""
    tx.delete(LogBundleRow, number=bundle.number, digest=bundle.digest)


def _entries(tx: Tx, number: int) -> list[KeptEntry]:
    first = number * TILE_WIDTH_HASHES
    found = list(entries_of(tx, first, first + TILE_WIDTH_HASHES))
    assert len(found) == TILE_WIDTH_HASHES, "a bundle that moves is full"
    return found


def _contents(entries: Sequence[KeptEntry]) -> list[Content]:
    return [Content(each.entry, each.box) for each in entries]


def _row(each: KeptEntry, *, slim: bool) -> LogEntryRow:
    return LogEntryRow(
        idx=each.idx,
        kind=each.kind,
        part=each.part,
        entry=None if slim else each.entry,
        leaf=each.leaf,
        at=each.at,
        box=None if slim else each.box,
        box_key=each.box_key,
    )


def _write(tx: Tx, rows: Sequence[LogEntryRow]) -> None:
    """Write rows anew: SQLite joins the pages of rows that are deleted, never those of rows that shrink."""
    tx.execute(_DELETE, rows[0].idx, rows[-1].idx + 1)
    for row in rows:
        tx.insert(row)
