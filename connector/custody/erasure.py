"""Deletion by destroying keys, and what a deletion record may claim (spec 1.11).

    1. mark (`begin`, durable)   2. destroy the key file (`Keys.destroy`)   3. record (`finish`)

Law: the three steps may be repeated after a crash from the first one; a record never claims more than the table of
grades says: A keys were erased by their holder and rest nowhere else, B the holder attests, C hardware attests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.custody.errors import VaultError
from connector.store.rows.vault import EditionRow, ReplicaRow, RowSecretRow, VaultState
from ledger.edition.row_table import RowTable

if TYPE_CHECKING:
    from connector.custody.secrets import Keys
    from connector.store.transaction import Tx

# (what was erased, whether secrets or shares may rest elsewhere) → grade
GRADES = {(EditionRow, False): "A", (EditionRow, True): "B", (ReplicaRow, False): "B", (ReplicaRow, True): "B"}


def begin(tx: Tx, table: type[EditionRow | ReplicaRow], row_id: str) -> str:
    """Mark an edition or a replica as being deleted; return the id of the key to destroy after the commit.

    `VaultError` `replica` if another edition still derives secrets from the same run key (spec 1.7).
    """
    row = tx.get(table, id=row_id)
    if row is None:
        raise VaultError("replica", f"there is nothing `{row_id:.80}` in {table.TABLE.name} to delete")
    key_id = row.key_id
    sharing = tx.find(table, "key_id = ? and id != ? and state != ?", (key_id, row_id, VaultState.DELETED))
    if sharing:
        raise VaultError("replica", f"`{key_id}` also opens `{sharing[0].id}`", "delete that one first")
    if row.state != VaultState.DELETED:
        tx.update(table, {"id": row_id}, state=VaultState.DELETING)
    return key_id


def finish(
    tx: Tx, keys: Keys, table: type[EditionRow | ReplicaRow], row_id: str, *, rest_elsewhere: bool
) -> dict[str, Any]:
    """Record that the key is gone; return the fields of the deletion record.

    `rest_elsewhere`: whether any secret of it was released to somebody who may keep it, or an escrow share exists.
    """
    row = tx.get(table, id=row_id)
    if row is None or row.state not in (VaultState.DELETING, VaultState.DELETED) or keys.holds(row.key_id):
        raise VaultError("replica", f"the key of `{row_id:.80}` is not destroyed yet")
    tx.update(table, {"id": row_id}, state=VaultState.DELETED)
    if table is ReplicaRow:
        tx.delete(RowSecretRow, replica=row_id)
    kept = _repeated(tx, row) if isinstance(row, EditionRow) else 0
    told = {"keysErased": [row.key_id], "piecesKeptForOtherEditions": str(kept)}
    return {"grade": GRADES[table, rest_elsewhere or kept > 0], **told}


def _repeated(tx: Tx, edition: EditionRow) -> int:
    """Count the rows of an edition that another of its series has, too: their secrets live on with that one."""
    others = tx.find(
        EditionRow, "series = ? and id != ? and state != ?", (edition.series, edition.id, VaultState.DELETED)
    )
    living = {row.head.slot for other in others for row in RowTable(other.rows)}
    return sum(row.head.slot in living for row in RowTable(edition.rows))
