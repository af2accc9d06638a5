"""Amendments as negotiations: either party begins one about an agreement that stands, and people of both answer it.

Law: (1) no rule of the operator answers for a person: a negotiation that waits for one does nothing else. (2) The
amendment is in force, and what it amends is over, in the one transaction in which its negotiation is final here, or in
which its buyer is heard to use it, which it does after that alone. (3) Until then the agreement before it stands, and
when the negotiation ends otherwise it does so on. (4) What is not in force when the agreement before it ends never is.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connector.negotiation import amendment, authority
from connector.negotiation.assent import ASKED, waits
from connector.negotiation.doors import DeclinedError, OnTable, Parties
from connector.negotiation.ndi import sealed, superseding
from connector.negotiation.process import Process
from connector.negotiation.protocol.states import PROVIDER
from connector.runtime.errors import Absent, Conflict
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.protocol import NegotiationRow
from connector.store.table_row import replace
from contracts import lifecycle
from contracts.address import read as read_address
from contracts.namespace import CONTRACT

if TYPE_CHECKING:
    from datetime import datetime

    from connector.negotiation.amendment import Change
    from connector.negotiation.doors import Doors
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.steps import Facts, Step
    from connector.store.recorder import Recorder
    from connector.store.rows.protocol import ProcessState
    from connector.store.transaction import Tx

# people read a contract before they sign it
DECIDING: Final = timedelta(days=7)
AMENDED: Final = "agreement.amended"


class Amending(Process[NegotiationRow]):
    """What negotiations of amendments have beside the others."""

    def amend(self, tx: Tx, agreement: str, change: Change, now: datetime) -> str:
        """Ask the other party of an agreement for a change, or answer what it asks with another; return our id.

        Raises Absent, Conflict where there is nothing to amend or it is not our turn, ContractError and DeclinedError
        for what nobody can sign, NotPermitted for what the account that asks may not.
        """
        old = tx.get(AgreementRow, digest=agreement)
        if old is None:
            raise Absent(f"there is no agreement `{agreement[:100]}` here", "penstock show says which there are")
        if why := amendment.refusal(tx, old.digest, old.role, old.peer, now, is_contract=CONTRACT in old.odrl):
            raise Conflict(f"the agreement cannot be amended: {why}")
        row = amendment.under_way(tx, old)
        if row is not None and not waits(row):
            raise Conflict("the other party has not answered yet", f"penstock admin show {row.id}")
        after = self.signed_by(tx, amendment.changed(row or self._begun(tx, old, now), change), now)
        say, price = (self._counter, "ask") if after.role == PROVIDER else (self._request, "bid")
        self._perform(tx, row, say(after, int((after.mandate or {})[price]), now))
        return after.id

    def signed_by(self, tx: Tx, row: NegotiationRow, now: datetime) -> NegotiationRow:
        """Return a negotiation with who of ours answers it now; raises NotPermitted where that one may not sign it."""
        mandate = {name: value for name, value in (row.mandate or {}).items() if name != authority.SIGNER}
        row = replace(row, mandate=mandate | authority.hand(tx))
        authority.foresee(tx, row, self._me, now)
        return row

    def _begun(self, tx: Tx, old: AgreementRow, now: datetime) -> NegotiationRow:
        talk = tx.get(NegotiationRow, id=old.negotiation)
        assert talk is not None, "an agreement has its negotiation"
        if CONTRACT in old.odrl:
            asked = superseding.offer(old, now)
            on_table = amendment.contracted(old, asked)
            return replace(
                self._new(Parties(old.role, old.peer, None, talk.callback), on_table, None, now), offer=asked
            )
        on_table = OnTable(
            old.product, None, terms=amendment.table(old), mandate={amendment.BEFORE: amendment.before(old)}
        )
        buyer = read_address((old.agreement or {})["buyer"], "buyer") if old.role == PROVIDER else None
        row = self._new(Parties(old.role, old.peer, None, talk.callback), on_table, buyer, now)
        return replace(row, offer=amendment.offer(old))

    def deadline(self, row: NegotiationRow, state: ProcessState, facts: Facts) -> datetime | None:
        """Return when it has waited too long: for people longer than for machines."""
        if amendment.of(row) and state in ASKED:
            return facts.now + DECIDING
        return super().deadline(row, state, facts)

    def _act(self, tx: Tx, row: NegotiationRow, act: str, now: datetime) -> None:
        if act == "terminate" or not (amendment.of(row) and waits(row)):
            super()._act(tx, row, act, now)

    def _agreeable(self, tx: Tx, row: NegotiationRow, now: datetime) -> None:
        """Raise DeclinedError where no agreement may be made on the table."""
        self._amendable(tx, row, now)
        if reason := self._doors.agrees(tx, row, now):
            raise DeclinedError(reason)

    def _amendable(self, tx: Tx, row: NegotiationRow, now: datetime) -> None:
        """Raise DeclinedError where what an amendment amends does not stand any more, or is amended otherwise.

        Likewise where the contract does not that an agreement stands under.
        """
        digest, is_contract = amendment.of(row), CONTRACT in (row.offer or {})
        if digest and (why := amendment.refusal(tx, digest, row.role, row.peer, now, is_contract=is_contract)):
            raise DeclinedError(why)
        under = sealed.named(row.terms)
        if under and (why := sealed.refusal(tx, under, row.role, row.peer, now)):
            raise DeclinedError(why)

    @abstractmethod
    def _counter(self, row: NegotiationRow, price: int | None, now: datetime) -> Step[NegotiationRow]: ...

    @abstractmethod
    def _request(self, row: NegotiationRow, price: int | None, now: datetime) -> Step[NegotiationRow]: ...

    @abstractmethod
    def _new(self, parties: Parties, table: OnTable, peer_address: bytes | None, now: datetime) -> NegotiationRow: ...


def supersede(tx: Tx, evidence: Recorder, doors: Doors, me: str, digest: str | None, now: datetime) -> None:
    """Put an amendment in force, and end what it amends; one that is in force, or over, stays as it is."""
    new = tx.get(AgreementRow, digest=digest) if digest else None
    if new is None or new.amends is None or new.state in lifecycle.OVER:
        return
    old = tx.get(AgreementRow, digest=new.amends)
    assert old is not None, "what is amended is kept"
    if old.state in lifecycle.OVER:
        return
    sides = (me, new.peer) if new.role == PROVIDER else (new.peer, me)
    told: Document = dict(zip(("provider", "buyer"), sides, strict=True))
    evidence.record(tx, AMENDED, part=new.digest, link=(new.digest, old.digest), fields=told, now=now)
    doors.superseded(tx, tx.change(old, replace(old, superseded_by=new.digest)), new, now)
