"""What came of a message of ours to a peer."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from connector.negotiation.asking import SILENCE
from connector.negotiation.protocol import states

if TYPE_CHECKING:
    from connector.negotiation.asking import Heard
    from connector.store.rows.protocol import OutboxRow


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message: `kind` is *delivered*, *refused* or *expired*; `reply` is the peer's JSON, if any.

    `heard` is what the peer of an undelivered message says of its state; `status` is what it refused with.
    """

    kind: str
    reply: Any
    reason: str
    heard: Heard = SILENCE
    status: int = 0


def is_early(sent: OutboxRow, outcome: Outcome) -> bool:
    """Say whether a refused message came before its peer had stored the state in which it takes it.

    Eclipse EDC answers 409 to that, as it does to what it will never take: which of the two it was, its own state says.
    A peer that says none has not said that it is over.
    """
    heard = outcome.heard
    if outcome.status != HTTPStatus.CONFLICT or heard == SILENCE or not heard.known:
        return False
    return not heard.state or any(states.following(sent.process, heard.state, sent.kind, role) for role in states.ROLES)
