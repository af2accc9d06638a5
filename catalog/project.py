"""The life of a project at the exchange, as a table: proposed, agreed by all, ended; or it comes to nothing.

Law: a move is made by a role; whoever calls has checked that the caller has it. The proposer is a party, too.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.errors import ProjectError
from catalog.lifecycle import Step, find

if TYPE_CHECKING:
    from collections.abc import Mapping


class State(StrEnum):
    """Where a project is."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Move(StrEnum):
    """What is done to a project."""

    SIGN = "sign"
    CONCLUDE = "conclude"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    END = "end"
    EXPIRE = "expire"


PARTY, PROPOSER, EXCHANGE = "party", "proposer", "exchange"
TABLE: Mapping[tuple[State, Move], Step[State]] = {
    (State.PROPOSED, Move.SIGN): Step(State.PROPOSED, PARTY),
    (State.PROPOSED, Move.CONCLUDE): Step(State.AGREED, EXCHANGE),
    (State.PROPOSED, Move.DECLINE): Step(State.DECLINED, PARTY),
    (State.PROPOSED, Move.WITHDRAW): Step(State.WITHDRAWN, PROPOSER),
    (State.PROPOSED, Move.EXPIRE): Step(State.WITHDRAWN, EXCHANGE),
    (State.AGREED, Move.END): Step(State.ENDED, PARTY),
    (State.AGREED, Move.EXPIRE): Step(State.ENDED, EXCHANGE),
}
# states in which something may still be done
GOING = (State.PROPOSED, State.AGREED)


def moved(state: State, move: Move, role: str) -> State:
    """Return the state after a move; raises ProjectError if the table or the role forbids it."""
    return find(TABLE, state, move, role, of="a project", error=ProjectError).to
