"""What negotiations and transfers have in common: how a message is taken, sent, acknowledged, given up.

Law, for every process (its table of states is `connector.negotiation.protocol.states`):
1. A change of state, its event and the message it causes are written in one transaction.
2. A message of ours carries the state it leads to in `pending`; the state moves when the peer has acknowledged it, with
   an answer or with a message that presupposes it. Only one message is under way.
3. A message is checked before the first write; a refused one leaves the row as it was.
4. A repeat gets the answer of the first time and changes nothing; each message of ours has its own `@id`.
5. A process that is not at its end says whose `turn` it is and until when; the deadline ends it. Before that its peer
   is asked for its state once (`connector.negotiation.asking`).
When the messages of both sides cross, the weaker gives way by `WEIGHT`, so both sides end in one state.
"""

from __future__ import annotations

import uuid
from abc import abstractmethod
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final

from connector.negotiation import asking
from connector.negotiation import reactions as reacting
from connector.negotiation.doors import DeclinedError, Reply
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
from connector.negotiation.protocol.states import CONSUMER, FINAL, NONE, TERMINATED, WEIGHT, other
from connector.store.rows.protocol import OutboxRow, ReceivedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connector.negotiation.doors import Doors, Participant, Peer
    from connector.negotiation.outbox import Outbox, Outcome
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.reactions import Reactions, Rules
    from connector.runtime.alarm import Alarm
    from connector.store.recorder import Recorder
    from connector.store.row import Row
    from connector.store.transaction import Tx

PATIENCE = timedelta(minutes=10)  # how long either side may take for one step (`negotiation.deadline_seconds`)
CREATED: Final = 201
OK: Final = 200


class Process(Ending):
    """The acts of one kind of process; each runs inside the transaction `tx` it is given."""

    process: ClassVar[str]
    table: ClassVar[str]
    about: ClassVar[str]  # the column with the id that an operator's rules name
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

    # What a kind of process adds.

    @abstractmethod
    def acts(self) -> Mapping[str, Callable[[Tx, Row, datetime], None]]:
        """Return the acts that the reactions may name."""

    @abstractmethod
    def begin(self, tx: Tx, message: str, body: Document, peer: Peer, now: datetime) -> Row:
        """Return the own columns of a process that a peer begins, or raise why it may not; `take` comes after it."""

    @abstractmethod
    def take(self, tx: Tx, row: Row, message: str, body: Document, peer: Peer) -> Row:
        """Return the columns that a legal message changes, or raise why it may not."""

    def moved(self, tx: Tx, row: Row, now: datetime) -> None:
        """Do what follows a change of state in the same transaction."""
        del tx, row, now

    def deadline(self, tx: Tx, row: Row, state: str, now: datetime) -> datetime | None:
        """Return when a process that enters `state` has waited too long."""
        del tx, row
        return None if state in FINAL else now + self.patience

    # Taking a message.

    def receive(self, tx: Tx, body: Document, peer: Peer, pid: str | None, now: datetime) -> Reply:
        """Take a schema-valid message for our process `pid`, or one that begins a process (None)."""
        message = messages.name_of(self.process, body)
        digest = message_digest(body)
        row = self._opened(tx, message, body, peer) if pid is None else self._known(tx, pid, peer.did)
        if row is not None and (again := self._again(tx, row, message, body, digest)):
            return self._reply(row, again.status, again.state)
        if pid is None and row is not None:
            raise MismatchError(f"`{row['peer_pid']}` is already the id of another {self.process}")
        row = self._theirs(tx, message, body, peer, now) if row is None else self._matched(tx, row, body)
        row, to = self._arrived(tx, row, message, now)
        changes = self.take(tx, row, message, body, peer)
        row = self._move(tx, row, to, peer.did, digest, now, peer_pid=row["peer_pid"], **changes)
        status = CREATED if pid is None else OK
        tx.put(ReceivedRow(subject=row["id"], digest=digest, status=status, state=to, at=now))
        self.advance(tx, row["id"], now)
        return self._reply(row, status, to)

    def view(self, tx: Tx, pid: str, did: str) -> Reply:
        """Return the process as its peer may see it; `UnknownError` for everybody else."""
        row = self._known(tx, pid, did)
        return self._reply(row, OK, row["state"] or row["pending"])

    # Moving on.

    def advance(self, tx: Tx, pid: str, now: datetime) -> None:
        """Do what the reactions say about the state the process is in, unless a message is under way."""
        row = tx.get(self.table, id=pid)
        if row is None or row["pending"] or row["state"] in FINAL:
            return
        act, delay = self._reaction(row)
        if delay and row["due"] is None:
            tx.update(self.table, {"id": pid}, due=now + delay)
            tx.after(partial(self._alarm.notice, now + delay))
            return
        if row["due"] is not None:
            if now < row["due"]:
                return
            tx.update(self.table, {"id": pid}, due=None)
        self._act(tx, row, act, now)

    def proceed(self, tx: Tx, pid: str, now: datetime) -> bool:
        """Take the usual step of the state at once, whatever rule or delay holds it; whether that did anything."""
        row = self._ours(tx, pid)
        act = self._reactions.get((self.process, row["role"], row["state"]))
        if act is None or row["pending"]:
            return False
        tx.update(self.table, {"id": pid}, due=None)
        self._act(tx, row, act, now)
        done = self._ours(tx, pid)
        return (done["state"], done["pending"]) != (row["state"], "")

    def resume(self, tx: Tx, now: datetime) -> None:
        """Advance every process whose next step is ours; after a restart."""
        for row in tx.find(self.table, "deadline is not null and pending = ''"):
            if row["turn"] == row["role"]:
                self.advance(tx, row["id"], now)

    def settled(self, tx: Tx, sent: OutboxRow, outcome: Outcome, now: datetime) -> bool:
        """Take what came of a message of ours; False when the answer is not the one the protocol asks for."""
        row = tx.get(self.table, id=sent.subject)
        assert row is not None
        assert row["pending"], "a message under way is pending"
        if outcome.kind != DELIVERED:
            self._undelivered(tx, row, sent, outcome, now)
            return True
        if row["peer_pid"] is None:
            learned = self._learned(tx, row, outcome.reply)
            if learned is None:
                return False
            row = {**row, "peer_pid": learned}
        moved = self._acknowledged(tx, row, sent, now)
        if moved["state"] not in FINAL and asking.ended(moved, outcome.reply):
            whom = other(row["role"])
            words = f"the {whom} took our `{sent.kind}` and answered that it is `{TERMINATED}`"
            self._follow(tx, moved, asking.Heard(TERMINATED, words), now)
            return True
        self.advance(tx, row["id"], now)
        return True

    # For the kinds of process.

    def hold(self, tx: Tx, row: Row, now: datetime) -> None:
        """Do nothing: the operator or the deadline decides."""
        del tx, row, now

    def stop(self, tx: Tx, row: Row, now: datetime) -> None:
        """End the process because a rule of the operator says so."""
        self.terminate(tx, row["id"], "this goes no further, by a rule of our operator", now)

    def _send(self, tx: Tx, row: Row, message: str, body: Document, now: datetime, **changes: Any) -> None:
        """Write a message of ours beside the state it will lead to."""
        assert not row["pending"], "only one message is under way"
        pending = states.step(self.process, row["state"], message, row["role"])
        deadline = now + self.patience
        body = {**body, "@id": f"urn:uuid:{uuid.uuid4()}"}
        validation.check(body["@type"], body)
        self._outbox.enqueue(
            tx,
            peer=row["peer"],
            url=messages.address(row["callback"], self.process, message, row["peer_pid"]),
            body=body,
            process=self.process,
            subject=row["id"],
            kind=message,
            now=now,
            deadline=deadline,
        )
        fixed = {"pending": pending, "turn": row["role"], "deadline": deadline, "updated": now}
        tx.update(self.table, {"id": row["id"]}, **fixed, **changes)

    def _ours(self, tx: Tx, pid: str) -> Row:
        row = tx.get(self.table, id=pid)
        if row is None:
            raise UnknownError(f"no {self.process} has the id `{pid}`")
        return row

    # Steps of the above.

    def _act(self, tx: Tx, row: Row, act: str, now: datetime) -> None:
        try:
            self.acts()[act](tx, row, now)
        except (DeclinedError, MalformedError, UnacceptableError) as declined:
            self.terminate(tx, row["id"], str(declined), now)

    def _reaction(self, row: Row) -> tuple[str, timedelta]:
        """Return the act for the state the process is in, and how long to wait before it."""
        time = (row["entered"] or {}).get(row["state"], 1)
        asked = (self.process, row["role"], row["state"], row[self.about] or "", time)
        return reacting.decide(self._rules, self._reactions, *asked)

    def _known(self, tx: Tx, pid: str, did: str) -> Row:
        row = tx.get(self.table, id=pid)
        if row is None or row["peer"] != did:
            raise UnknownError(f"no {self.process} has the id `{pid}`")
        return row

    def _opened(self, tx: Tx, message: str, body: Document, peer: Peer) -> Row | None:
        """Return the process that this peer has begun under this id before."""
        sender = self._beginner(message)
        return tx.get(self.table, role=other(sender), peer=peer.did, peer_pid=body[PID_OF[sender]])

    def _beginner(self, message: str) -> str:
        for role in states.ROLES:
            if states.following(self.process, NONE, message, role):
                return role
        raise IllegalTransitionError(f"`{message}` does not begin a {self.process}")

    def _theirs(self, tx: Tx, message: str, body: Document, peer: Peer, now: datetime) -> Row:
        """Create the process that a peer begins."""
        sender, callback = self._beginner(message), body.get("callbackAddress")
        if callback is None:
            raise MalformedError("a first message names a `callbackAddress`")
        if why := self._doors.refuse_url(callback):
            raise UnacceptableError(f"`callbackAddress` cannot be called: {why}")
        around = {"role": other(sender), "peer": peer.did, "peer_pid": body[PID_OF[sender]], "callback": callback}
        return self._create(tx, around | self.begin(tx, message, body, peer, now), now)

    def _create(self, tx: Tx, columns: Row, now: datetime) -> Row:
        fixed = {"id": f"urn:uuid:{uuid.uuid4()}", "state": NONE, "pending": "", "reason": "", "created": now}
        row = {"peer_pid": None, "turn": CONSUMER, "deadline": now + self.patience, "updated": now} | fixed | columns
        tx.insert(self.table, **row)
        return self._ours(tx, str(row["id"]))

    def _again(self, tx: Tx, row: Row, message: str, body: Document, digest: bytes) -> ReceivedRow | None:
        """Return what was answered to this message before.

        A peer that puts no `@id` on its messages may lawfully say the same twice, e.g. hold to its price: from it, what
        is legal now is taken as new.
        """
        known = tx.get(ReceivedRow, subject=row["id"], digest=digest)
        if known is None or "@id" in body:
            return known
        sender = other(row["role"])
        at = {row["state"], row["pending"] or row["state"]}
        return None if any(states.following(self.process, state, message, sender) for state in at) else known

    def _matched(self, tx: Tx, row: Row, body: Document) -> Row:
        """Return the row with the peer's id, which the first message after our own may be the one to tell."""
        theirs = body.get(PID_OF[other(row["role"])])
        if body.get(PID_OF[row["role"]]) != row["id"] or (row["peer_pid"] or theirs) != theirs:
            raise MismatchError(f"the message names other ids than those of this {self.process}")
        if row["peer_pid"] is None and tx.get(self.table, role=row["role"], peer=row["peer"], peer_pid=theirs):
            raise MismatchError(f"`{theirs}` is already the id of another {self.process}")
        return {**row, "peer_pid": theirs}

    def _arrived(self, tx: Tx, row: Row, message: str, now: datetime) -> tuple[Row, str]:
        """Return the row and the state the message leads to, reading it as an acknowledgement where it is one."""
        sender, pending = other(row["role"]), row["pending"]
        # whoever answers a first message has received it
        to = states.following(self.process, row["state"], message, sender) if row["state"] else None
        if to is None and pending and (to := states.following(self.process, pending, message, sender)):
            sent = self._outbox.drop(tx, row["id"])
            assert sent is not None, "a pending state has its message"
            return self._acknowledged(tx, row, sent, now), to
        to = states.step(self.process, row["state"] or pending, message, sender)
        return (self._crossed(tx, row, to), to) if pending else (row, to)

    def _crossed(self, tx: Tx, row: Row, to: str) -> Row:
        """Return the row after a message that crossed one of ours; ours stays under way if it is still legal."""
        waiting = tx.find(OutboxRow, "subject = ?", (row["id"],))[0].kind
        if states.following(self.process, to, waiting, row["role"]):
            return row
        if WEIGHT.get(row["pending"], 0) > WEIGHT.get(to, 0):
            raise IllegalTransitionError(f"the message crossed our own, which leads to `{row['pending']}`")
        self._outbox.drop(tx, row["id"])
        return {**row, "pending": ""}

    def _move(self, tx: Tx, row: Row, to: str, by: str, digest: bytes, now: datetime, **changes: Any) -> Row:
        """Write a change of state with its event; a message of ours that is still under way keeps its `pending`."""
        changes = {"reason": "", **changes}
        pending = "" if to in FINAL else row["pending"]
        turn = row["role"] if pending else states.turn(self.process, to)
        deadline = self.deadline(tx, row, to, now)
        entered = {**(row["entered"] or {})}
        entered[to] = entered.get(to, 0) + 1
        fixed = {"state": to, "pending": pending, "turn": turn, "deadline": deadline, "updated": now}
        tx.update(self.table, {"id": row["id"]}, **fixed, entered=entered, due=None, **changes)
        if self.event:
            told = {"from": row["state"], "to": to, "by": by, "reason": changes["reason"], "digest": digest.hex()}
            self._evidence.record(tx, self.event, part=row["id"], fields=told, now=now)
        found = self._ours(tx, row["id"])
        assert bool(found["turn"]) is (to not in FINAL), "whoever waits, waits for somebody"
        self.moved(tx, found, now)
        self._doors.moved(tx, self.process, found)
        if deadline is not None:
            tx.after(partial(self._alarm.notice, deadline))
        return found

    def _acknowledged(self, tx: Tx, row: Row, sent: OutboxRow, now: datetime) -> Row:
        """Move to the state that our delivered message leads to."""
        to, digest = row["pending"], message_digest(sent.body)
        row = {**row, "pending": ""}
        return self._move(tx, row, to, self._me.did, digest, now, peer_pid=row["peer_pid"], reason=row["reason"])

    def _learned(self, tx: Tx, row: Row, reply: Any) -> str | None:
        """Return the peer's id of a process we began, from its answer; None when it gives none we can use."""
        theirs = id_in(self.process, row, reply)
        taken = tx.get(self.table, role=row["role"], peer=row["peer"], peer_pid=theirs)
        return None if taken else theirs

    def _reply(self, row: Row, status: int, state: str) -> Reply:
        return Reply(status, messages.ack(self.process, *pids(row), state))
