"""Transfer processes, both roles: a pull under an agreement, begun by the consumer and started by the provider.

A `transfers` row names its agreement by digest; `address` is the data address of the newest start.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from catalog.codes import FORMAT_PUSH, TIERS
from connector.negotiation.agreement import why_over
from connector.negotiation.doors import DeclinedError
from connector.negotiation.envelope import pids, reason_of
from connector.negotiation.process import Process
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.errors import MismatchError, UnacceptableError
from connector.negotiation.protocol.states import CONSUMER, PROVIDER, STARTED, SUSPENDED, TRANSFER
from connector.store.rows.agreement import AgreementRow
from contracts.namespace import AGREEMENT_URN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.asking import Heard
    from connector.negotiation.doors import Peer
    from connector.negotiation.protocol.messages import Document
    from connector.store.row import Row
    from connector.store.transaction import Tx

HALTS: Final = frozenset({"completion", "suspension", "termination"})  # our word alone, the peer's leave is not asked
OPERATOR: Final = "operator"  # somebody here: a person, or a reaction that a person has written
POLICY: Final = "policy"  # what the agreement permits at the moment
RUNS = "((state = ? and pending = '') or pending = ?)"


def running(tx: Tx, agreement: str) -> list[Row]:
    """Return the transfers under which data flows: also one whose start, with the address, is just on its way.

    One that we pause or end flows no more, whether the peer has taken our word for it yet or not.
    """
    return tx.find("transfers", f"agreement = ? and {RUNS}", (agreement, STARTED, STARTED))


def paused(tx: Tx, agreement: str, by: str) -> list[Row]:
    """Return the transfers under an agreement that rest because we paused them, for the reason `by`."""
    where = "agreement = ? and state = ? and pending = '' and paused = ?"
    return tx.find("transfers", where, (agreement, SUSPENDED, by))


class Transfers(Process):
    """The acts of transfers; see `connector.negotiation.process` for the laws."""

    process: ClassVar[str] = TRANSFER
    table: ClassVar[str] = "transfers"
    about: ClassVar[str] = "agreement"
    event: ClassVar[str] = ""

    def acts(self) -> Mapping[str, Callable[[Tx, Row, datetime], None]]:
        """Return the acts that the reactions may name."""
        return {
            "hold": self.hold,
            "terminate": self.stop,
            "start": self._start,
            "complete": self._complete,
            "suspend": self._suspend,
            "resume": self._start,
        }

    def request(self, tx: Tx, agreement: str, transfer_format: str, now: datetime) -> str:
        """Ask for a pull under the agreement with this digest; return our id. `DeclinedError` if we may not."""
        found = tx.get(AgreementRow, digest=agreement)
        if found is None or found.role != CONSUMER:
            raise DeclinedError(f"`{agreement}` is no agreement under which we may pull")
        negotiation = tx.get("negotiations", id=found.negotiation)
        self._usable(tx, found, now)
        assert negotiation is not None, "an agreement has its negotiation"
        about = {"role": CONSUMER, "peer": found.peer, "callback": negotiation["callback"]}
        row = self._create(tx, about | {"agreement": agreement, "format": transfer_format}, now)
        body = messages.transfer_request(row["id"], found.odrl["@id"], transfer_format, self._me.base)
        self._send(tx, row, "request", body, now)
        return str(row["id"])

    def complete(self, tx: Tx, pid: str, now: datetime) -> None:
        """Say that the transfer is done."""
        self._complete(tx, self._idle(tx, pid), now)

    def suspend(self, tx: Tx, pid: str, reason: str, now: datetime, by: str = OPERATOR) -> None:
        """Pause the transfer; `by` says who of us did, and so who lets it go on."""
        self._suspend(tx, {**self._idle(tx, pid), "reason": reason, "paused": by}, now)

    def restart(self, tx: Tx, pid: str, now: datetime) -> None:
        """Start a suspended transfer again; as the provider with a fresh data address."""
        self._start(tx, self._idle(tx, pid), now)

    # What peers send.

    def begin(self, tx: Tx, message: str, body: Document, peer: Peer, now: datetime) -> Row:
        """Open a transfer under an agreement with this peer; somebody else's looks like none."""
        del message
        digest = body["agreementId"].removeprefix(AGREEMENT_URN)
        found = tx.get(AgreementRow, digest=digest)
        if found is None or found.role != PROVIDER or found.peer != peer.did:
            raise UnacceptableError(f"`{body['agreementId']}` is no agreement with you")
        if reason := why_over(found, now):
            raise UnacceptableError(reason)
        formats = TIERS[found.signed_terms["tier"]].formats
        if body["format"] not in formats:
            raise UnacceptableError(f"`{body['format']}` is not served", f"ask for {' or '.join(formats)}")
        return {"agreement": digest, "format": body["format"], "address": self._pushed_to(body)}

    def _pushed_to(self, body: Document) -> Row | None:
        """Return where a push goes, None for a pull; raises UnacceptableError for an address we would not call."""
        address: Row | None = body.get("dataAddress")
        if body["format"] != FORMAT_PUSH:
            if address is not None:
                raise UnacceptableError("a pull has no `dataAddress` in its request")
            return None
        if address is None or not isinstance(address.get("endpoint"), str):
            raise UnacceptableError("a push needs a `dataAddress` with an `endpoint` in its request")
        if reason := self._doors.refuse_url(address["endpoint"]):
            raise UnacceptableError(f"nothing is pushed to this address: {reason}")
        return address

    def take(self, tx: Tx, row: Row, message: str, body: Document, peer: Peer) -> Row:
        """Return what a legal message changes."""
        del tx, peer
        if message in {"suspension", "termination"}:
            return {"reason": reason_of(body)}
        if message == "start" and row["role"] == CONSUMER:
            address = body.get("dataAddress") or row["address"]
            if address is None:
                raise MismatchError("the start of a pull carries a `dataAddress`")
            return {"address": address, "paused": None}
        return {"paused": None} if message == "start" else {}

    def stays(self, row: Row) -> bool:
        """Return whether it runs or rests: it does so until both agree on something else."""
        return row["state"] in {STARTED, SUSPENDED}

    def deadline(self, tx: Tx, row: Row, state: str, now: datetime) -> datetime | None:
        """Return when it has waited too long; a running transfer may last as long as its agreement."""
        found = tx.get(AgreementRow, digest=row["agreement"])
        if state == STARTED and found is not None and found.not_after is not None:
            return found.not_after
        return super().deadline(tx, row, state, now)

    def overdue(self, tx: Tx, row: Row, now: datetime) -> str:
        """Return why a transfer is ended: its agreement may be over."""
        found = tx.get(AgreementRow, digest=row["agreement"])
        if found is not None and found.not_after is not None and found.not_after <= now:
            return "the agreement has ended"
        return super().overdue(tx, row, now)

    def prolonged(self, tx: Tx, row: Row, heard: Heard, now: datetime) -> datetime | None:
        """Return until when a pause may go on that the peer keeps, too; at most as long as the agreement."""
        if row["state"] != SUSPENDED or heard.state != SUSPENDED:
            return None
        found = tx.get(AgreementRow, digest=row["agreement"])
        later: datetime = now + self.patience
        if found is not None and found.not_after is not None:
            later = min(later, found.not_after)
        return later if later > now else None

    def moved(self, tx: Tx, row: Row, now: datetime) -> None:
        """Tell who serves that nothing flows any more."""
        del now
        if row["state"] != STARTED:
            self._doors.halted(tx, row)

    # What we do.

    def _send(self, tx: Tx, row: Row, message: str, body: Document, now: datetime, **changes: Any) -> None:
        super()._send(tx, row, message, body, now, **changes)
        if message in HALTS:
            self._doors.halted(tx, row)

    def _start(self, tx: Tx, row: Row, now: datetime) -> None:
        address = None
        if row["role"] == PROVIDER:
            agreement = tx.get(AgreementRow, digest=row["agreement"])
            assert agreement is not None, "a transfer has its agreement"
            self._usable(tx, agreement, now)
            address = None if row["format"] == FORMAT_PUSH else self._doors.data_address(tx, row, agreement)
        body = messages.transfer_start(*pids(row), address)
        self._send(tx, row, "start", body, now, address=address or row["address"], paused=None)

    def _complete(self, tx: Tx, row: Row, now: datetime) -> None:
        self._send(tx, row, "completion", messages.transfer_completion(*pids(row)), now)

    def _suspend(self, tx: Tx, row: Row, now: datetime) -> None:
        reasons = [row["reason"]] if row["reason"] else []
        body = messages.ending(self.process, "suspension", *pids(row), reasons=reasons)
        self._send(tx, row, "suspension", body, now, reason=row["reason"], paused=row["paused"] or OPERATOR)

    def _idle(self, tx: Tx, pid: str) -> Row:
        row = self._ours(tx, pid)
        if row["pending"]:
            raise MismatchError(f"the transfer waits for the peer to take `{row['pending']}`; try again after that")
        return row

    def _usable(self, tx: Tx, agreement: AgreementRow, now: datetime) -> None:
        if reason := self._doors.stands(tx, agreement, now):
            raise DeclinedError(reason)
