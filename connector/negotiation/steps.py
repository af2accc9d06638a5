"""What a message, an answer or a word of ours does to a process, worked out before anything is written.

Law: (1) a step follows from the row, the message and the facts alone: nothing here reads or writes a table, calls a
door or asks the clock. (2) It is performed in one place, `Process._perform`, which writes the row, its event and our
message in one transaction. (3) Whatever may be refused is refused here, before the first write. (4) When the messages
of both sides cross, the weaker gives way by `WEIGHT`, so both sides end in one state.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from connector.negotiation.envelope import message_digest, pids, short
from connector.negotiation.protocol import messages, states
from connector.negotiation.protocol.errors import IllegalTransitionError
from connector.negotiation.protocol.states import FINAL, NONE, TERMINATED, WEIGHT, other
from connector.store.rows.protocol import NegotiationRow, ProcessState, TransferRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from connector.negotiation.doors import Participant, Peer
    from connector.negotiation.protocol.messages import Document
    from connector.store.rows.protocol import OutboxRow

P = TypeVar("P", NegotiationRow, TransferRow)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a step must know besides; `ends` is when the agreement of a transfer does, None if that is open.

    Whether both sides `signed` it tells whether the peer is of our make.
    """

    now: datetime
    ends: datetime | None = None
    signed: bool = True


@dataclass(frozen=True, slots=True)
class Move:
    """A change of state as the log tells it: from which, by whose word (a DID), and that word's digest."""

    before: ProcessState
    by: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Word:
    """A message of ours, still without its `@id`."""

    kind: str
    body: Document


@dataclass(frozen=True, slots=True)
class Step(Generic[P]):
    """The row as it is next, and what goes with it.

    `move` is there when the state is another (the timer of its deadline follows from the row), `word` when we say
    something, `drops` is our message that was under way and is taken back.
    """

    row: P
    move: Move | None = None
    word: Word | None = None
    drops: OutboxRow | None = None


class Steps(ABC, Generic[P]):
    """The steps of one kind of process."""

    process: ClassVar[str]
    patience: timedelta
    _me: Participant

    @abstractmethod
    def take(self, row: P, message: str, body: Document, peer: Peer) -> P:
        """Return the row with what a legal message says, or raise why it may not; the state follows."""

    def deadline(self, row: P, state: ProcessState, facts: Facts) -> datetime | None:
        """Return when a process that enters `state` has waited too long."""
        del row
        return None if state in FINAL else facts.now + self.patience

    def arrives(
        self, row: P, body: Document, peer: Peer, digest: bytes, sent: OutboxRow | None, facts: Facts
    ) -> list[Step[P]]:
        """Return what a message of the peer does; `sent` is ours that is under way, which it may acknowledge."""
        message, sender = messages.name_of(self.process, body), other(row.role)
        # whoever answers a first message has received it
        to = states.following(self.process, row.state, message, sender) if row.state else None
        if to is None and sent is not None and (to := states.following(self.process, row.pending, message, sender)):
            taken = self.acknowledged(row, sent, facts, drops=sent)
            row = self.take(_unreasoned(taken.row), message, body, peer)
            return [taken, self.enters(row, to, peer.did, digest, facts)]
        to = states.step(self.process, row.state or row.pending, message, sender)
        drops = sent if sent is not None and self._gives_way(row, to, sent) else None
        row = self.take(_unreasoned(row), message, body, peer)
        return [self.enters(row, to, peer.did, digest, facts, drops=drops, keeps=drops is None)]

    def _gives_way(self, row: P, to: ProcessState, sent: OutboxRow) -> bool:
        """Return whether ours gives way to the message that crossed it; it stays under way if it is still legal."""
        if states.following(self.process, to, sent.kind, row.role):
            return False
        if WEIGHT.get(row.pending, 0) > WEIGHT.get(to, 0):
            raise IllegalTransitionError(f"the message crossed our own, which leads to `{row.pending}`")
        return True

    def acknowledged(self, row: P, sent: OutboxRow, facts: Facts, *, drops: OutboxRow | None = None) -> Step[P]:
        """Return the step into the state that our message leads to: the peer has it."""
        return self.enters(row, row.pending, self._me.did, message_digest(sent.body), facts, drops=drops)

    def enters(
        self,
        row: P,
        to: ProcessState,
        by: str,
        digest: bytes,
        facts: Facts,
        *,
        drops: OutboxRow | None = None,
        keeps: bool = False,
    ) -> Step[P]:
        """Return the step into a state; it `keeps` a message of ours that is still under way, with its `pending`."""
        pending = row.pending if keeps and to not in FINAL else NONE
        times = row.entered or {}
        after = replace(
            row,
            state=to,
            pending=pending,
            turn=row.role if pending else states.turn(self.process, to),
            deadline=self.deadline(row, to, facts),
            entered={**times, to.value: times.get(to, 0) + 1},
            due=None,
            updated=facts.now,
        )
        return Step(after, Move(row.state, by, digest), drops=drops)

    def says(self, row: P, kind: str, body: Document, now: datetime, *, drops: OutboxRow | None = None) -> Step[P]:
        """Return the step with which we say something: the row carries the state it will lead to."""
        assert not row.pending, "only one message is under way"
        pending = states.step(self.process, row.state, kind, row.role)
        after = replace(row, pending=pending, turn=row.role, deadline=now + self.patience, updated=now)
        return Step(after, word=Word(kind, body), drops=drops)

    def ends(self, row: P, reason: str, code: str, sent: OutboxRow | None, facts: Facts) -> Step[P]:
        """Return the step that ends a process and tells the peer why, if it knows of it.

        `sent` is our message that is under way, which is taken back. Raises `IllegalTransitionError` at the end.
        """
        states.step(self.process, row.state or row.pending, "termination", row.role)
        if row.peer_pid is None:
            digest = b"" if sent is None else message_digest(sent.body)
            row = replace(row, reason=reason)
            return self.enters(row, TERMINATED, self._me.did, digest, facts, drops=sent)
        row = replace(row, reason=short(reason), pending=NONE)
        body = messages.ending(self.process, "termination", *pids(row), code=code, reasons=[row.reason])
        return self.says(row, "termination", body, facts.now, drops=sent)


def _unreasoned(row: P) -> P:
    """Return the row without the reason of what was before."""
    return replace(row, reason="") if row.reason else row
