"""The moves of a life cycle that is a table: state and move → next state and the role that makes the move.

Law: no row, or another role's: refused, with what that role can do instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from catalog.errors import CatalogError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

State = TypeVar("State", bound="StrEnum")
Move = TypeVar("Move", bound="StrEnum")


@dataclass(frozen=True, slots=True)
class Step(Generic[State]):
    """A row's answer: the next state, the role that makes the move, and whether only when a clock has run out."""

    to: State
    role: str
    when_late: bool = False


def find(
    table: Mapping[tuple[State, Move], Step[State]],
    state: State,
    move: Move,
    role: str,
    *,
    of: str,
    error: type[CatalogError] = CatalogError,
) -> Step[State]:
    """Return the row of a move that a role makes; raises `error`, which calls what is moved by `of`: `a plan`."""
    step = table.get((state, move))
    if step is None or step.role != role:
        may = ", ".join(known for (at, known), one in table.items() if (at, one.role) == (state, role))
        raise error(f"the {role} cannot {move} {of} that is {state}", path="move", hint=f"possible: {may or 'nothing'}")
    return step
