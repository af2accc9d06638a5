"""The buyer's replicas: what the tables `replicas`, `row_tables` and `row_secrets` keep (spec 1.10, 1.11).

The life of a replica:
1. header and rows are proven to be the agreed edition's, a wrapping key is drawn and durable (`prepare`);
2. the replica's row is inserted (`record`, state `receiving`);
3. sealed bytes come in through an `Intake`; after its `sync` the rows held are noted (`note_bytes`; `sealed` when all);
4. secrets that met their commitments are stored wrapped (`store_secrets`), then a `Reader` opens with them.

The sealed bytes of an edition lie here once, under the edition's name, however many agreements and roles share them.

Law: a secret rests only wrapped under the replica's key, which is a file outside the database; a leased secret never
rests at all. `bytes_rows` is a note for the window protocol, the disk is the truth. What changes with each window is
small whatever the edition's size: its row table lies in `row_tables`, and secrets rest wrapped by ranges of rows.
"""

from __future__ import annotations

import secrets as tokens
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.custody.blobs import blob_name
from connector.custody.errors import VaultError
from connector.custody.intake import Intake
from connector.custody.sealed_file import SealedFile
from connector.custody.tables import TABLES
from connector.store.rows.vault import ReplicaRow, RowSecretRow, RowTableRow, VaultState
from contracts.labels import H
from contracts.ranges import RowSet
from ledger.edition.header import Header, agreed_header
from ledger.edition.row import SECRET_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from connector.custody.secrets import Keys
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable

# what may be done with a replica in each state; a missing row is a refusal
MAY_RECEIVE = frozenset({VaultState.RECEIVING, VaultState.SEALED})


@dataclass(frozen=True, slots=True)
class NewReplica:
    """A replica about to be recorded; header and table are proven, the key is durable."""

    replica_id: str
    edition_id: bytes
    header: Header
    table: RowTable
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeReplica(ReplicaRow):
    """A replica with its edition's row table, as bytes."""

    rows: bytes


def seen(tx: Tx, agreement: str) -> ReplicaRow | None:
    """Return the row of the replica held under an agreement (digest, hex) without its row table, if there is one."""
    return next(iter(tx.find(ReplicaRow, "agreement = ?", (agreement,), limit=1)), None)


def under(tx: Tx, agreement: str) -> WholeReplica | None:
    """Return the replica held under an agreement with its row table (`rows`), if there is one."""
    row = seen(tx, agreement)
    return None if row is None else whole(tx, row)


def whole(tx: Tx, row: ReplicaRow) -> WholeReplica:
    """Return a row of `replicas` with its edition's row table (`rows`)."""
    kept = tx.get(RowTableRow, edition=row.edition)
    assert kept is not None, "a replica's row table is kept with it"
    return WholeReplica(**row.columns(), rows=kept.rows)


def prepare(keys: Keys, edition_id: bytes, header: Any, rows: bytes) -> NewReplica:
    """Prove header and rows against the edition id of the agreement; `ContractError` if they are another's."""
    read = agreed_header(edition_id, header)  # asked also where the table is known already
    return NewReplica(
        tokens.token_hex(16), edition_id, read, TABLES.proven(edition_id, header, rows), keys.draw_replica()
    )


def record(tx: Tx, new: NewReplica, *, agreement: str, now: datetime) -> WholeReplica:
    """Insert the replica; return its row."""
    row = ReplicaRow(
        id=new.replica_id,
        edition=new.edition_id.hex(),
        series=new.header.series.hex(),
        agreement=agreement,
        header=new.header.json(),
        bytes_rows=[],
        key_rows=[],
        key_id=new.key_id,
        path=blob_name(new.edition_id),
        state=VaultState.RECEIVING,
        created=now,
    )
    tx.insert(row)
    tx.put(RowTableRow(edition=row.edition, rows=new.table.data))
    return WholeReplica(**row.columns(), rows=new.table.data)


def table(tx: Tx, replica: ReplicaRow) -> RowTable:
    """Return the row table of a row of `replicas`, which is read only where it is not known."""
    return TABLES.known(bytes.fromhex(replica.edition)) or table_of(whole(tx, replica))


def table_of(replica: WholeReplica) -> RowTable:
    """Return the row table of a whole row of `replicas`, proven against its edition."""
    return TABLES.proven(bytes.fromhex(replica.edition), replica.header, replica.rows)


def intake(folder: Path, replica: WholeReplica) -> Intake:
    """Open the sealed bytes for writing and hash what is there already (blocking); the way in and the way to resume."""
    path = folder / replica.path
    left = path.exists()
    taking = Intake(path, table_of(replica))
    if left:
        with SealedFile(path, taking.table) as sealed:
            taking.rehash(sealed)
    return taking


def sealed_file(folder: Path, replica: WholeReplica) -> SealedFile:
    """Open the sealed bytes for reading or serving on."""
    return SealedFile(folder / replica.path, table_of(replica))


def note_bytes(tx: Tx, replica_id: str, held: RowSet) -> None:
    """Note the rows whose sealed bytes are verified; only after `Intake.sync`."""
    replica = _receiving(tx, replica_id)
    rows = int(replica.header["rows"])
    assert held.end <= rows
    state = VaultState.SEALED if len(held) == rows else VaultState.RECEIVING
    tx.change(replica, replace(replica, bytes_rows=held.json(), state=state))


def store_secrets(tx: Tx, keys: Keys, replica_id: str, secrets: Mapping[int, bytes]) -> RowSet:
    """Store secrets that met their commitments, wrapped range by range; return all rows whose keys are held now.

    What is held already stays as it is.
    """
    replica = _receiving(tx, replica_id)
    held = RowSet.from_json(replica.key_rows)
    new = RowSet.rows(secrets) - held
    for first, count in new.ranges:
        joined = b"".join(secrets[number] for number in range(first, first + count))
        wrapped = keys.wrap(replica.key_id, _context(replica_id, first, count), joined)
        tx.put(RowSecretRow(replica=replica_id, row=first, count=count, wrapped=wrapped))
    tx.change(replica, replace(replica, key_rows=(held | new).json()))
    return held | new


def load_secrets(tx: Tx, keys: Keys, replica_id: str, rows: Iterable[int] | None = None) -> dict[int, bytes]:
    """Return stored secrets by row number: those of `rows` that are held, or all."""
    replica = _receiving(tx, replica_id)
    wanted = None if rows is None else set(rows)
    return {
        number: secret
        for item in tx.find(RowSecretRow, "replica = ?", (replica_id,), order="row")
        if wanted is None or not wanted.isdisjoint(range(item.row, item.row + item.count))
        for number, secret in _unwrapped(keys, replica, item)
        if wanted is None or number in wanted
    }


def _unwrapped(keys: Keys, replica: ReplicaRow, item: RowSecretRow) -> Iterator[tuple[int, bytes]]:
    first, count = item.row, item.count
    joined = keys.unwrap(replica.key_id, _context(replica.id, first, count), item.wrapped)
    for at in range(count):
        yield first + at, joined[at * SECRET_BYTES : (at + 1) * SECRET_BYTES]


def _receiving(tx: Tx, replica_id: str) -> ReplicaRow:
    replica = tx.get(ReplicaRow, id=replica_id)
    if replica is None:
        raise VaultError("replica", f"there is no replica `{replica_id:.60}`")
    if replica.state not in MAY_RECEIVE:
        raise VaultError("replica", f"the replica `{replica_id}` is `{replica.state}`")
    return replica


def _context(replica_id: str, first: int, count: int) -> bytes:
    """Return what binds wrapped secrets to their places, so a row of the table cannot be swapped for another."""
    return H("row-wrap", replica_id.encode(), first.to_bytes(8, "big"), count.to_bytes(8, "big"))
