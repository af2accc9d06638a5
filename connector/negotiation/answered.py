"""Messages of ours that were answered, kept for a moment: the peer's next one is usually on its way already.

Law: (1) what came of such a message is taken in one act with the next message of its process, or with an act of ours
on it; when `REST_SECONDS` (or `CROWD_SECONDS`) have passed without either it is taken alone. (2) Until then its row is
in the outbox, so a crash in between delivers it again, as it does a crash before the answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.states import TERMINATED

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.negotiation.outcome import Outcome
    from connector.store.rows.protocol import OutboxRow

REST_SECONDS = 0.25  # nobody notices so short a delay
# beside so many others an answer rests longer: a peer under load answers in one turn and goes on in another
CROWD, CROWD_SECONDS = 16, 1.0
# what a peer that goes on by itself answers, and then follows with a message of its own
FOLLOWED: Final = frozenset({"request", "offer", "accept", "agreement", "verification"})


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A message of ours with what came of it, and the timer that ends its rest."""

    sent: OutboxRow
    outcome: Outcome
    timer: asyncio.TimerHandle


class Answered:
    """The answers that rest, by the process that they are about; `late` is called with one whose time is over."""

    def __init__(self, late: Callable[[Answer], object]) -> None:
        self._late = late
        self._rest: dict[str, Answer] = {}

    def get(self, subject: str) -> Answer | None:
        """Return the answer that rests for a process."""
        return self._rest.get(subject)

    def rest(self, sent: OutboxRow, outcome: Outcome) -> None:
        """Keep an answer."""
        seconds = REST_SECONDS if len(self._rest) < CROWD else CROWD_SECONDS
        timer = asyncio.get_running_loop().call_later(seconds, self._ring, sent.subject)
        self._rest[sent.subject] = Answer(sent, outcome, timer)

    def leave(self, answer: Answer) -> bool:
        """Keep an answer no longer, because it was taken; return whether it was still there."""
        if self._rest.get(answer.sent.subject) is not answer:
            return False
        answer.timer.cancel()
        del self._rest[answer.sent.subject]
        return True

    def close(self) -> None:
        """Let every answer go: the next run delivers these messages again."""
        for answer in list(self._rest.values()):
            self.leave(answer)

    def _ring(self, subject: str) -> None:
        self._late(self._rest[subject])


def is_followed(sent: OutboxRow, reply: Any) -> bool:
    """Say whether the peer that answered a message so usually goes on by itself."""
    return sent.kind in FOLLOWED and isinstance(reply, dict) and reply.get("state") != TERMINATED
