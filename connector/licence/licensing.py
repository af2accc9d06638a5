"""Licences of our agreements, on their way to the chain: what grants one, and who waits for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connector.licence.sublicence import onward
from connector.store.rows.agreement import AgreementRow
from contracts import lifecycle
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain import acts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.negotiation.doors import Doors
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

    def enqueue(self, tx: Tx, row: AgreementRow) -> None:
        """Queue the licence of an agreement."""
        self._transactions.enqueue_made(tx, f"{LICENCE}:{row.digest}")

    def _act(self, tx: Tx, digest: str) -> Act:
        row = tx.get(AgreementRow, digest=digest)
        assert row is not None, "a licence is of an agreement that we keep"
        agreement = from_json(Agreement, row.agreement)
        deployment, signatures = self._programs.deployment, row.signatures
        if row.parent is None:
            return acts.grant_licence(deployment, agreement, *signatures)
        above = tx.get(AgreementRow, digest=row.parent)
        assert above is not None, "a sub-licence is under an agreement that we keep"
        link = onward.chain_of(tx, row)[-1]
        held = from_json(Agreement, above.agreement)
        return acts.grant_sub_licence(deployment, agreement, signatures, link.said, link.signature, held)

    def mined(self, row: Mapping[str, Any]) -> None:
        """Tell who waits for licences of one that is on chain; other transactions are heard by others."""
        kind, _, digest = row["id"].partition(":")
        if kind == LICENCE and row["state"] == "mined":
            self._core.topics.licence_granted.tell(digest, row["hash"])

    def grant(self, tx: Tx, digest: str, transaction: str) -> None:
        """Note that the licence is on chain: the agreement performs from now on."""
        row = tx.get(AgreementRow, digest=digest)
        if row is None or row.state != "signed":
            return
        tx.change(row, replace(row, state=lifecycle.move(row.state, "grant"), licence_tx=transaction))
        fields = {"licence": digest, "tx": transaction}
        now = self._core.clock.now()
        self._core.evidence.record(tx, "licence.granted", part=digest, fields=fields, now=now)
