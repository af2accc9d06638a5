"""The provider's own editions: what the table `editions` keeps, and the secrets derived from it (spec 1.2).

Law: no secret is stored. `s` is derived again from `K`, a file outside the database, and from the row's kept
`B3(plaintext)`; so destroying `K` makes every copy of the database worthless for opening. A row that repeats one of an
earlier edition (spec 1.7) has its secret masked under this edition's own `K`: each edition lives and dies by one key.

    mask = X(K, "repeated-secret", slot || B3(plaintext), 32)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody.errors import VaultError
from connector.custody.tables import TABLES
from connector.store.rows.vault import EditionRow, VaultState
from contracts.labels import X
from contracts.signature import DIGEST_BYTES
from ledger.edition.header import Header, read_header
from ledger.edition.mask import xor
from ledger.edition.row import SECRET_BYTES, secret, slot

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from connector.custody.sealed import Sealed
    from connector.custody.secrets import Keys
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable


def record(tx: Tx, sealed: Sealed, *, product: str, now: datetime, watermarks: Mapping[str, str] | None = None) -> None:
    """Insert the edition's row (state `sealed`); `Duplicate` if it is there already.

    `watermarks` are those of `catalog.masks.watermarks`.
    """
    tx.insert(
        EditionRow(
            id=sealed.edition_id.hex(),
            series=sealed.header.series.hex(),
            number=sealed.header.number,
            product=product,
            header=sealed.header.json(),
            rows=sealed.table.data,
            index_json=sealed.index.json(),
            plain_digests=sealed.plain_digests,
            run=sealed.run.run,
            key_id=sealed.run.key_id,
            path=sealed.path.name,
            sources=sealed.source.json(),
            repeated={str(number): _masked(sealed, number).hex() for number in sealed.repeated},
            state=VaultState.SEALED,
            watermarks=dict(watermarks) if watermarks else None,
            created=now,
        )
    )


def header_and_table(edition: EditionRow) -> tuple[Header, RowTable]:
    """Return both from a row of `editions`, verified against its id."""
    return read_header(edition.header), table_of(edition)


def table_of(edition: EditionRow) -> RowTable:
    """Return the row table of a row of `editions`, proven against its id."""
    return TABLES.proven(bytes.fromhex(edition.id), edition.header, edition.rows)


def row_secrets(keys: Keys, edition: EditionRow, table: RowTable, numbers: Iterable[int]) -> dict[int, bytes]:
    """Return `s` of each row asked for, 32 bytes by row number, of a row of `editions` and its table.

    `VaultError` `key` if the run's key was destroyed.
    """
    run = keys.run(edition.key_id)
    assert run.run == edition.run
    found = {}
    for number in numbers:
        name, digest = table.slot(number), _digest(edition, number)
        if name == slot(run.run, number):
            found[number] = secret(run.key, name, digest)
        else:
            found[number] = xor(bytes.fromhex(edition.repeated[str(number)]), _mask(run.key, name, digest))
        assert len(found[number]) == SECRET_BYTES
    return found


def _masked(sealed: Sealed, number: int) -> bytes:
    """Return the secret of a repeated row as it is kept."""
    digest = sealed.plain_digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
    return masked(sealed.run.key, sealed.table.slot(number), digest, sealed.repeated[number])


def masked(run_key: bytes, slot_name: bytes, plain_digest: bytes, secret_of_row: bytes) -> bytes:
    """Return the secret of a row that another run has sealed as it is kept under the key of this one."""
    return xor(secret_of_row, _mask(run_key, slot_name, plain_digest))


def _mask(run_key: bytes, slot_name: bytes, plain_digest: bytes) -> bytes:
    """Return what hides the secret of one repeated row; the same pair has the same secret, so no mask meets two."""
    return X(run_key, "repeated-secret", slot_name + plain_digest, SECRET_BYTES)


def _digest(edition: EditionRow, number: int) -> bytes:
    digest = edition.plain_digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
    if len(digest) != DIGEST_BYTES:
        raise VaultError("replica", f"no digest is kept for piece `{number}`")
    return digest
