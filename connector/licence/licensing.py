"""Licences of our agreements, on their way to the chain: what grants one, and who waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.licence.sublicence import onward
from connector.store.rows.chain import ActState
from contracts import lifecycle
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain import acts

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.negotiation.doors import Doors
    from connector.store.row import Row
    from connector.store.rows.chain import ChainTxRow
    from connector.store.transaction import Tx
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs


LICENCE = "licence"


class Licensing:
    """The licences that one participant sends."""

    def __init__(self, core: Core, programs: Programs, transactions: Transactions, doors: Doors) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        transactions.makers[LICENCE] = self._act
        doors.enqueue_licence = self.enqueue

    def enqueue(self, tx: Tx, row: Row) -> None:
        """Queue the licence of an agreement."""
        self._transactions.enqueue_made(tx, f"{LICENCE}:{row['digest']}")

    def _act(self, tx: Tx, digest: str) -> Act:
        row = tx.get("agreements", digest=digest)
        assert row is not None, "a licence is of an agreement that we keep"
        agreement = from_json(Agreement, row["agreement"])
        deployment, signatures = self._programs.deployment, (row["provider_signature"], row["buyer_signature"])
        if row["parent"] is None:
            return acts.grant_licence(deployment, agreement, *signatures)
        above = tx.get("agreements", digest=row["parent"])
        assert above is not None, "a sub-licence is under an agreement that we keep"
        link = onward.chain_of(tx, row)[-1]
        held = from_json(Agreement, above["agreement"])
        return acts.grant_sub_licence(deployment, agreement, signatures, link.said, link.signature, held)

    def mined(self, row: ChainTxRow) -> None:
        """Tell who waits for licences of one that is on chain; other transactions are heard by others."""
        kind, _, digest = row.id.partition(":")
        if kind == LICENCE and row.state is ActState.MINED:
            assert row.hash is not None
            self._core.topics.licence_granted.tell(digest, row.hash)

    def grant(self, tx: Tx, digest: str, transaction: str) -> None:
        """Note that the licence is on chain: the agreement performs from now on."""
        row = tx.get("agreements", digest=digest)
        if row is None or row["state"] != "signed":
            return
        tx.update("agreements", {"digest": digest}, state=lifecycle.move("signed", "grant"), licence_tx=transaction)
        fields = {"licence": digest, "tx": transaction}
        now = self._core.clock.now()
        self._core.evidence.record(tx, "licence.granted", part=digest, fields=fields, now=now)
