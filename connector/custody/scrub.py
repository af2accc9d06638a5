"""Hash sealed bytes again and compare them with their rows: what a disk lost silently is found before a buyer finds it.

Law: only rows that are believed to be here are hashed, all of an edition's, the held ones of a replica's. Nothing is
repaired: an edition's pieces are sealed again or restored, a replica's are fetched again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.custody import replicas
from connector.custody.blobs import SEALED_SUFFIX
from connector.custody.errors import VaultError
from connector.runtime.errors import NotPermitted
from connector.store.rows.vault import EditionRow, ReplicaRow, VaultState
from contracts.ranges import RowSet
from ledger.edition.header import agreed
from ledger.edition.opening import OpeningError, accept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.custody.blobs import Blobs
    from connector.custody.bucket import SealedObject
    from connector.custody.sealed_file import SealedFile
    from connector.store.transaction import Tx
    from ledger.edition.row import Row
    from ledger.edition.row_table import RowTable

# an erased edition or replica has no bytes to look for
ERASED = frozenset({VaultState.DELETING, VaultState.DELETED})


def require_undestroyed(state: VaultState | None) -> None:
    """Raise NotPermitted for what was destroyed here: nothing is asked or paid for it any more."""
    if state in ERASED:
        raise NotPermitted("what was got is destroyed here, as its agreement ended or obliged to", "get it anew")


@dataclass(frozen=True, slots=True)
class Kept:
    """One edition or replica as the database has it; `rows` are those whose sealed bytes should be on the disk."""

    kind: str
    id: str
    edition: str
    state: str
    size: int
    path: Path
    rows: RowSet
    table: RowTable

    def json(self) -> dict[str, Any]:
        """Return the row of `vault list`."""
        return {
            "kind": self.kind,
            "id": self.id,
            "edition": self.edition,
            "state": self.state,
            "rows": self.size,
            "held": len(self.rows),
            "sealedBytes": str(self.table.sealed_bytes),
            "file": self.path.name,
        }


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What hashing found: rows that verify, rows that do not, and why nothing could be read."""

    kept: Kept
    good: int
    bad: RowSet
    problem: str = ""

    def json(self) -> dict[str, Any]:
        """Return the row of `vault scrub`."""
        return {**self.kept.json(), "good": self.good, "bad": self.bad.json(), "problem": self.problem}


def holdings(tx: Tx, folder: Path) -> list[Kept]:
    """Return all editions and replicas with bytes, given the folder they lie in."""
    return [*_editions(tx, folder), *_replicas(tx, folder)]


def scrub(kept: Kept, blobs: Blobs) -> Scrubbed:
    """Hash every row that should be here (blocking)."""
    try:
        with blobs.open(bytes.fromhex(kept.edition), kept.table) as sealed:
            bad = RowSet.rows(
                number for number, piece in _pieces(kept, sealed) if not _verifies(kept.table[number], piece)
            )
    except VaultError as error:
        return Scrubbed(kept, 0, kept.rows, str(error)) if kept.rows else Scrubbed(kept, 0, RowSet())
    return Scrubbed(kept, len(kept.rows) - len(bad), bad)


def _pieces(kept: Kept, sealed: SealedFile | SealedObject) -> Iterator[tuple[int, bytes]]:
    for first, count in kept.rows.ranges:
        yield from enumerate(sealed.read_pieces(first, count), first)


def _verifies(row: Row, piece: bytes) -> bool:
    try:
        accept(row, piece)
    except OpeningError:
        return False
    return True


def _editions(tx: Tx, folder: Path) -> Iterator[Kept]:
    for row in tx.find(EditionRow, order="created"):
        if row.state in ERASED:
            continue
        table = agreed(bytes.fromhex(row.id), row.header, row.rows)[1]
        every = RowSet(((0, len(table)),))
        path = folder / (row.id + SEALED_SUFFIX)
        yield Kept("edition", row.id, row.id, row.state, len(table), path, every, table)


def _replicas(tx: Tx, folder: Path) -> Iterator[Kept]:
    for row in tx.find(ReplicaRow, order="created"):
        if row.state in ERASED:
            continue
        table = agreed(bytes.fromhex(row.edition), row.header, replicas.whole(tx, row).rows)[1]
        held = RowSet.from_json(row.bytes_rows)
        yield Kept("replica", row.id, row.edition, row.state, len(table), folder / row.path, held, table)
