"""What a peer can get wrong, each with the status and the code of its answer.

    ProtocolError
    ├── MalformedError            400  not JSON, over a limit, or against the schema
    ├── IllegalTransitionError    400  the table has no such row
    ├── MismatchError             400  a well-formed message that contradicts what we hold
    ├── UnacceptableError         400  an offer, agreement id or format we do not serve
    ├── UnsupportedFilterError    400  a catalogue filter we do not understand
    └── UnknownError              404  no such id, or somebody else's: the two look alike

An error never changes a state (DSP 2025-1, "errors"), so every one is raised before the first write.
"""

from __future__ import annotations

REASON_LIMIT_CHARACTERS = 1_000


class ProtocolError(Exception):
    """The peer is at fault; `reasons` say how, in words that may go back to it."""

    status = 400
    code = "protocol"

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reason[:REASON_LIMIT_CHARACTERS] for reason in reasons)


class MalformedError(ProtocolError):
    """The body is not the message it should be."""

    code = "malformed"


class IllegalTransitionError(ProtocolError):
    """The message may not be sent in this state, or not by this side."""

    code = "illegal-transition"


class MismatchError(ProtocolError):
    """The message names other ids than the process it is sent to, or reuses an id for other content."""

    code = "mismatch"


class UnacceptableError(ProtocolError):
    """What is asked for is not on offer to this peer."""

    code = "unacceptable"


class UnsupportedFilterError(ProtocolError):
    """A filter we do not understand is refused, never ignored."""

    code = "unsupported-filter"


class UnknownError(ProtocolError):
    """There is nothing under this id that this caller may see."""

    status = 404
    code = "unknown"
