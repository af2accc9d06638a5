"""What negotiations and transfers have in common: how a message is taken, sent, acknowledged, given up.

Law, for every process (its table of states is `connector.negotiation.protocol.states`):
1. What a message does is a value (`connector.negotiation.steps`); `_perform` alone writes it: the row, its event and
   the message it causes in one transaction.
2. A message of ours carries the state it leads to in `pending`; the state moves when the peer has acknowledged it, with
   an answer (`connector.negotiation.answered`) or with a message that presupposes it. Only one message is under way.
3. A message is checked before the first write; a refused one leaves the row as it was.
4. A repeat gets the answer of the first time and changes nothing; each message of ours has its own `@id`.
5. A process that is not at its end says whose `turn` it is and until when; the deadline ends it. Before that its peer
   is asked for its state once (`connector.negotiation.asking`).
"""

from __future__ import annotations

import uuid
from abc import abstractmethod
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias

from connector.negotiation import asking
from connector.negotiation import reactions as reacting
from connector.negotiation.doors import DeclinedError, Parties, Reply
from connector.negotiation.ending import Ending
from connector.negotiation.envelope import PID_OF, id_in, message_digest, pids
from connector.negotiation.outbox import DELIVERED
from connector.negotiation.protocol import messages, states, validation
from connector.negotiation.protocol.errors import (
    IllegalTransitionError,
    MalformedError,
    MismatchError,
    UnacceptableError,
    UnknownError,
)
from connector.negotiation.protocol.states import FINAL, NONE, TERMINATED, other
from connector.negotiation.steps import Facts, P, Step, Word
from connector.store.columns import EPOCH
from connector.store.rows.protocol import NegotiationRow, OutboxRow, ReceivedRow, TransferRow
from connector.store.table_row import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.doors import Doors, Participant, Peer
    from connector.negotiation.outbox import Outbox
    from connector.negotiation.outcome import Outcome
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.reactions import Reactions, Rules
    from connector.runtime.alarm import Alarm
    from connector.store.recorder import Recorder
    from connector.store.rows.protocol import ProcessRow
    from connector.store.transaction import Tx

PATIENCE = timedelta(minutes=10)  # how long either side may take for one step (`negotiation.deadline_seconds`)
BARGAINS: Final = frozenset({"request", "offer"})  # after the first of all, said in turn only
CREATED: Final = 201
OK: Final = 200


class Process(Ending[P]):
    """The acts of one kind of process; each runs inside the transaction `tx` it is given."""

    rows: type[P]
    event: ClassVar[str]  # what the log calls a change of state; empty when the log has no such event

    def __init__(
        self,
        me: Participant,
        doors: Doors,
        evidence: Recorder,
        outbox: Outbox,
        alarm: Alarm,
        reactions: Reactions,
        rules: Rules,
        patience: timedelta = PATIENCE,
    ) -> None:
        self.patience = patience
        self._me = me
        self._doors = doors
        self._evidence = evidence
        self._outbox = outbox
        self._alarm = alarm
        self._reactions = reactions
        self._rules = rules

    @property
    def table(self) -> str:
        """The table of its rows."""
        return self.rows.TABLE.name

    # What a kind of process adds.

    @abstractmethod
    def acts(self) -> Mapping[str, Callable[[Tx, P, datetime], Step[P] | None]]:
        """Return the acts that the reactions may name; each returns what we do, None for nothing."""

    @abstractmethod
    def begin(self, tx: Tx, message: str, body: Document, parties: Parties, peer: Peer, now: datetime) -> P:
        """Return the row of a process that a peer begins, not begun yet, or raise why it may not."""

    @abstractmethod
    def about(self, row: P) -> str:
        """Return the id that an operator's rules name."""

    def facts(self, tx: Tx, row: P, now: datetime) -> Facts:
        """Return what the steps of a process must know besides its row."""
        del tx, row
        return Facts(now)

    def moved(self, tx: Tx, row: P, now: datetime) -> None:
        """Do what follows a change of state in the same transaction."""
        del tx, row, now

    def said(self, tx: Tx, row: P, kind: str, now: datetime) -> None:
        """Do what follows a message of ours in the same transaction."""
        del tx, row, kind, now

    def reaction(self, row: P) -> tuple[str, timedelta]:
        """Return the act for the state the process is in, and how long to wait before it."""
        time = (row.entered or {}).get(row.state, 1)
        return reacting.decide(
            self._rules, self._reactions, self.process, row.role, row.state, self.about(row) or "", time
        )

    # Taking a message.

    def receive(self, tx: Tx, body: Document, peer: Peer, pid: str | None, now: datetime) -> Reply:
        """Take a schema-valid message for our process `pid`, or one that begins a process (None)."""
        message = messages.name_of(self.process, body)
        digest = message_digest(body)
        row = self._opened(tx, message, body, peer) if pid is None else self._known(tx, pid, peer.did)
        if row is not None and (again := self._again(tx, row, message, body, digest)):
            return self._reply(row, again.status, again.state)
        if pid is None and row is not None:
            raise MismatchError(f"`{row.peer_pid}` is already the id of another {self.process}")
        if row is not None and row.pending and self._outbox.take(tx, row.id):
            row = self._ours(tx, row.id)
        begun = self._theirs(tx, message, body, peer, now) if row is None else self._matched(tx, row, body)
        sent = self._outbox.under_way(tx, begun.id) if begun.pending else None
        steps = self.arrives(begun, body, peer, digest, sent, self.facts(tx, begun, now))
        after, status = self._perform(tx, row, *steps), CREATED if pid is None else OK
        kept = ReceivedRow(subject=after.id, digest=digest, status=status, state=after.state, at=now)
        for key in {digest, message_digest(_said(body))} if peer.address is None else {digest}:
            tx.put(replace(kept, digest=key))
        self.advance(tx, after.id, now)
        return self._reply(after, status, after.state)

    def view(self, tx: Tx, pid: str, did: str) -> Reply:
        """Return the process as its peer may see it; `UnknownError` for everybody else."""
        row = self._known(tx, pid, did)
        return self._reply(row, OK, row.state or row.pending)

    # Moving on.

    def advance(self, tx: Tx, pid: str, now: datetime) -> None:
        """Do what the reactions say about the state the process is in, unless a message is under way."""
        row = tx.get(self.rows, id=pid)
        if row is None or row.pending or row.state in FINAL:
            return
        act, delay = self.reaction(row)
        if delay and row.due is None:
            tx.change(row, replace(row, due=now + delay))
            tx.after(partial(self._alarm.notice, now + delay))
            return
        if row.due is not None:
            if now < row.due:
                return
            row = tx.change(row, replace(row, due=None))
        self._act(tx, row, act, now)

    def proceed(self, tx: Tx, pid: str, now: datetime) -> bool:
        """Take the usual step of the state at once, whatever rule or delay holds it; whether that did anything."""
        self._outbox.take(tx, pid)
        row = self._ours(tx, pid)
        act = self._reactions.get((self.process, row.role, row.state))
        if act is None or act == reacting.REMIND or row.pending:
            return False
        self._act(tx, tx.change(row, replace(row, due=None)), act, now)
        done = self._ours(tx, pid)
        return (done.state, done.pending) != (row.state, NONE)

    def resume(self, tx: Tx, now: datetime) -> None:
        """Advance every process whose next step is ours; after a restart."""
        for row in tx.find(self.rows, "deadline > ? and pending = ''", (EPOCH,)):
            if row.turn == row.role:
                self.advance(tx, row.id, now)

    def settled(self, tx: Tx, sent: OutboxRow, outcome: Outcome, now: datetime) -> bool:
        """Take what came of a message of ours; False when the answer is not the one the protocol asks for."""
        row = tx.get(self.rows, id=sent.subject)
        assert row is not None
        assert row.pending, "a message under way is pending"
        if outcome.kind != DELIVERED:
            self._undelivered(tx, row, sent, outcome, now)
            return True
        known = row
        if row.peer_pid is None:
            learned = self._learned(tx, row, outcome.reply)
            if learned is None:
                return False
            known = replace(row, peer_pid=learned)
        moved = self._perform(tx, row, self.acknowledged(known, sent, self.facts(tx, row, now)))
        if moved.state not in FINAL and asking.ended(moved, outcome.reply):
            whom = other(row.role)
            words = f"the {whom} took our `{sent.kind}` and answered that it is `{TERMINATED}`"
            heard = asking.Heard(TERMINATED, words)
            self._perform(tx, moved, self.follows(moved, heard, self.facts(tx, moved, now)))
            return True
        self.advance(tx, row.id, now)
        return True

    # For the kinds of process.

    def always(self) -> Mapping[str, Callable[[Tx, P, datetime], Step[P] | None]]:
        """Return the acts that both have."""
        return {"hold": self.hold, "remind": self.remind, "terminate": self.stop}

    def hold(self, tx: Tx, row: P, now: datetime) -> None:
        """Do nothing: the operator or the deadline decides."""
        del tx, row, now

    def remind(self, tx: Tx, row: P, now: datetime) -> Step[P]:
        """Let a peer that is silent be asked what it has lost; again when it has been silent for twice as long."""
        later = now + max(reacting.QUIET, now - row.updated)
        tx.after(partial(self._outbox.reminding.inquire, self.process, row.id))
        tx.after(partial(self._alarm.notice, later))
        return Step(replace(row, due=later))

    def stop(self, tx: Tx, row: P, now: datetime) -> Step[P]:
        """End the process because a rule of the operator says so."""
        return self.ends(row, "this goes no further, by a rule of our operator", "", None, self.facts(tx, row, now))

    def _perform(self, tx: Tx, row: P | None, *steps: Step[P]) -> P:
        """Write steps, one after the other, with what goes with them; `row` is as it was read, None of a new one."""
        for step in steps:
            after, move, word = step.row, step.move, step.word
            assert bool(after.turn) is (after.state not in FINAL), "whoever waits, waits for somebody"
            body = None if word is None else _message(word)
            if row is not None and _sheds(row, after):
                tx.delete(type(row), id=row.id)
                row = None
            if row is None:
                tx.insert(after)
            else:
                tx.change(row, after)
            if step.drops is not None:
                self._outbox.drop(tx, step.drops)
            if word is not None and body is not None:
                self._enqueue(tx, after, word.kind, body)
                self.said(tx, after, word.kind, after.updated)
            if move is not None:
                if self.event:
                    told = {"from": move.before.value, "to": after.state.value, "by": move.by}
                    told |= {"reason": after.reason, "digest": move.digest.hex()}
                    self._evidence.record(tx, self.event, part=after.id, fields=told, now=after.updated)
                self.moved(tx, after, after.updated)
                self._doors.moved(tx, self.process, after)
                if after.deadline is not None:
                    tx.after(partial(self._alarm.notice, after.deadline))
            row = after
        assert row is not None, "there is a step"
        return row

    def _enqueue(self, tx: Tx, row: P, kind: str, body: Document) -> None:
        assert row.deadline is not None, "a message is sent until then"
        self._outbox.enqueue(
            tx,
            peer=row.peer,
            url=messages.address(row.callback, self.process, kind, row.peer_pid),
            body=body,
            process=self.process,
            subject=row.id,
            kind=kind,
            now=row.updated,
            deadline=row.deadline,
        )

    def _ours(self, tx: Tx, pid: str) -> P:
        row = tx.get(self.rows, id=pid)
        if row is None:
            raise UnknownError(f"no {self.process} has the id `{pid}`")
        return row

    # Steps of the above.

    def _act(self, tx: Tx, row: P, act: str, now: datetime) -> None:
        try:
            step = self.acts()[act](tx, row, now)
            if step is not None:
                self._perform(tx, row, step)
        except (DeclinedError, MalformedError, UnacceptableError) as declined:
            self.terminate(tx, row.id, str(declined), now)

    def _known(self, tx: Tx, pid: str, did: str) -> P:
        row = tx.get(self.rows, id=pid)
        if row is None or row.peer != did:
            raise UnknownError(f"no {self.process} has the id `{pid}`")
        return row

    def _opened(self, tx: Tx, message: str, body: Document, peer: Peer) -> P | None:
        """Return the process that this peer has begun under this id before."""
        sender = self._beginner(message)
        return tx.get(self.rows, role=other(sender), peer=peer.did, peer_pid=body[PID_OF[sender]])

    def _beginner(self, message: str) -> str:
        for role in states.ROLES:
            if states.following(self.process, NONE, message, role):
                return role
        raise IllegalTransitionError(f"`{message}` does not begin a {self.process}")

    def _theirs(self, tx: Tx, message: str, body: Document, peer: Peer, now: datetime) -> P:
        """Return the row of the process that a peer begins."""
        sender, callback = self._beginner(message), body.get("callbackAddress")
        if callback is None:
            raise MalformedError("a first message names a `callbackAddress`")
        if why := self._doors.refuse_url(callback):
            raise UnacceptableError(f"`callbackAddress` cannot be called: {why}")
        parties = Parties(other(sender), peer.did, body[PID_OF[sender]], callback)
        return self.begin(tx, message, body, parties, peer, now)

    def _again(self, tx: Tx, row: P, message: str, body: Document, digest: bytes) -> ReceivedRow | None:
        """Return what was answered to this message before.

        A peer that puts no `@id` on its messages may lawfully say the same twice, e.g. hold to its price: from it, what
        is legal now is taken as new. So it is from a connector of another make: Eclipse EDC may send a message again
        under another `@id`. Whoever bargains out of turn is refused, in the same words as well.
        """
        known = tx.get(ReceivedRow, subject=row.id, digest=digest)
        bargains = message in BARGAINS and "callbackAddress" not in body
        if "@id" in body and (known is not None or bargains):
            return known
        known = known or tx.get(ReceivedRow, subject=row.id, digest=message_digest(_said(body)))
        if known is None:
            return None
        sender = other(row.role)
        at = {row.state, row.pending or row.state}
        return None if any(states.following(self.process, state, message, sender) for state in at) else known

    def _matched(self, tx: Tx, row: P, body: Document) -> P:
        """Return the row with the peer's id, which the first message after our own may be the one to tell."""
        theirs = body.get(PID_OF[other(row.role)])
        if body.get(PID_OF[row.role]) != row.id or (row.peer_pid or theirs) != theirs:
            raise MismatchError(f"the message names other ids than those of this {self.process}")
        if row.peer_pid == theirs:
            return row
        if tx.get(self.rows, role=row.role, peer=row.peer, peer_pid=theirs):
            raise MismatchError(f"`{theirs}` is already the id of another {self.process}")
        return replace(row, peer_pid=theirs)

    def _learned(self, tx: Tx, row: P, reply: Any) -> str | None:
        """Return the peer's id of a process we began, from its answer; None when it gives none we can use."""
        theirs = id_in(self.process, row, reply)
        taken = tx.get(self.rows, role=row.role, peer=row.peer, peer_pid=theirs)
        return None if taken else theirs

    def _reply(self, row: P, status: int, state: str) -> Reply:
        return Reply(status, messages.ack(self.process, *pids(row), state))


def _said(body: Document) -> Document:
    """Return what a message says, without its own name."""
    return {name: value for name, value in body.items() if name != "@id"}


def _message(word: Word) -> Document:
    """Return a message of ours as it is sent, valid by the protocol."""
    body = {**word.body, "@id": f"urn:uuid:{uuid.uuid4()}"}
    validation.check(body["@type"], body)
    return body


def _sheds(before: ProcessRow, after: ProcessRow) -> bool:
    """Say whether a row has become much smaller, so that it is to rest beside others.

    SQLite joins pages of rows that are deleted, never those of rows that shrink.
    """
    return isinstance(before, NegotiationRow) and before.agreement is not None and after.agreement is None


AnyProcess: TypeAlias = Process[NegotiationRow] | Process[TransferRow]
