"""How a process ends that its two sides do not bring to its end: at our word, at the deadline, at a peer that says no.

Law: (1) nobody waits for ever: a message that brought nothing, and a deadline that has passed, end the process. (2) The
peer has then been asked for its state (`connector.negotiation.asking`); where it has our message, or is at an end
itself, both sides end alike. (3) The reason says what happened and what was heard. (4) Two who have signed and lose the
last word hold the agreement, both: who said it goes on as if it had come, who waits for it asks.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from functools import partial
from typing import TYPE_CHECKING, Final

from connector.negotiation import asking
from connector.negotiation.envelope import message_digest, told
from connector.negotiation.outbox import EXPIRED, REFUSED
from connector.negotiation.protocol import states
from connector.negotiation.protocol.states import NONE, TERMINATED
from connector.negotiation.steps import P, Step, Steps
from connector.store.rows.protocol import ProcessState
from connector.store.table_row import replace

if TYPE_CHECKING:
    from datetime import datetime

    from connector.negotiation.asking import Heard
    from connector.negotiation.outbox import Outbox
    from connector.negotiation.outcome import Outcome
    from connector.negotiation.steps import Facts
    from connector.runtime.alarm import Alarm
    from connector.store.rows.protocol import OutboxRow
    from connector.store.transaction import Tx

# what came of a message that brought nothing -> how it is said, and the code of the termination that follows
LATE: Final = "could not be delivered in time"
MISSED: Final = {EXPIRED: (LATE, "timeout"), REFUSED: ("was refused", "refused")}
NOTHING: Final = "nothing came from the"
# why a process is ended that its peer went on without: another may follow it
FORGOTTEN: Final = "the peer knows nothing of it: it went on with a back-up of before"
# the word after which both hold the same agreement: who did not get it asks for the state, and is told that it is final
CLOSING: Final = "finalize"
# how the reason begins of a process that nobody's word has ended: a message that came too late, silence, a peer that
# has forgotten it, a peer's end of which it told us nothing
UNMEANT: Final = re.compile(rf"our `(?!termination`)\w+` {LATE}|{NOTHING}|{FORGOTTEN}|{asking.ASKED}")


def was_late(row: P) -> bool:
    """Say whether a process ended because a side was not there in time, as far as is known, and at nobody's word."""
    return UNMEANT.match(row.reason) is not None


class Ending(Steps[P]):
    """The ends of one kind of process; `connector.negotiation.process` has its beginnings and its middle."""

    _outbox: Outbox
    _alarm: Alarm

    @abstractmethod
    def advance(self, tx: Tx, pid: str, now: datetime) -> None:
        """Do what the reactions say about the state the process is in."""

    @abstractmethod
    def facts(self, tx: Tx, row: P, now: datetime) -> Facts:
        """Return what the steps of a process must know besides its row."""

    @abstractmethod
    def _ours(self, tx: Tx, pid: str) -> P: ...

    @abstractmethod
    def _perform(self, tx: Tx, row: P | None, *steps: Step[P]) -> P: ...

    def stays(self, row: P) -> bool:
        """Return whether the process goes on in its state after the peer has refused our message."""
        del row
        return False

    def prolonged(self, row: P, heard: Heard, facts: Facts) -> datetime | None:
        """Return until when a process may go on whose deadline has passed, None when it may not."""
        del row, heard, facts
        return None

    def overdue(self, row: P, facts: Facts) -> str:
        """Return why a process is ended whose deadline has passed."""
        del facts
        return f"{NOTHING} {row.turn} in the time there was"

    def terminate(self, tx: Tx, pid: str, reason: str, now: datetime, code: str = "") -> None:
        """End the process and tell the peer, if it knows of it; `IllegalTransitionError` at its end."""
        self._outbox.take(tx, pid)
        row = self._ours(tx, pid)
        if row.pending != TERMINATED:
            sent = self._outbox.under_way(tx, pid) if row.pending else None
            self._perform(tx, row, self.ends(row, reason, code, sent, self.facts(tx, row, now)))

    def give_up(self, tx: Tx, pid: str, heard: Heard, now: datetime) -> None:
        """End a process that has waited too long, unless it has moved while its peer was asked."""
        row = self._ours(tx, pid)
        if row.pending or row.deadline is None or row.deadline > now:
            return
        if self.learn(tx, pid, heard, now):
            return
        facts = self.facts(tx, row, now)
        if later := self.prolonged(row, heard, facts):
            tx.change(row, replace(row, deadline=later))
            tx.after(partial(self._alarm.notice, later))
            return
        self.terminate(tx, pid, told(self.overdue(row, facts), heard.words), now, "timeout")

    def learn(self, tx: Tx, pid: str, heard: Heard, now: datetime) -> bool:
        """Follow a peer to its end if that is what it says, before any deadline; whether it was."""
        row = self._ours(tx, pid)
        if row.pending or asking.verdict(self.process, row, heard.state) != asking.OVER:
            return False
        self._perform(tx, row, self.follows(row, heard, self.facts(tx, row, now)))
        return True

    def _undelivered(self, tx: Tx, row: P, sent: OutboxRow, outcome: Outcome, now: datetime) -> None:
        """Go on without a message that was refused or came too late: nobody waits for ever."""
        heard, facts = outcome.heard, self.facts(tx, row, now)
        found = asking.verdict(self.process, row, heard.state)
        how, code = MISSED[outcome.kind]
        reason = told(f"our `{sent.kind}` {how}: {outcome.reason}", heard.words)
        unheard = outcome.kind == EXPIRED and not heard.there and sent.kind == CLOSING
        if found == asking.TAKEN or unheard:
            known = replace(row, reason=reason) if unheard else row
            self._perform(tx, row, self.acknowledged(known, sent, facts))
            self.advance(tx, row.id, now)
            return
        idle = replace(row, pending=NONE)
        if found == asking.OVER:
            self._perform(tx, row, self.follows(idle, replace(heard, words=reason), facts))
            return
        gone = outcome.kind == EXPIRED and not heard.state
        if gone or row.peer_pid is None or sent.kind == "termination":
            idle = replace(idle, reason=told(row.reason, reason))
            self._perform(tx, row, self.enters(idle, TERMINATED, self._me.did, message_digest(sent.body), facts))
            return
        turn, deadline = states.turn(self.process, row.state), self.deadline(row, row.state, facts)
        tx.change(row, replace(idle, turn=turn, deadline=deadline, reason=reason, updated=now))
        if outcome.kind == REFUSED and self.stays(row):
            tx.after(self._alarm.notice)
        else:
            self.terminate(tx, row.id, reason, now, code)

    def follows(self, row: P, heard: Heard, facts: Facts) -> Step[P]:
        """Return the step to the end at which the peer is; `row` has nothing under way."""
        assert not row.pending, "what is under way is dropped or acknowledged before"
        row = replace(row, reason=heard.words if heard.state == TERMINATED else "")
        return self.enters(row, ProcessState(heard.state), row.peer, b"", facts)
