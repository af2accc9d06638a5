"""Messages that must arrive: written with the change that causes them, delivered until answered or too late.

Law: (1) a message is a row before it is a request, so a crash loses none; its body never changes. (2) A row leaves in
the transaction that records what came of it: `settled` is told *delivered*, *refused* or *expired*, once; of the latter
two with what the peer says of its state. (3) A crash between delivery and that transaction delivers again; receivers
are idempotent. (4) No peer can hold more than its share of the places, however many messages it leaves hanging. (5) A
new message does not overtake those of its peer that wait for a place: heads of our log ride on them, and are proven one
from the other. There is no polling: a new row starts its own flight after its commit, and one alarm waits for the next
row that is due later.
"""

from __future__ import annotations

import asyncio
import logging
import random
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.answered import Answered, is_followed
from connector.negotiation.outcome import Outcome, is_early
from connector.runtime import rehearsal, traceparent
from connector.runtime.alarm import Alarm
from connector.runtime.cancellation import cancel
from connector.store.columns import EPOCH, MICROSECOND
from connector.store.errors import StoreError
from connector.store.rows.protocol import OutboxRow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from connector.negotiation.answered import Answer
    from connector.negotiation.asking import Heard
    from connector.negotiation.doors import Deliver
    from connector.negotiation.protocol.messages import Document
    from connector.negotiation.reminding import Reminding
    from connector.store.store import Store
    from connector.store.transaction import Tx

FLIGHTS = 256  # messages under way at once
FLIGHTS_PER_PEER = 48  # of them to one peer, which takes PEER_REQUESTS_MAX at once: pulls and questions come beside
RETRY_FIRST_SECONDS = 0.25  # a restarted peer is back within a second or two
RETRY_MOST_SECONDS = 30.0  # a dead peer costs two attempts a minute
JITTER_FRACTION = 0.3  # so that many messages do not return in step
NOT_FOUND_ATTEMPTS = 6  # a peer that has just begun may not know its own id yet; later it means what it says
REASON_LIMIT_CHARACTERS = 500

RETRIED: Final = frozenset({408, 425, 429})
NOT_FOUND: Final = 404
STATUSES: Final = frozenset(each.value for each in HTTPStatus)

NOTICE: Final = "notice"  # what a message belongs to that is no step of a process
DELIVERED: Final = "delivered"
REFUSED: Final = "refused"
EXPIRED: Final = "expired"

UNSTORED: Final = "outbox %s: the outcome was not stored and will be asked for again: %s"
UNTAKEN: Final = "outbox %s: what came of it could not be taken"

log = logging.getLogger(__name__)


class Outbox:
    """The sender of one participant.

    `settled(tx, row, outcome, now)` is called in the transaction that removes the row; it returns False, and has
    written nothing, when a delivered message was answered with nonsense. `ask(process, subject)` is awaited before a
    message is given up; `reminding` tells a peer that refused it again what it has lost.
    """

    def __init__(
        self,
        store: Store,
        deliver: Deliver,
        now: Callable[[], datetime],
        settled: Callable[[Tx, OutboxRow, Outcome, datetime], bool],
        ask: Callable[[str, str], Awaitable[Heard]],
        reminding: Reminding,
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._ask = ask
        self.reminding = reminding
        self._now = now
        self._settled = settled
        self._alarm = Alarm(now)
        self._flights: dict[str, asyncio.Task[bool]] = {}
        self._flown: dict[str, int] = {}  # of each flight: the attempts before it
        self._peers: Counter[str] = Counter()
        self._crowded: set[str] = set()  # peers with due rows that found no place
        self._waiting = False  # a due row found no place, or was still under way
        self._landings: set[str] | None = None  # while due rows are being read: flights that ended meanwhile
        self._gone: set[str] = set()  # flights whose rows were dropped meanwhile
        self._answered = Answered(self._take_alone)
        self._takings: set[asyncio.Task[None]] = set()
        self._worker: asyncio.Task[None] | None = None

    def enqueue(
        self,
        tx: Tx,
        *,
        peer: str,
        url: str,
        body: Document,
        process: str,
        subject: str,
        kind: str,
        now: datetime,
        deadline: datetime,
    ) -> None:
        """Add a message about the process `subject`; it flies as soon as the transaction is durable."""
        rehearsal.note(rehearsal.SEND, kind, url, body)
        row = OutboxRow(
            id=str(uuid.uuid4()),
            peer=peer,
            url=url,
            body=body,
            process=process,
            subject=subject,
            kind=kind,
            attempts=0,
            due=now,
            deadline=deadline,
            error="",
            created=now,
        )
        tx.insert(row)
        tx.after(partial(self._launch_new, row))

    def under_way(self, tx: Tx, subject: str) -> OutboxRow | None:
        """Return the message of a process that is still undelivered, None when there is none."""
        rows = tx.find(OutboxRow, "subject = ?", (subject,))
        assert len(rows) <= 1, "a process has one message under way"
        return rows[0] if rows else None

    def take(self, tx: Tx, subject: str) -> bool:
        """Take what came of the process's message if it was answered and rests; return whether it was.

        Whoever acts on a process calls this first and then reads its row.
        """
        answer = self._answered.get(subject)
        if answer is None:
            return False
        self._conclude(tx, answer.sent, answer.outcome, late=False)
        tx.after(partial(self._taken, answer))
        return True

    def rests(self, subject: str) -> bool:
        """Say whether the answer to the process's message is here and not taken yet."""
        return self._answered.get(subject) is not None

    def drop(self, tx: Tx, sent: OutboxRow) -> None:
        """Remove a message that is still undelivered; it may yet arrive."""
        tx.delete(OutboxRow, id=sent.id)
        tx.after(partial(self._dropped, sent.id))

    def _dropped(self, key: str) -> None:
        if key in self._flights:
            self._gone.add(key)

    def hasten(self, tx: Tx, subject: str, now: datetime) -> OutboxRow | None:
        """Deliver the message of a process that is under way at once; return it, None when there is none."""
        sent = self.under_way(tx, subject)
        if sent is not None:
            tx.change(sent, replace(sent, due=now))
            tx.after(self._alarm.notice)
        return sent

    def wake(self) -> None:
        """Look for due messages now, e.g. because a peer is known to be back."""
        self._alarm.notice()

    def start(self) -> None:
        """Begin to deliver, first of all what an earlier run left."""
        assert self._worker is None
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="outbox")

    async def close(self) -> None:
        """Stop; what is under way stays a row and is delivered by the next run."""
        worker, self._worker = self._worker, None
        self._answered.close()
        await cancel(*self._flights.values(), *self._takings, worker)

    async def _run(self) -> None:
        while True:
            now = self._now()
            self._landings = set()
            rows = await self._store.read(partial(_due, now=now, flown=dict(self._flown)))
            self._crowded.clear()
            for row in rows:
                if row.id in self._landings:  # this copy may be older than what came of it: look again
                    self._alarm.notice()
                else:
                    self._launch(row)
            self._landings = None
            await self._alarm.sleep(await self._store.read(partial(_next, now=now)))

    def _launch_new(self, row: OutboxRow) -> None:
        """Begin the flight of a new row, unless older ones of its peer wait: then all are read in their order."""
        if row.peer in self._crowded:
            self._alarm.notice()
        else:
            self._launch(row)

    def _launch(self, row: OutboxRow) -> None:
        """Begin a flight if there is a place; otherwise the end of another flight brings the row up again."""
        key, peer = row.id, row.peer
        if self._worker is None or (key in self._flown and key not in self._flights):
            return  # of the latter the answer is here and rests: it was read as due before it flew
        if key in self._flights or len(self._flights) >= FLIGHTS or self._peers[peer] >= FLIGHTS_PER_PEER:
            self._waiting = True
            self._crowded.add(peer)
            return
        self._peers[peer] += 1
        self._flown[key] = row.attempts
        self._flights[key] = asyncio.get_running_loop().create_task(self._fly(row), name=f"outbox:{key}")
        self._flights[key].add_done_callback(partial(self._landed, key, peer))

    def _down(self, key: str) -> None:
        """Let a row be looked at again: nothing is under way for it any more."""
        del self._flown[key]
        if self._landings is not None:
            self._landings.add(key)

    def _landed(self, key: str, peer: str, flight: asyncio.Task[bool]) -> None:
        rests = not flight.cancelled() and flight.exception() is None and flight.result()
        if not flight.cancelled() and (fault := flight.exception()):
            log.error(UNTAKEN, key, exc_info=fault)
        del self._flights[key]
        self._gone.discard(key)
        if not rests:
            self._down(key)
        self._peers[peer] -= 1
        if not self._peers[peer]:
            del self._peers[peer]
        if self._waiting:
            self._waiting = False
            self._alarm.notice()

    async def _fly(self, row: OutboxRow) -> bool:
        """Deliver a message and take what came of it; return whether that rests meanwhile."""
        traceparent.CURRENT.set(traceparent.of(row.subject))  # of this task alone
        outcome = await self._attempt(row)
        if row.id in self._gone:
            return False  # the peer's next message said it all
        late = self._now() >= row.deadline
        if isinstance(outcome, str) and late:
            outcome = Outcome(EXPIRED, None, outcome)
        if isinstance(outcome, Outcome) and outcome.kind != DELIVERED:
            outcome = replace(outcome, heard=await self._ask(row.process, row.subject))
            if outcome.kind == REFUSED and not late and (is_early(row, outcome) or await self._reminded(row, outcome)):
                outcome = outcome.reason
        if isinstance(outcome, Outcome) and outcome.kind == DELIVERED and not late and is_followed(row, outcome.reply):
            if (before := self._answered.get(row.subject)) is not None:
                self._taken(before)  # a process has one message under way: this one is of the past
            self._answered.rest(row, outcome)
            return True
        try:
            await self._store.write(partial(self._conclude, row=row, outcome=outcome, late=late), short=True)
        except StoreError as error:
            log.warning(UNSTORED, row.id, error)
            self._waiting = True  # the row is still due; when this flight has landed it gets another
        return False

    async def _reminded(self, row: OutboxRow, outcome: Outcome) -> bool:
        """Say whether a peer refused a message for a loss, and was told again what it lost."""
        conflict = outcome.status == HTTPStatus.CONFLICT
        return conflict and await self.reminding.about(row.process, row.subject, outcome.heard)

    def _take_alone(self, answer: Answer) -> None:
        """Take an answer that nothing followed."""
        task = asyncio.get_running_loop().create_task(self._rested(answer), name=f"outbox:{answer.sent.id}")
        self._takings.add(task)
        task.add_done_callback(self._takings.discard)

    async def _rested(self, answer: Answer) -> None:
        traceparent.CURRENT.set(traceparent.of(answer.sent.subject))  # of this task alone
        try:
            await self._store.write(partial(self.take, subject=answer.sent.subject), short=True)
        except StoreError as error:
            log.warning(UNSTORED, answer.sent.id, error)
        except Exception:
            log.exception(UNTAKEN, answer.sent.id)
        else:
            return
        self._taken(answer)
        self._alarm.notice()

    def _taken(self, answer: Answer) -> None:
        if self._answered.leave(answer):
            self._down(answer.sent.id)

    async def _attempt(self, row: OutboxRow) -> Outcome | str:
        """Deliver once; return what came of it, or why to try again."""
        try:
            status, reply = await self._deliver(row.peer, row.url, row.body)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the way to the peer raises, the message must not be lost
            return (str(error) or type(error).__name__)[:REASON_LIMIT_CHARACTERS]
        if 200 <= status < 300:
            return Outcome(DELIVERED, reply, "")
        reason = " ".join(filter(None, (str(status), _phrase(status), _reason(reply))))
        if status >= 500 or status in RETRIED or (status == NOT_FOUND and row.attempts < NOT_FOUND_ATTEMPTS):
            return reason
        return Outcome(REFUSED, reply, reason, status=status)

    def _conclude(self, tx: Tx, row: OutboxRow, outcome: Outcome | str, *, late: bool) -> None:
        now = self._now()
        if isinstance(outcome, Outcome) or late:
            if not tx.delete(OutboxRow, id=row.id):
                return  # answered by a later message of the peer, or dropped
            if isinstance(outcome, Outcome):
                if self._settled(tx, row, outcome, now):
                    return
                outcome = "answered without a valid process"
            if late:
                self._settled(tx, row, Outcome(EXPIRED, None, outcome), now)
                return
            tx.insert(row)
        due = min(now + _pause(row.attempts), row.deadline)
        if tx.update(OutboxRow, {"id": row.id}, attempts=row.attempts + 1, due=due, error=outcome):
            tx.after(partial(self._alarm.notice, due))


def _pause(attempts: int) -> timedelta:
    pause = min(RETRY_FIRST_SECONDS * 2 ** min(attempts, 16), RETRY_MOST_SECONDS)
    spread = random.uniform(-JITTER_FRACTION, JITTER_FRACTION)  # noqa: S311 - a pause, no secret
    return timedelta(seconds=pause * (1 + spread))


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in STATUSES else ""


def _reason(reply: Any) -> str:
    reasons = reply.get("reason") if isinstance(reply, dict) else None
    return str(reasons if reasons is not None else "")[:REASON_LIMIT_CHARACTERS]


def _due(tx: Tx, now: datetime, flown: Mapping[str, int]) -> list[OutboxRow]:
    """Return due rows, the oldest of each peer first, so that no peer's pile hides another's message.

    A row under way is none of them, unless its flight has failed already and is only about to land. As many rows may
    be under way as there are places, so twice as many are looked at: what waits for a place is seen, and is waited for.
    """
    ids = tx.execute(
        "SELECT id, attempts FROM"
        " (SELECT id, attempts, due, row_number() OVER (PARTITION BY peer ORDER BY due) AS place FROM outbox"
        " WHERE due <= ?) AS ready WHERE place <= ? ORDER BY due LIMIT ?",
        now,
        2 * FLIGHTS_PER_PEER,
        2 * FLIGHTS,
    )
    new = [each["id"] for each in ids if flown.get(each["id"]) != each["attempts"]]
    return [row for key in new if (row := tx.get(OutboxRow, id=key))]


def _next(tx: Tx, now: datetime) -> datetime | None:
    """Return when the next row that is not due yet will be."""
    earliest = tx.execute("SELECT min(due) AS due FROM outbox WHERE due > ?", now)[0]["due"]
    return None if earliest is None else EPOCH + int(earliest) * MICROSECOND
