"""The two state machines of the protocol, as tables.

Law: (1) everything that decides whether a message is legal lives here; (2) this file does not know which side we are:
a row names the *sender*. A missing row is a refusal, an error changes no state.

A process starts in `NONE`. Messages are named by what they do, so the two events of a negotiation are two messages.
Either side may terminate what has begun and is not at its end: the diagram shows fewer, the prose of DSP 2025-1 all.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from connector.negotiation.protocol.errors import IllegalTransitionError
from connector.store.rows.protocol import ProcessState

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER: Final = "provider"
CONSUMER: Final = "consumer"
ROLES: Final = (PROVIDER, CONSUMER)

NEGOTIATION: Final = "negotiation"
TRANSFER: Final = "transfer"

NONE: Final = ProcessState.NONE
REQUESTED: Final = ProcessState.REQUESTED
OFFERED: Final = ProcessState.OFFERED
ACCEPTED: Final = ProcessState.ACCEPTED
AGREED: Final = ProcessState.AGREED
VERIFIED: Final = ProcessState.VERIFIED
FINALIZED: Final = ProcessState.FINALIZED
STARTED: Final = ProcessState.STARTED
SUSPENDED: Final = ProcessState.SUSPENDED
COMPLETED: Final = ProcessState.COMPLETED
TERMINATED: Final = ProcessState.TERMINATED

STATES: Final[Mapping[str, tuple[ProcessState, ...]]] = MappingProxyType(
    {
        NEGOTIATION: (NONE, REQUESTED, OFFERED, ACCEPTED, AGREED, VERIFIED, FINALIZED, TERMINATED),
        TRANSFER: (NONE, REQUESTED, STARTED, SUSPENDED, COMPLETED, TERMINATED),
    }
)
FINAL: Final = frozenset({FINALIZED, COMPLETED, TERMINATED})

MESSAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        NEGOTIATION: ("request", "offer", "accept", "agreement", "verification", "finalize", "termination"),
        TRANSFER: ("request", "start", "completion", "suspension", "termination"),
    }
)

NEXT: Final[Mapping[tuple[str, str, str, str], ProcessState]] = MappingProxyType(
    {
        # process, state, message, sender -> next state
        (NEGOTIATION, NONE, "request", CONSUMER): REQUESTED,
        (NEGOTIATION, NONE, "offer", PROVIDER): OFFERED,
        (NEGOTIATION, REQUESTED, "offer", PROVIDER): OFFERED,
        (NEGOTIATION, REQUESTED, "agreement", PROVIDER): AGREED,
        (NEGOTIATION, REQUESTED, "termination", PROVIDER): TERMINATED,
        (NEGOTIATION, REQUESTED, "termination", CONSUMER): TERMINATED,
        (NEGOTIATION, OFFERED, "request", CONSUMER): REQUESTED,
        (NEGOTIATION, OFFERED, "accept", CONSUMER): ACCEPTED,
        (NEGOTIATION, OFFERED, "termination", PROVIDER): TERMINATED,
        (NEGOTIATION, OFFERED, "termination", CONSUMER): TERMINATED,
        (NEGOTIATION, ACCEPTED, "agreement", PROVIDER): AGREED,
        (NEGOTIATION, ACCEPTED, "termination", PROVIDER): TERMINATED,
        (NEGOTIATION, ACCEPTED, "termination", CONSUMER): TERMINATED,
        (NEGOTIATION, AGREED, "verification", CONSUMER): VERIFIED,
        (NEGOTIATION, AGREED, "termination", PROVIDER): TERMINATED,
        (NEGOTIATION, AGREED, "termination", CONSUMER): TERMINATED,
        (NEGOTIATION, VERIFIED, "finalize", PROVIDER): FINALIZED,
        (NEGOTIATION, VERIFIED, "termination", PROVIDER): TERMINATED,
        (NEGOTIATION, VERIFIED, "termination", CONSUMER): TERMINATED,
        (TRANSFER, NONE, "request", CONSUMER): REQUESTED,
        (TRANSFER, REQUESTED, "start", PROVIDER): STARTED,
        (TRANSFER, REQUESTED, "termination", PROVIDER): TERMINATED,
        (TRANSFER, REQUESTED, "termination", CONSUMER): TERMINATED,
        (TRANSFER, STARTED, "completion", PROVIDER): COMPLETED,
        (TRANSFER, STARTED, "completion", CONSUMER): COMPLETED,
        (TRANSFER, STARTED, "suspension", PROVIDER): SUSPENDED,
        (TRANSFER, STARTED, "suspension", CONSUMER): SUSPENDED,
        (TRANSFER, STARTED, "termination", PROVIDER): TERMINATED,
        (TRANSFER, STARTED, "termination", CONSUMER): TERMINATED,
        (TRANSFER, SUSPENDED, "start", PROVIDER): STARTED,
        (TRANSFER, SUSPENDED, "start", CONSUMER): STARTED,
        (TRANSFER, SUSPENDED, "termination", PROVIDER): TERMINATED,
        (TRANSFER, SUSPENDED, "termination", CONSUMER): TERMINATED,
    }
)

TURN: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {
        # process, state -> who moves next; a final state has no row
        (NEGOTIATION, NONE): CONSUMER,
        (NEGOTIATION, REQUESTED): PROVIDER,
        (NEGOTIATION, OFFERED): CONSUMER,
        (NEGOTIATION, ACCEPTED): PROVIDER,
        (NEGOTIATION, AGREED): CONSUMER,
        (NEGOTIATION, VERIFIED): PROVIDER,
        (TRANSFER, NONE): CONSUMER,
        (TRANSFER, REQUESTED): PROVIDER,
        (TRANSFER, STARTED): CONSUMER,  # it pulls, and says when it is done
        (TRANSFER, SUSPENDED): PROVIDER,  # either may resume; the provider's silence is what the deadline watches
    }
)

# When the messages of both sides cross, both must end in one state: the weaker of the two gives way.
WEIGHT: Final[Mapping[str, int]] = MappingProxyType({STARTED: 1, SUSPENDED: 2, COMPLETED: 3, TERMINATED: 4})


def following(process: str, state: str, message: str, sender: str) -> ProcessState | None:
    """Return the state that `message` of `sender` leads to, or None when it is refused."""
    return NEXT.get((process, state, message, sender))


def step(process: str, state: str, message: str, sender: str) -> ProcessState:
    """Return the next state; `IllegalTransitionError` when the table has no such row."""
    found = following(process, state, message, sender)
    if found is None:
        raise IllegalTransitionError(
            f"a {sender} may not send `{message}` while the {process} is `{state or 'not begun'}`"
        )
    return found


def steps(process: str, state: str, sender: str) -> frozenset[ProcessState]:
    """Return the states that one message of `sender` leads to from `state`."""
    return frozenset(to for (of, at, _, who), to in NEXT.items() if (of, at, who) == (process, state, sender))


def reach(process: str, state: str, sender: str) -> frozenset[str]:
    """Return the states that messages of `sender` alone lead to from `state`, itself among them."""
    found, new = frozenset({state}), frozenset({state})
    while new:
        new = frozenset().union(*(steps(process, each, sender) for each in new)) - found
        found |= new
    return found


def turn(process: str, state: str) -> str:
    """Return the role that moves next, or an empty string in a final state."""
    return TURN.get((process, state), "")


def other(role: str) -> str:
    """Return the opposite role."""
    assert role in ROLES
    return CONSUMER if role == PROVIDER else PROVIDER
