"""The states of a data flow, and which message moves it where (DPS 1.0, "Data Flow State Machine").

Law: what is over stays over; a message that has nothing to do any more is taken, so that it may come twice. Prepare is
the consumer's, start the provider's; both come once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connector.runtime.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Mapping

PREPARED, STARTED, SUSPENDED = "PREPARED", "STARTED", "SUSPENDED"
COMPLETED, TERMINATED = "COMPLETED", "TERMINATED"
FINAL: Final = frozenset({COMPLETED, TERMINATED})

# message → state → the state after it
MOVES: Final[Mapping[str, Mapping[str, str]]] = {
    "started": {PREPARED: STARTED, STARTED: STARTED},
    "suspend": {STARTED: SUSPENDED, SUSPENDED: SUSPENDED},
    "resume": {SUSPENDED: STARTED, STARTED: STARTED},
    "completed": {STARTED: COMPLETED, COMPLETED: COMPLETED},
    "terminate": dict.fromkeys((PREPARED, STARTED, SUSPENDED, TERMINATED), TERMINATED),
}


def after(state: str, message: str) -> str:
    """Return the state after a message; raises Conflict where the flow may not take it."""
    found = MOVES[message].get(state)
    if found is None:
        raise Conflict(f"a data flow that is {state} does not take `{message}`")
    return found
