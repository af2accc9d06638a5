"""What came of a message of ours to a peer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.negotiation.asking import SILENCE

if TYPE_CHECKING:
    from connector.negotiation.asking import Heard


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message: `kind` is *delivered*, *refused* or *expired*; `reply` is the peer's JSON, if any.

    `heard` is what the peer of an undelivered message says of its state.
    """

    kind: str
    reply: Any
    reason: str
    heard: Heard = SILENCE
