"""The buyer's replicas: what the tables `replicas` and `row_secrets` keep (spec 1.10, 1.11).

The life of a replica:
1. header and rows are proven to be the agreed edition's, a wrapping key is drawn and durable (`prepare`);
2. the replica's row is inserted (`record`, state `receiving`);
3. sealed bytes come in through an `Intake`; after its `sync` the rows held are noted (`note_bytes`; `sealed` when all);
4. secrets are checked against their commitments and stored wrapped (`store_secrets`), then opened by a `Reader`.

The sealed bytes of an edition lie here once, under the edition's name, however many agreements and roles share them.

Law: a secret rests only wrapped under the replica's key, which is a file outside the database; a leased secret never
rests at all. `bytes_rows` is a note for the window protocol, the disk is the truth.
"""

from __future__ import annotations

import secrets as tokens
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.vault.blobs import SealedFile, blob_name
from connector.vault.errors import VaultError
from connector.vault.intake import Intake
from contracts.labels import H
from contracts.ranges import RowSet
from ledger.edition import Header, agreed
from ledger.opening import OpeningError, check_secret
from ledger.row_table import RowTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.store.statements import Row
    from connector.store.transaction import Tx
    from connector.vault.secrets import Keys

RECEIVING = "receiving"
SEALED = "sealed"
DELETING = "deleting"
DELETED = "deleted"
# what may be done with a replica in each state; a missing row is a refusal
MAY_RECEIVE = frozenset({RECEIVING, SEALED})


@dataclass(frozen=True, slots=True)
class NewReplica:
    """A replica about to be recorded; header and table are proven, the key is durable."""

    replica_id: str
    edition_id: bytes
    header: Header
    table: RowTable
    key_id: str


def under(tx: Tx, agreement: str) -> Row | None:
    """Return the row of the replica held under an agreement (digest, hex), if there is one."""
    return next(iter(tx.find("replicas", "agreement = ?", (agreement,), limit=1)), None)


def prepare(keys: Keys, edition_id: bytes, header: Any, rows: bytes) -> NewReplica:
    """Prove header and rows against the edition id of the agreement; `ContractError` if they are another's."""
    read, table = agreed(edition_id, header, rows)
    return NewReplica(tokens.token_hex(16), edition_id, read, table, keys.draw_replica())


def record(tx: Tx, new: NewReplica, *, agreement: str, now: datetime) -> dict[str, Any]:
    """Insert the replica; return its row."""
    row = {
        "id": new.replica_id,
        "edition": new.edition_id.hex(),
        "agreement": agreement,
        "header": new.header.json(),
        "rows": new.table.data,
        "bytes_rows": [],
        "key_rows": [],
        "key_id": new.key_id,
        "path": blob_name(new.edition_id),
        "state": RECEIVING,
        "created": now,
    }
    tx.insert("replicas", **row)
    return row


def table_of(replica: dict[str, Any]) -> RowTable:
    """Return the row table of a row of `replicas`, proven anew against its edition."""
    return agreed(bytes.fromhex(replica["edition"]), replica["header"], replica["rows"])[1]


def intake(folder: Path, replica: dict[str, Any]) -> Intake:
    """Open the sealed bytes for writing and hash what is there already (blocking); the way in and the way to resume."""
    path = folder / replica["path"]
    left = path.exists()
    taking = Intake(path, table_of(replica))
    if left:
        with SealedFile(path, taking.table) as sealed:
            taking.rehash(sealed)
    return taking


def sealed_file(folder: Path, replica: dict[str, Any]) -> SealedFile:
    """Open the sealed bytes for reading or serving on."""
    return SealedFile(folder / replica["path"], table_of(replica))


def note_bytes(tx: Tx, replica_id: str, held: RowSet) -> None:
    """Note the rows whose sealed bytes are verified; only after `Intake.sync`."""
    replica = _receiving(tx, replica_id)
    rows = int(replica["header"]["rows"])
    assert held.end <= rows
    tx.update("replicas", {"id": replica_id}, bytes_rows=held.json(), state=SEALED if len(held) == rows else RECEIVING)


def store_secrets(tx: Tx, keys: Keys, replica_id: str, secrets: Mapping[int, bytes]) -> RowSet:
    """Store secrets of rows wrapped; return all rows whose keys are held now. Repeating it changes nothing.

    `OpeningError` `key` for the first secret that is not the committed one; then none is stored.
    """
    replica = _receiving(tx, replica_id)
    table = RowTable(replica["rows"])
    for number, secret in secrets.items():
        try:
            check_secret(table[number], secret)
        except OpeningError as error:
            raise error.at(number) from error
    for number, secret in secrets.items():
        wrapped = keys.wrap(replica["key_id"], _context(replica_id, number), secret)
        tx.put("row_secrets", replica=replica_id, row=number, wrapped=wrapped)
    held = RowSet.from_json(replica["key_rows"]) | RowSet.rows(secrets)
    tx.update("replicas", {"id": replica_id}, key_rows=held.json())
    return held


def load_secrets(tx: Tx, keys: Keys, replica_id: str, rows: Iterable[int] | None = None) -> dict[int, bytes]:
    """Return stored secrets by row number: those of `rows` that are held, or all."""
    replica = _receiving(tx, replica_id)
    wanted = None if rows is None else set(rows)
    stored = tx.find("row_secrets", "replica = ?", (replica_id,), order="row")
    return {
        item["row"]: keys.unwrap(replica["key_id"], _context(replica_id, item["row"]), item["wrapped"])
        for item in stored
        if wanted is None or item["row"] in wanted
    }


def _receiving(tx: Tx, replica_id: str) -> dict[str, Any]:
    replica = tx.get("replicas", id=replica_id)
    if replica is None:
        raise VaultError("replica", f"there is no replica `{replica_id:.60}`")
    if replica["state"] not in MAY_RECEIVE:
        raise VaultError("replica", f"the replica `{replica_id}` is `{replica['state']}`")
    return replica


def _context(replica_id: str, number: int) -> bytes:
    """Return what binds a wrapped secret to its place, so a row of the table cannot be swapped for another."""
    return H("row-wrap", replica_id.encode(), number.to_bytes(8, "big"))
