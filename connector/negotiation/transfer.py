"""Transfer processes, both roles: a pull under an agreement, begun by the consumer and started by the provider.

A `transfers` row names its agreement by digest; `address` is the data address of the newest start.
"""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar, Final

from catalog.codes import FORMAT_PUSH, TIERS
from connector.negotiation.agreement import why_over
from connector.negotiation.amending import supersede
from connector.negotiation.doors import DeclinedError, Parties
from connector.negotiation.envelope import pids, reason_of
from connector.negotiation.process import Process
from connector.negotiation.protocol import data_address, messages
from connector.negotiation.protocol.errors import MismatchError, UnacceptableError
from connector.negotiation.protocol.states import CONSUMER, NONE, PROVIDER, STARTED, SUSPENDED, TRANSFER
from connector.negotiation.steps import Facts, Step, Word
from connector.store.rows.agreement import AgreementRow
from connector.store.rows.contract import ContractRow
from connector.store.rows.protocol import NegotiationRow, TransferRow
from connector.store.table_row import replace
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.asking import Heard
    from connector.negotiation.doors import Peer
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.protocol import OutboxRow, ProcessState
    from connector.store.transaction import Tx

HALTS: Final = frozenset({"completion", "suspension", "termination"})  # our word alone, the peer's leave is not asked
OPERATOR: Final = "operator"  # somebody here: a person, or a reaction that a person has written
START: Final = messages.TYPE_OF[TRANSFER, "start"]
RESUMED: Final = "resumed"  # nobody any more: the consumer has gone on, and waits for our word
POLICY: Final = "policy"  # what the agreement permits at the moment
RUNS = "((state = ? and pending = '') or pending = ?)"


def of(tx: Tx, pid: str) -> TransferRow:
    """Return the transfer with this id of ours."""
    row = tx.get(TransferRow, id=pid)
    assert row is not None, "no transfer is ever deleted"
    return row


def running(tx: Tx, agreement: str) -> list[TransferRow]:
    """Return the transfers under which data flows: also one whose start, with the address, is just on its way.

    One that we pause or end flows no more, whether the peer has taken our word for it yet or not.
    """
    return tx.find(TransferRow, f"agreement = ? and {RUNS}", (agreement, STARTED, STARTED))


def runs(row: TransferRow) -> bool:
    """Say of one transfer what `running` looks for."""
    return (row.state == STARTED and not row.pending) or row.pending == STARTED


def paused(tx: Tx, agreement: str, by: str) -> list[TransferRow]:
    """Return the transfers under an agreement that rest because we paused them, for the reason `by`."""
    where = "agreement = ? and state = ? and pending = '' and paused = ?"
    return tx.find(TransferRow, where, (agreement, SUSPENDED, by))


class Transfers(Process[TransferRow]):
    """The acts of transfers; see `connector.negotiation.process` for the laws."""

    process: ClassVar[str] = TRANSFER
    rows = TransferRow
    event: ClassVar[str] = ""

    def acts(self) -> Mapping[str, Callable[[Tx, TransferRow, datetime], Step[TransferRow] | None]]:
        """Return the acts that the reactions may name."""
        return {
            **self.always(),
            "start": self._start,
            "complete": self._complete,
            "suspend": self._suspend,
            "resume": self._start,
        }

    def about(self, row: TransferRow) -> str:
        """Return the agreement."""
        return row.agreement

    def request(
        self,
        tx: Tx,
        agreement: str,
        transfer_format: str,
        now: datetime,
        address: Document | None = None,
        pid: str | None = None,
    ) -> str:
        """Ask for a pull under the agreement with this digest, or a push to an address; return our id, drawn or `pid`.

        `DeclinedError` if we may not.
        """
        found = tx.get(AgreementRow, digest=agreement)
        if found is None or found.role != CONSUMER:
            raise DeclinedError(f"`{agreement}` is no agreement under which we may pull")
        negotiation = tx.get(NegotiationRow, id=found.negotiation)
        self._usable(tx, found, now)
        assert negotiation is not None, "an agreement has its negotiation"
        parties = Parties(CONSUMER, found.peer, None, negotiation.callback)
        row = self._new(parties, agreement, transfer_format, address, now)
        row = row if pid is None else replace(row, id=pid)
        body = messages.transfer_request(row.id, found.odrl["@id"], transfer_format, self._me.base, address)
        self._perform(tx, None, self.says(row, "request", body, now))
        return row.id

    def complete(self, tx: Tx, pid: str, now: datetime) -> None:
        """Say that the transfer is done."""
        row = self._idle(tx, pid)
        self._perform(tx, row, self._complete(tx, row, now))

    def suspend(self, tx: Tx, pid: str, reason: str, now: datetime, by: str = OPERATOR) -> None:
        """Pause the transfer; `by` says who of us did, and so who lets it go on."""
        row = self._idle(tx, pid)
        self._perform(tx, row, self._suspend(tx, replace(row, reason=reason, paused=by), now))

    def restart(self, tx: Tx, pid: str, now: datetime) -> None:
        """Start a suspended transfer again; as the provider with a fresh data address."""
        row = self._idle(tx, pid)
        if (step := self._start(tx, row, now)) is not None:
            self._perform(tx, row, step)

    # What peers send.

    def begin(self, tx: Tx, message: str, body: Document, parties: Parties, peer: Peer, now: datetime) -> TransferRow:
        """Open a transfer under an agreement with this peer; somebody else's looks like none."""
        del message
        digest = body["agreementId"].removeprefix(AGREEMENT_URN)
        found = tx.get(AgreementRow, digest=digest)
        if found is None or found.role != PROVIDER or found.peer != peer.did:
            raise UnacceptableError(f"`{body['agreementId']}` is no agreement with you")
        if reason := why_over(found, now):
            raise UnacceptableError(reason)
        if not peer.is_ndi and tx.find(ContractRow, "negotiation = ?", (found.negotiation,), limit=1):
            text = "this agreement is a contract of the national interfaces, whose deliveries cite its instruction"
            raise UnacceptableError(text, "ask by /transferNegotiate")
        supersede(tx, self._evidence, self._doors, self._me.did, digest, now)  # who uses it knows that it is final
        formats = TIERS[found.signed_terms["tier"]].formats
        if body["format"] not in formats:
            raise UnacceptableError(f"`{body['format']}` is not served", f"ask for {' or '.join(formats)}")
        return self._new(parties, digest, body["format"], self._pushed_to(body), now)

    def _new(
        self, parties: Parties, agreement: str, transfer_format: str, address: Document | None, now: datetime
    ) -> TransferRow:
        return TransferRow(
            id=f"urn:uuid:{uuid.uuid4()}",
            role=parties.role,
            peer=parties.peer,
            peer_pid=parties.peer_pid,
            callback=parties.callback,
            agreement=agreement,
            format=transfer_format,
            state=NONE,
            pending=NONE,
            turn=CONSUMER,
            address=address,
            reason="",
            deadline=now + self.patience,
            created=now,
            updated=now,
        )

    def _pushed_to(self, body: Document) -> Document | None:
        """Return where a push goes, None for a pull; raises UnacceptableError for an address we would not call."""
        address: Document | None = body.get("dataAddress")
        if body["format"] != FORMAT_PUSH:
            if address is not None:
                raise UnacceptableError("a pull has no `dataAddress` in its request")
            return None
        if address is None or not (endpoint := data_address.endpoint(address)):
            raise UnacceptableError("a push needs a `dataAddress` with an `endpoint`, or a `baseUrl`, in its request")
        if reason := self._doors.refuse_url(endpoint):
            raise UnacceptableError(f"nothing is pushed to this address: {reason}")
        return address

    def take(self, row: TransferRow, message: str, body: Document, peer: Peer) -> TransferRow:
        """Return the row with what a legal message says."""
        del peer
        if message in {"suspension", "termination"}:
            return replace(row, reason=reason_of(body))
        if message == "start" and row.role == CONSUMER:
            address = body.get("dataAddress") or row.address
            if address is None:
                raise MismatchError("the start of a pull carries a `dataAddress`")
            return replace(row, address=address, paused=None)
        return replace(row, paused=None) if message == "start" else row

    def facts(self, tx: Tx, row: TransferRow, now: datetime) -> Facts:
        """Return the time, and when the agreement ends."""
        found = tx.get(AgreementRow, digest=row.agreement)
        return Facts(now) if found is None else Facts(now, found.not_after, signed=found.provider_signature is not None)

    def arrives(
        self, row: TransferRow, body: Document, peer: Peer, digest: bytes, sent: OutboxRow | None, facts: Facts
    ) -> list[Step[TransferRow]]:
        """Return what a message does; a connector of another make that resumes is answered with a start of ours, too.

        Eclipse EDC goes on from its own pause only when the provider has said so after it. Nobody else loses anything.
        """
        if (row.role, row.state, body["@type"]) == (CONSUMER, STARTED, START) and not facts.signed:
            return [Step(replace(self.take(row, "start", body, peer), updated=facts.now))]  # it draws its address anew
        steps = super().arrives(row, body, peer, digest, sent, facts)
        after = steps[-1].row
        resumed = (row.role, row.state, after.state) == (PROVIDER, SUSPENDED, STARTED) and not after.pending
        if facts.signed or not resumed:
            return steps
        return [*steps[:-1], replace(steps[-1], row=replace(after, paused=RESUMED))]

    def reaction(self, row: TransferRow) -> tuple[str, timedelta]:
        """Return what we do in the state it is in."""
        return ("resume", timedelta()) if row.paused == RESUMED else super().reaction(row)

    def stays(self, row: TransferRow) -> bool:
        """Return whether it runs or rests: it does so until both agree on something else."""
        return row.state in {STARTED, SUSPENDED}

    def deadline(self, row: TransferRow, state: ProcessState, facts: Facts) -> datetime | None:
        """Return when it has waited too long; a running transfer may last as long as its agreement."""
        if state == STARTED and facts.ends is not None:
            return facts.ends
        return super().deadline(row, state, facts)

    def overdue(self, row: TransferRow, facts: Facts) -> str:
        """Return why a transfer is ended: its agreement may be over."""
        if facts.ends is not None and facts.ends <= facts.now:
            return "the agreement has ended"
        return super().overdue(row, facts)

    def prolonged(self, row: TransferRow, heard: Heard, facts: Facts) -> datetime | None:
        """Return until when a pause may go on that the peer keeps, too; at most as long as the agreement."""
        if row.state != SUSPENDED or heard.state != SUSPENDED:
            return None
        later = facts.now + self.patience
        if facts.ends is not None:
            later = min(later, facts.ends)
        return later if later > facts.now else None

    def moved(self, tx: Tx, row: TransferRow, now: datetime) -> None:
        """Tell who serves that nothing flows any more."""
        del now
        if row.state != STARTED:
            self._doors.halted(tx, row)

    def said(self, tx: Tx, row: TransferRow, kind: str, now: datetime) -> None:
        """Tell who serves that nothing flows any more, whether the peer has heard it yet or not."""
        del now
        if kind in HALTS:
            self._doors.halted(tx, row)

    # What we do.

    def _start(self, tx: Tx, row: TransferRow, now: datetime) -> Step[TransferRow] | None:
        address = None
        if row.role == PROVIDER:
            agreement = tx.get(AgreementRow, digest=row.agreement)
            assert agreement is not None, "a transfer has its agreement"
            self._usable(tx, agreement, now)
            if not self._doors.ready(tx, row, agreement):
                return None
            address = None if row.format == FORMAT_PUSH else self._doors.data_address(tx, row, agreement)
        body = messages.transfer_start(*pids(row), address)
        waited, row = row.paused == RESUMED, replace(row, address=address or row.address, paused=None)
        if row.state == STARTED and waited:  # no move: a word that the peer waits for
            again = replace(row, pending=STARTED, turn=row.role, deadline=now + self.patience, updated=now)
            return Step(again, word=Word("start", body))
        return self.says(row, "start", body, now)

    def _complete(self, tx: Tx, row: TransferRow, now: datetime) -> Step[TransferRow]:
        del tx
        return self.says(row, "completion", messages.transfer_completion(*pids(row)), now)

    def _suspend(self, tx: Tx, row: TransferRow, now: datetime) -> Step[TransferRow]:
        del tx
        reasons = [row.reason] if row.reason else []
        body = messages.ending(self.process, "suspension", *pids(row), reasons=reasons)
        return self.says(replace(row, paused=row.paused or OPERATOR), "suspension", body, now)

    def _idle(self, tx: Tx, pid: str) -> TransferRow:
        row = self._ours(tx, pid)
        if row.pending:
            raise MismatchError(f"the transfer waits for the peer to take `{row.pending}`; try again after that")
        return row

    def _usable(self, tx: Tx, agreement: AgreementRow, now: datetime) -> None:
        if reason := self._doors.stands(tx, agreement, now):
            raise DeclinedError(reason)
