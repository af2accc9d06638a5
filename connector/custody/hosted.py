"""An edition of another provider, kept here to be sold for it: what is handed over, and how its keys rest.

    {index, plain, box}      box = HPKE(base, X25519, HKDF-SHA256, AES-256-GCM) of s_0 || s_1 || …,
                             info = "penstock/hosting/v1" || 0x00 || editionId

Law: (1) what is handed over opens this edition and nothing else: not the run's `K`, but the secret of each row, and
each meets its commitment before it is kept. (2) They rest as those of repeated rows do (`connector.custody.edition`):
masked under a run's key of the host's own, so that destroying one file destroys them all. (3) The header, its id and
its root stay the provider's: a host cannot change what it sells.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

from connector.channel.box import SUITE
from connector.custody.edition import masked, row_secrets, table_of
from connector.custody.errors import VaultError
from connector.custody.tables import TABLES
from connector.runtime.limits import HOSTED_PIECES_MAX
from connector.store.rows.vault import EditionRow, VaultState
from contracts.canonical import canonical
from contracts.errors import ContractError
from contracts.signature import DIGEST_BYTES
from ledger.edition.header import read_header
from ledger.edition.index import read_index
from ledger.edition.opening import check_secret
from ledger.edition.row import SECRET_BYTES, plain_commitment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.custody.secrets import Keys, Run
    from connector.store.transaction import Tx
    from ledger.edition.header import Header
    from ledger.edition.row_table import RowTable

INFO = b"penstock/hosting/v1\x00"


@dataclass(frozen=True, slots=True)
class Handed:
    """What a host was handed of an edition, proven; `secrets` are those of all its rows in their order."""

    header: Header
    table: RowTable
    index: dict[str, Any]
    plain_digests: bytes = field(repr=False)
    secrets: tuple[bytes, ...] = field(repr=False)


def hand_over(keys: Keys, edition: EditionRow, reader: bytes) -> dict[str, Any]:
    """Return what a host needs to sell an edition of ours; `reader` is the host's key (32 raw bytes)."""
    table = table_of(edition)
    if len(table) > HOSTED_PIECES_MAX:
        raise ContractError("hosting", f"an edition of {len(table)} pieces is too large to be hosted", "larger pieces")
    found = row_secrets(keys, edition, table, range(len(table)))
    joined = b"".join(found[number] for number in range(len(table)))
    box = SUITE.encrypt(joined, X25519PublicKey.from_public_bytes(reader), info=INFO + bytes.fromhex(edition.id))
    return {"index": edition.index_json, "plain": edition.plain_digests.hex(), "box": box.hex()}


def taken(
    edition: bytes, shown: tuple[Any, bytes], told: dict[str, Any], private: Sequence[X25519PrivateKey]
) -> Handed:
    """Prove what was handed over to be that of the edition with this id (blocking); `shown` are header and rows.

    One of the `private` keys opens it: who hands over may know us by a former one still.

    Raises ContractError for another edition's, OpeningError `key` for a secret that is not the committed one,
    VaultError for a box that is not for us.
    """
    table = TABLES.proven(edition, *shown)
    index = read_index(canonical(told["index"]), table).json()
    plain, boxed = bytes.fromhex(told["plain"]), bytes.fromhex(told["box"])
    joined = next((opened for key in private if (opened := _opened(boxed, key, edition)) is not None), None)
    if joined is None:
        raise VaultError("key", "the keys that were handed over are not for us", "ask its provider again")
    secrets = tuple(joined[at : at + SECRET_BYTES] for at in range(0, len(joined), SECRET_BYTES))
    if len(secrets) != len(table) or len(plain) != DIGEST_BYTES * len(table):
        raise ContractError("hosting", "not every piece of the edition was handed over", "ask its provider again")
    for number, (row, secret) in enumerate(zip(table, secrets, strict=True)):
        check_secret(row, secret)
        digest = plain[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
        if plain_commitment(row.head.slot, secret, digest) != row.plain_commitment:
            raise ContractError("hosting", f"the digest of piece {number} is another one's", "ask its provider again")
    return Handed(read_header(shown[0]), table, index, plain, secrets)


def _opened(boxed: bytes, private: X25519PrivateKey, edition: bytes) -> bytes | None:
    try:
        return SUITE.decrypt(boxed, private, info=INFO + edition)
    except (InvalidTag, ValueError):
        return None


def record(tx: Tx, handed: Handed, run: Run, *, product: str, path: str, now: datetime) -> None:
    """Insert the edition's row: on the chain already, its keys masked under the run that was drawn for it."""
    secrets = {
        str(number): masked(run.key, handed.table.slot(number), _digest(handed, number), secret).hex()
        for number, secret in enumerate(handed.secrets)
    }
    tx.insert(
        EditionRow(
            id=handed.header.edition_id().hex(),
            series=handed.header.series.hex(),
            number=handed.header.number,
            product=product,
            header=handed.header.json(),
            rows=handed.table.data,
            index_json=handed.index,
            plain_digests=handed.plain_digests,
            run=run.run,
            key_id=run.key_id,
            path=path,
            sources=[],
            repeated=secrets,
            state=VaultState.REGISTERED,
            created=now,
        )
    )


def _digest(handed: Handed, number: int) -> bytes:
    return handed.plain_digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
