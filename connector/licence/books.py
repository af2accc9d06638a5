"""What the window protocol looks up here: agreements, transfers, row tables, secrets, reader keys (channel.doors)."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from connector.channel.doors import Deal
from connector.channel.errors import fault
from connector.custody import edition as editions
from connector.custody import replicas
from connector.custody.tables import TABLES
from connector.licence.intact import ALTERED
from connector.negotiation.envelope import pids
from connector.negotiation.transfer import running
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.vault import EditionRow, ReplicaRow
from contracts.ranges import RowSet
from contracts.terms import MAX_DURATION_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    from connector.channel.receive import Received
    from connector.core.core import Core
    from connector.custody.secrets import Keys as Secrets
    from connector.licence.continuity import Continuity
    from connector.licence.intact import Intact
    from connector.licence.standing import Standing
    from connector.store.transaction import Tx
    from ledger.edition.row_table import RowTable

# editions whose digests of pieces are in memory: 8 MiB each at the very most, a few kB as a rule
EDITIONS_KEPT = 16


def transfer_id(provider_pid: str, consumer_pid: str) -> bytes:
    """Return the 32 bytes that stand for a transfer process in orders."""
    return sha256(b"penstock/transfer/v1\x00" + provider_pid.encode() + b"\x00" + consumer_pid.encode()).digest()


class Books:
    """The doors of the window protocol, over this participant's tables and keys."""

    def __init__(
        self, core: Core, standing: Standing, secrets: Secrets, continuity: Continuity, intact: Intact
    ) -> None:
        self._core, self._standing, self._secrets, self._continuity = core, standing, secrets, continuity
        self._intact = intact
        self._readers: dict[bytes, X25519PrivateKey] = {}
        self._sealed: dict[bytes, EditionRow] = {}

    def deal(self, tx: Tx, agreement_digest: bytes) -> Deal | None:
        """Return the agreement, None if there is none with this digest or nobody signed it."""
        row = tx.get(AgreementRow, digest=agreement_digest.hex())
        if row is None or row.terms is None or row.provider_signature is None:
            return None
        over = self._standing.over(tx, row, self._core.clock.now())
        if over.startswith(ALTERED):
            raise fault("agreement-over", over)  # it may not even be readable
        return tx.value(AgreementRow, self._over if over else self._alive, digest=row.digest)

    def claim_margin(self, tx: Tx, agreement_digest: bytes) -> int:
        """Return the claim margin that is kept of an agreement; the longest, so claimed at once, where none is."""
        row = tx.get(AgreementRow, digest=agreement_digest.hex())
        said = None if row is None or row.terms is None else row.terms.get("claimMargin")
        return said if type(said) is int and 0 <= said <= MAX_DURATION_SECONDS else MAX_DURATION_SECONDS

    def _alive(self, row: AgreementRow) -> Deal:
        return self._deal(row, live=True)

    def _over(self, row: AgreementRow) -> Deal:
        return self._deal(row, live=False)

    def _deal(self, row: AgreementRow, *, live: bool) -> Deal:
        signed = self._intact.read(row)
        assert signed.agreement is not None, "what cannot be read is altered"
        assert signed.terms is not None
        return Deal.of(row, signed.agreement, signed.terms, live=live)

    def transfer_runs(self, tx: Tx, deal: Deal, transfer: bytes) -> bool:
        """Say whether the transfer belongs to the agreement and is started."""
        return any(transfer_id(*pids(row)) == transfer for row in running(tx, deal.digest.hex()))

    def used(self, tx: Tx, deal: Deal) -> None:
        """Have what runs under the agreement decided again."""
        tx.after(partial(self._continuity.touch, deal.digest.hex()))

    def table(self, tx: Tx, edition_id: bytes) -> RowTable | None:
        """Return the row table of an edition of ours or of a replica here, None if it is unknown."""
        return TABLES.known(edition_id) or _proven(tx, edition_id)

    def secrets(self, tx: Tx, edition_id: bytes, rows: Sequence[int]) -> list[bytes]:
        """Return the secret of each row of an edition of ours, in the order asked."""
        row, table = self._own(tx, edition_id), self.table(tx, edition_id)
        assert table is not None, "orders are checked against the row table before"
        found = editions.row_secrets(self._secrets, row, table, rows)
        return [found[number] for number in rows]

    def _own(self, tx: Tx, edition_id: bytes) -> EditionRow:
        """Return what secrets are derived from; it never changes, and destroying the run's key is not hidden by it."""
        known = self._sealed.get(edition_id)
        if known is None:
            row = tx.get(EditionRow, id=edition_id.hex())
            assert row is not None, "only editions of ours have secrets here"
            known = replace(row, header={}, rows=b"", index_json={}, sources=[])  # they are large
            if len(self._sealed) >= EDITIONS_KEPT:
                self._sealed.clear()
            self._sealed[edition_id] = known
        return known

    # ---- the buyer's keys

    def lend(self, key: X25519PrivateKey) -> bytes:
        """Keep a reader key in memory, for as long as its opening lasts; returns its public bytes."""
        public = key.public_key().public_bytes_raw()
        self._readers[public] = key
        return public

    def goes_on(self, public: bytes | None, received: Received | None, rows: RowSet) -> bytes | None:
        """Return the reader key of an interrupted opening of `rows` that goes on with what it `received`, or None.

        Of its windows the newest alone brings its keys again, and the key to buy on is in memory: it goes on with all
        of them, or with the first of several while that key is here. Otherwise it begins anew.
        """
        found = RowSet() if received is None else RowSet.rows(key.row for key in received.keys)
        begun_here = public in self._readers and min(rows) in found
        return public if rows <= found or begun_here else None

    def forget(self, public: bytes) -> None:
        """Drop a reader key; what was sealed to it cannot be opened any more."""
        self._readers.pop(public, None)

    def reader(self, _tx: Tx, reader_key: bytes) -> X25519PrivateKey | None:
        """Return the private key of a reader key of ours, None when it is gone."""
        return self._core.identity.keys.delivery_of(reader_key) or self._readers.get(reader_key)

    def keep(self, tx: Tx, agreement: bytes, secrets: Mapping[int, bytes]) -> None:
        """Store verified secrets of the tier kept, wrapped, in this transaction."""
        row = replicas.seen(tx, agreement.hex())
        assert row is not None, "keys are asked for only for rows whose bytes are here"
        replicas.store_secrets(tx, self._secrets, row.id, secrets)


def _proven(tx: Tx, edition_id: bytes) -> RowTable | None:
    row: EditionRow | replicas.WholeReplica | None = tx.get(EditionRow, id=edition_id.hex())
    if row is None:
        held = tx.find(ReplicaRow, "edition = ?", (edition_id.hex(),), limit=1)
        if not held:
            return None
        row = replicas.whole(tx, held[0])
    return TABLES.proven(edition_id, row.header, row.rows)
