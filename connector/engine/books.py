"""What the window protocol looks up here: agreements, transfers, row tables, secrets, reader keys (channel.doors)."""

from __future__ import annotations

from functools import lru_cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.channel.doors import Deal
from connector.channel.errors import fault
from connector.engine.intact import ALTERED
from connector.engine.transfer import running
from connector.vault import edition as editions
from connector.vault import replicas
from ledger.edition import agreed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.engine.trader import Trader
    from connector.store.transaction import Tx
    from ledger.row_table import RowTable

TABLES_KEPT = 64  # proven row tables in memory: 16 MiB each at the very most, a few kB as a rule


def transfer_id(provider_pid: str, consumer_pid: str) -> bytes:
    """Return the 32 bytes that stand for a transfer process in orders."""
    return sha256(b"penstock/transfer/v1\x00" + provider_pid.encode() + b"\x00" + consumer_pid.encode()).digest()


class Books:
    """The doors of the window protocol, over this participant's tables and keys."""

    def __init__(self, participant: Trader) -> None:
        self._participant = participant
        self._readers: dict[bytes, X25519PrivateKey] = {}

    def deal(self, tx: Tx, agreement_digest: bytes) -> Deal | None:
        """Return the agreement, None if there is none with this digest or nobody signed it."""
        row = tx.get("agreements", digest=agreement_digest.hex())
        if row is None or row["terms"] is None or row["provider_signature"] is None:
            return None
        over = self._participant.standing.over(tx, row, self._participant.clock.now())
        if over.startswith(ALTERED):
            raise fault("agreement-over", over)  # it may not even be readable
        return Deal.of_row(row, live=not over)

    def transfer_runs(self, tx: Tx, deal: Deal, transfer: bytes) -> bool:
        """Say whether the transfer belongs to the agreement and is started."""
        for row in running(tx, deal.digest.hex()):
            provider, consumer = (row["id"], row["peer_pid"])
            if row["role"] == "consumer":
                provider, consumer = consumer, provider
            if transfer_id(provider, consumer) == transfer:
                return True
        return False

    def used(self, tx: Tx, deal: Deal) -> None:
        """Have what runs under the agreement decided again."""
        tx.after(partial(self._participant.continuity.touch, deal.digest.hex()))

    def table(self, tx: Tx, edition_id: bytes) -> RowTable | None:
        """Return the row table of an edition of ours or of a replica here, None if it is unknown."""
        key = edition_id.hex()
        row = tx.get("editions", id=key)
        if row is None:
            row = next(iter(tx.find("replicas", "edition = ?", (key,), limit=1)), None)
        return None if row is None else _proven(edition_id, _frozen(row["header"]), row["rows"])

    def secrets(self, tx: Tx, edition_id: bytes, rows: Sequence[int]) -> list[bytes]:
        """Return the secret of each row of an edition of ours, in the order asked."""
        row = tx.get("editions", id=edition_id.hex())
        assert row is not None, "orders are checked against the row table before"
        found = editions.row_secrets(self._participant.secrets, row, rows)
        return [found[number] for number in rows]

    # ---- the buyer's keys

    def lend(self, key: X25519PrivateKey) -> bytes:
        """Keep a reader key in memory, for as long as its opening lasts; returns its public bytes."""
        public = key.public_key().public_bytes_raw()
        self._readers[public] = key
        return public

    def forget(self, public: bytes) -> None:
        """Drop a reader key; what was sealed to it cannot be opened any more."""
        self._readers.pop(public, None)

    def reader(self, _tx: Tx, reader_key: bytes) -> X25519PrivateKey | None:
        """Return the private key of a reader key of ours, None when it is gone."""
        own = self._participant.keys.delivery
        return own if reader_key == own.public_key().public_bytes_raw() else self._readers.get(reader_key)

    def keep(self, tx: Tx, agreement: bytes, secrets: Mapping[int, bytes]) -> None:
        """Store verified secrets of the tier kept, wrapped, in this transaction."""
        row = replicas.under(tx, agreement.hex())
        assert row is not None, "keys are asked for only for rows whose bytes are here"
        replicas.store_secrets(tx, self._participant.secrets, row["id"], secrets)


def _frozen(header: Mapping[str, object]) -> tuple[tuple[str, object], ...]:
    return tuple(sorted(header.items()))


@lru_cache(maxsize=TABLES_KEPT)
def _proven(edition_id: bytes, header: tuple[tuple[str, object], ...], rows: bytes) -> RowTable:
    return agreed(edition_id, dict(header), rows)[1]
