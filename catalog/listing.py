"""The life cycle of a listing, as a table: state and move → next state and who may make it. No row: refused.

Law: a move is made by a role, not by a person; whoever calls has checked that the caller has the role (the provider is
the listing's own provider). A later edition is reviewed like the first; until it is listed, the version that was listed
before is shown and found in its place. `refused` and `withdrawn` end the cycle, except that a refused listing may be
handed in again, changed, and one that its provider took off when it is offered again: both are reviewed like the first.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.errors import ListingError

if TYPE_CHECKING:
    from collections.abc import Mapping

REASON_CHARACTERS_MAX = 1000


class State(StrEnum):
    """Where a listing is."""

    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    LISTED = "listed"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    REFUSED = "refused"


class Move(StrEnum):
    """What is done to a listing."""

    REVIEW = "review"
    LIST = "list"
    REFUSE = "refuse"
    SUSPEND = "suspend"
    RESUME = "resume"
    WITHDRAW = "withdraw"
    RESUBMIT = "resubmit"
    RENEW = "renew"
    ROLL_BACK = "roll-back"
    PRICE = "price"
    STAND = "stand"


@dataclass(frozen=True, slots=True)
class Step:
    """A row's answer: the next state, the roles that may make the move, whether a reason must be given."""

    to: State
    roles: frozenset[str]
    needs_reason: bool = False


_EXCHANGE = frozenset({"exchange"})
_PROVIDER = frozenset({"provider"})
_WATCH = frozenset({"exchange", "regulator"})

TABLE: Mapping[tuple[State, Move], Step] = {
    (State.SUBMITTED, Move.RENEW): Step(State.SUBMITTED, _PROVIDER),
    (State.REVIEWED, Move.RENEW): Step(State.SUBMITTED, _PROVIDER),
    (State.LISTED, Move.RENEW): Step(State.SUBMITTED, _PROVIDER),
    # what is handed in again is an earlier version, whose review still stands (`connector.exchange.versions`)
    (State.SUBMITTED, Move.ROLL_BACK): Step(State.REVIEWED, _EXCHANGE),
    (State.SUBMITTED, Move.REVIEW): Step(State.REVIEWED, _EXCHANGE),
    (State.SUBMITTED, Move.REFUSE): Step(State.REFUSED, _EXCHANGE, needs_reason=True),
    (State.SUBMITTED, Move.WITHDRAW): Step(State.WITHDRAWN, _PROVIDER),
    (State.REVIEWED, Move.LIST): Step(State.LISTED, _EXCHANGE),
    (State.REVIEWED, Move.REFUSE): Step(State.REFUSED, _EXCHANGE, needs_reason=True),
    (State.REVIEWED, Move.WITHDRAW): Step(State.WITHDRAWN, _PROVIDER),
    # another price alone: what was reviewed is as it was
    (State.LISTED, Move.PRICE): Step(State.LISTED, _PROVIDER),
    (State.LISTED, Move.SUSPEND): Step(State.SUSPENDED, _WATCH, needs_reason=True),
    (State.LISTED, Move.WITHDRAW): Step(State.WITHDRAWN, _PROVIDER),
    (State.SUSPENDED, Move.RESUME): Step(State.LISTED, _EXCHANGE),
    (State.SUSPENDED, Move.REFUSE): Step(State.REFUSED, _EXCHANGE, needs_reason=True),
    (State.SUSPENDED, Move.WITHDRAW): Step(State.WITHDRAWN, _PROVIDER),
    # what was refused was a later version: the one that is listed meanwhile stays
    (State.REFUSED, Move.STAND): Step(State.LISTED, _EXCHANGE),
    (State.REFUSED, Move.RESUBMIT): Step(State.SUBMITTED, _PROVIDER),
    (State.WITHDRAWN, Move.RESUBMIT): Step(State.SUBMITTED, _PROVIDER),
}

FOUND_IN: frozenset[State] = frozenset({State.LISTED})


def moved(state: State, move: Move, *, role: str, reason: str = "") -> State:
    """Return the state after a move; raises ListingError if the table, the role or the missing reason forbids it."""
    step = TABLE.get((state, move))
    if step is None:
        raise ListingError(f"cannot {move} a listing that is {state}", path="move", hint=_possible(state, role))
    if role not in step.roles:
        raise ListingError(f"`{role}` may not {move} a listing", path="role", hint=f"only {_names(step.roles)} may")
    if step.needs_reason and not reason.strip():
        raise ListingError(
            f"to {move} a listing needs a reason", path="reason", hint="say what the provider can change"
        )
    if len(reason) > REASON_CHARACTERS_MAX:
        raise ListingError(f"a reason of {len(reason)} characters, the limit is {REASON_CHARACTERS_MAX}", path="reason")
    return step.to


def renewing(state: State) -> Move:
    """Return the move by which a listing in this state gets its next version."""
    return Move.RESUBMIT if state in {State.REFUSED, State.WITHDRAWN} else Move.RENEW


def moves(state: State, role: str) -> tuple[Move, ...]:
    """Return what a role may do with a listing in this state, in the table's order."""
    return tuple(move for (at, move), step in TABLE.items() if at == state and role in step.roles)


def _possible(state: State, role: str) -> str:
    return f"`{role}` may: {', '.join(moves(state, role)) or 'nothing'}"


def _names(roles: frozenset[str]) -> str:
    return ", ".join(sorted(roles))
