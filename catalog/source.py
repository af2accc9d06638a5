"""A source of products: another exchange, or any catalogue of the Dataspace Protocol. Its states and moves as a table.

Law: a move without a row is refused. What was found stays findable in every state but `suspended` and `dropping`: a
source that fails or rests says how old its products are, and takes none of them away.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.errors import SourceError

if TYPE_CHECKING:
    from collections.abc import Mapping

# what the operator calls a source: short, in lower-case ASCII, so that no two look alike
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?")
# what is listed here itself
OWN = "own"


class Kind(StrEnum):
    """What is harvested: the changes of another exchange, or pages of a catalogue of the Dataspace Protocol."""

    EXCHANGE = "exchange"
    DSP = "dsp"


class State(StrEnum):
    """Where a source is."""

    WAITING = "waiting"
    READING = "reading"
    FRESH = "fresh"
    FAILING = "failing"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    DROPPING = "dropping"


class Move(StrEnum):
    """What is done with a source."""

    READ = "read"
    FINISH = "finish"
    FAIL = "fail"
    PAUSE = "pause"
    RESUME = "resume"
    SUSPEND = "suspend"
    DROP = "drop"


HARVESTED = (State.WAITING, State.READING, State.FRESH, State.FAILING)
# nobody reads these, and what came from these alone nobody is shown
RESTING = frozenset({State.PAUSED, State.SUSPENDED})
UNSEEN = frozenset({State.SUSPENDED, State.DROPPING})

TABLE: Mapping[tuple[State, Move], State] = {
    **{(state, Move.READ): State.READING for state in HARVESTED},
    (State.READING, Move.FINISH): State.FRESH,
    **{(state, Move.FAIL): State.FAILING for state in HARVESTED},
    **{(state, Move.PAUSE): State.PAUSED for state in HARVESTED},
    **{(state, Move.RESUME): State.WAITING for state in (State.PAUSED, State.SUSPENDED)},
    **{(state, Move.SUSPEND): State.SUSPENDED for state in (*HARVESTED, State.PAUSED)},
    **{(state, Move.DROP): State.DROPPING for state in (*HARVESTED, State.PAUSED, State.SUSPENDED)},
}


def moved(state: State, move: Move) -> State:
    """Return the state after a move; raises SourceError for one that the table does not have."""
    after = TABLE.get((state, move))
    if after is None:
        may = ", ".join(step for at, step in TABLE if at == state) or "nothing"
        raise SourceError(f"cannot {move} a source that is {state}", path="move", hint=f"there is: {may}")
    return after


def check_name(name: str) -> str:
    """Return the name of a source, or refuse it."""
    if NAME.fullmatch(name) is None or name == OWN:
        hint = f"up to 32 of a-z, 0-9 and hyphens, and not `{OWN}`, which is what is listed here"
        raise SourceError(f"`{name[:80]}` names no source", path="name", hint=hint)
    return name
