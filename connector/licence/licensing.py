"""Licences of our agreements, on their way to the chain: what grants one, and the note that it is there.

Law: a licence that was mined while nobody listened is noted at the next start, and each once. It is noted off the path
of who tells of it; a note that fails is left for the next start, which finds the mined transaction again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.core.driver import Driver
from connector.licence.sublicence import onward
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.chain import ActState, ChainTxRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.chain import acts

if TYPE_CHECKING:
    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.negotiation.doors import Doors
    from connector.store.transaction import Tx
    from ledger.chain.client import Act
    from ledger.chain.programs import Programs


LICENCE = "licence"
# the state of an agreement whose licence is on its way
_SIGNED = "SELECT digest FROM agreements WHERE state = ?"


class Licensing:
    """The licences that one participant sends."""

    def __init__(self, core: Core, programs: Programs, transactions: Transactions, doors: Doors) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        self.driver = Driver(LICENCE, self._note, self._left)
        self._granted: dict[str, str] = {}
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

    async def recover(self) -> None:
        """Note licences that were mined while nobody listened."""
        for row in await self._core.store.read(_unnoted):
            self.mined(row)

    def mined(self, row: ChainTxRow) -> None:
        """Take note, off the caller's path, of a licence that is on chain; other transactions are heard by others."""
        kind, _, digest = row.id.partition(":")
        if kind == LICENCE and row.state is ActState.MINED:
            assert row.hash is not None, "what is mined has its hash"
            self._granted[digest] = row.hash
            self.driver.wake(digest)

    async def _note(self, digest: str) -> None:
        transaction = self._granted[digest]
        await self._core.store.write(lambda tx: self.grant(tx, digest, transaction))
        self._granted.pop(digest, None)

    async def _left(self, digest: str, _fault: Exception) -> None:
        """Leave a failed note for the next start, which finds the mined transaction again."""
        self._granted.pop(digest, None)

    def grant(self, tx: Tx, digest: str, transaction: str) -> None:
        """Note that the licence is on chain: the agreement performs from now on."""
        row = tx.get(AgreementRow, digest=digest)
        if row is None or row.state != lifecycle.SIGNED:
            return
        tx.change(row, replace(row, state=lifecycle.move(row.state, "grant"), licence_tx=transaction))
        fields = {"licence": digest, "tx": transaction}
        now = self._core.clock.now()
        self._core.evidence.record(tx, "licence.granted", part=digest, fields=fields, now=now)


def _unnoted(tx: Tx) -> list[ChainTxRow]:
    """Return the mined transactions of licences that `grant` has not noted."""
    sent = (tx.get(ChainTxRow, id=f"{LICENCE}:{digest}") for digest in tx.column(_SIGNED, lifecycle.SIGNED))
    return [row for row in sent if row is not None and row.state is ActState.MINED]
