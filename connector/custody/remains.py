"""What lies on our disk of a replica besides its key, and what of it is ours to remove (spec 1.11).

Law: (1) sealed bytes go when nothing else needs them: another replica or edition of the same bytes, a dispute that
cites them, a channel or a transfer that is not over; without a key they open for nobody meanwhile. (2) Of plain copies
those in folders of ours go: the copy that was delivered plain, and what the console has laid. What a person had written
somewhere else is that person's; it is counted, and no record claims that it is gone.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connector.custody import needs
from connector.runtime import files
from connector.store.rows.agreement import AcquisitionRow
from connector.store.rows.stream import FollowedRow
from connector.store.rows.use import ReadRow, ReadState
from connector.store.rows.vault import ReplicaRow, VaultState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.store.transaction import Tx

COPY_SUFFIX: Final = ".copy"  # of the folder that holds the files of a plain copy, after its agreement's digest
# a replica is kept while its agreement is in force: of one that is to go this is no reason any more
IN_FORCE: Final = "its agreement is in force"


@dataclass(frozen=True, slots=True)
class Copies:
    """The plain files that were made under an agreement: those in folders of ours, and how many are elsewhere."""

    ours: tuple[Path, ...]
    elsewhere: int


def copies(tx: Tx, agreement: str, folders: Iterable[Path]) -> Copies:
    """Return what openings under an agreement (digest, hex) have written; what was opened as it came is one folder."""
    done = tx.find(ReadRow, "agreement = ? and state = ?", (agreement, ReadState.DONE))
    named = {Path(name) for row in done for name in (row.result or {}).get("files", ()) if Path(name).is_absolute()}
    got = tx.find(AcquisitionRow, "agreement = ?", (agreement,))
    named |= {Path(place) for row in got if Path(place := str((row.mandate or {}).get("to") or "")).is_absolute()}
    followed = tx.get(FollowedRow, agreement=agreement)
    named |= set() if followed is None else {Path(followed.place)}
    within = tuple(folders)
    ours = tuple(sorted(path for path in named if any(path.is_relative_to(folder) for folder in within)))
    return Copies(ours, sum(path.exists() for path in named.difference(ours)))


def remove(paths: Iterable[Path]) -> int:
    """Remove plain files or whole folders of ours; return how many are gone, also if they were before (blocking)."""
    gone = 0
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            files.remove(path)
        gone += not path.exists()
    return gone


def sealed(tx: Tx, folder: Path, row: ReplicaRow) -> str:
    """Remove the sealed bytes of an erased replica in the turn of the writer; return why they stay, empty if not."""
    assert row.state == VaultState.DELETED, "bytes go after their key"
    why = kept(tx, row)
    if not why:
        files.remove(folder / row.path)
    return why


def kept(tx: Tx, row: ReplicaRow) -> str:
    """Return why the sealed bytes of an erased replica stay, empty if nothing needs them."""
    if row.path in needs.named(tx):
        return "another agreement is on the same bytes"
    reasons = needs.REASONS[needs.REPLICA].items()
    return next((reason for reason, holds in reasons if reason != IN_FORCE and holds(tx, row)), "")
