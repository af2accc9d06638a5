"""How a process ends that its two sides do not bring to its end: at our word, at the deadline, at a peer that says no.

Law: (1) nobody waits for ever: a message that brought nothing, and a deadline that has passed, end the process. (2) The
peer has then been asked for its state (`connector.negotiation.asking`); where it has our message, or is at an end
itself, both sides end alike. (3) The reason says what happened and what was heard.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from connector.negotiation import asking
from connector.negotiation.envelope import message_digest, pids, short, told
from connector.negotiation.outbox import EXPIRED, REFUSED
from connector.negotiation.protocol import messages, states
from connector.negotiation.protocol.states import TERMINATED

if TYPE_CHECKING:
    from datetime import datetime

    from connector.negotiation.asking import Heard
    from connector.negotiation.doors import Participant
    from connector.negotiation.outbox import Outbox, Outcome
    from connector.negotiation.protocol.messages import Document
    from connector.runtime.alarm import Alarm
    from connector.store.row import Row
    from connector.store.rows.protocol import OutboxRow
    from connector.store.transaction import Tx

# what came of a message that brought nothing -> how it is said, and the code of the termination that follows
MISSED: Final = {EXPIRED: ("could not be delivered in time", "timeout"), REFUSED: ("was refused", "refused")}


class Ending(ABC):
    """The ends of one kind of process; `connector.negotiation.process` has its beginnings and its middle."""

    process: ClassVar[str]
    table: ClassVar[str]
    _me: Participant
    _outbox: Outbox
    _alarm: Alarm

    @abstractmethod
    def deadline(self, tx: Tx, row: Row, state: str, now: datetime) -> datetime | None:
        """Return when a process that enters `state` has waited too long."""

    @abstractmethod
    def advance(self, tx: Tx, pid: str, now: datetime) -> None:
        """Do what the reactions say about the state the process is in."""

    @abstractmethod
    def _ours(self, tx: Tx, pid: str) -> Row: ...

    @abstractmethod
    def _send(self, tx: Tx, row: Row, message: str, body: Document, now: datetime, **changes: Any) -> None: ...

    @abstractmethod
    def _move(self, tx: Tx, row: Row, to: str, by: str, digest: bytes, now: datetime, **changes: Any) -> Row: ...

    @abstractmethod
    def _acknowledged(self, tx: Tx, row: Row, sent: OutboxRow, now: datetime) -> Row: ...

    def stays(self, row: Row) -> bool:
        """Return whether the process goes on in its state after the peer has refused our message."""
        del row
        return False

    def prolonged(self, tx: Tx, row: Row, heard: Heard, now: datetime) -> datetime | None:
        """Return until when a process may go on whose deadline has passed, None when it may not."""
        del tx, row, heard, now
        return None

    def overdue(self, tx: Tx, row: Row, now: datetime) -> str:
        """Return why a process is ended whose deadline has passed."""
        del tx, now
        return f"nothing came from the {row['turn']} in the time there was"

    def terminate(self, tx: Tx, pid: str, reason: str, now: datetime, code: str = "") -> None:
        """End the process and tell the peer, if it knows of it; `IllegalTransitionError` at its end."""
        row = self._ours(tx, pid)
        states.step(self.process, row["state"] or row["pending"], "termination", row["role"])
        if row["pending"] == TERMINATED:
            return
        dropped = self._outbox.drop(tx, pid)
        if row["peer_pid"] is None:
            digest = message_digest(dropped.body) if dropped else b""
            self._move(tx, row, TERMINATED, self._me.did, digest, now, reason=reason)
            return
        row = {**row, "pending": ""}
        body = messages.ending(self.process, "termination", *pids(row), code=code, reasons=[short(reason)])
        self._send(tx, row, "termination", body, now, reason=short(reason))

    def give_up(self, tx: Tx, pid: str, heard: Heard, now: datetime) -> None:
        """End a process that has waited too long, unless it has moved while its peer was asked."""
        row = self._ours(tx, pid)
        if row["pending"] or row["deadline"] is None or row["deadline"] > now:
            return
        if self.learn(tx, pid, heard, now):
            return
        if later := self.prolonged(tx, row, heard, now):
            tx.update(self.table, {"id": pid}, deadline=later)
            tx.after(partial(self._alarm.notice, later))
            return
        self.terminate(tx, pid, told(self.overdue(tx, row, now), heard.words), now, "timeout")

    def learn(self, tx: Tx, pid: str, heard: Heard, now: datetime) -> bool:
        """Follow a peer to its end if that is what it says, before any deadline; whether it was."""
        row = self._ours(tx, pid)
        if row["pending"] or asking.verdict(self.process, row, heard.state) != asking.OVER:
            return False
        self._follow(tx, row, heard, now)
        return True

    def _undelivered(self, tx: Tx, row: Row, sent: OutboxRow, outcome: Outcome, now: datetime) -> None:
        """Go on without a message that was refused or came too late: nobody waits for ever."""
        heard = outcome.heard
        found = asking.verdict(self.process, row, heard.state)
        if found == asking.TAKEN:
            self._acknowledged(tx, row, sent, now)
            self.advance(tx, row["id"], now)
            return
        how, code = MISSED[outcome.kind]
        reason = told(f"our `{sent.kind}` {how}: {outcome.reason}", heard.words)
        row = {**row, "pending": ""}
        if found == asking.OVER:
            self._follow(tx, row, replace(heard, words=reason), now)
            return
        gone = outcome.kind == EXPIRED and not heard.state
        if gone or row["peer_pid"] is None or sent.kind == "termination":
            digest, why = message_digest(sent.body), told(row["reason"], reason)
            self._move(tx, row, TERMINATED, self._me.did, digest, now, reason=why)
            return
        turn, deadline = states.turn(self.process, row["state"]), self.deadline(tx, row, row["state"], now)
        tx.update(self.table, {"id": row["id"]}, pending="", turn=turn, deadline=deadline, reason=reason, updated=now)
        if outcome.kind == REFUSED and self.stays(row):
            tx.after(self._alarm.notice)
        else:
            self.terminate(tx, row["id"], reason, now, code)

    def _follow(self, tx: Tx, row: Row, heard: Heard, now: datetime) -> None:
        """Go to the end at which the peer is; `row` has nothing under way."""
        assert not row["pending"], "what is under way is dropped or acknowledged before"
        reason = heard.words if heard.state == TERMINATED else ""
        self._move(tx, row, heard.state, row["peer"], b"", now, reason=reason)
