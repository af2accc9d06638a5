"""A complaint: one party of an agreement about the other, and its life cycle as a table with a clock for each state.

    filed → answered → escalated → upheld | dismissed
                                 → ordered → fulfilled      upheld, with an amount that is to be given back

Law: a move is made by a role; whoever calls has checked that the caller has it (`complainant` filed it, `respondent` is
the other party of the agreement). A state with a row in CLOCKS waits for somebody until so many working days are over;
what is late is shown and counted, and only then may a complaint that nobody answered be taken further. What is ordered
may be ordered otherwise, settled or dismissed until it is carried out; from then on it stands.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.document import members, text
from catalog.errors import ComplaintError
from catalog.lifecycle import Step, find
from catalog.working_days import after

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ID_CHARACTERS_MAX = 64
WORDS_CHARACTERS_MAX = 4_000
DIGEST_CHARACTERS = 64


class State(StrEnum):
    """Where a complaint is."""

    FILED = "filed"
    ANSWERED = "answered"
    ESCALATED = "escalated"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    UPHELD = "upheld"
    ORDERED = "ordered"
    FULFILLED = "fulfilled"
    DISMISSED = "dismissed"


class Move(StrEnum):
    """What is done to a complaint."""

    ANSWER = "answer"
    SETTLE = "settle"
    ESCALATE = "escalate"
    WITHDRAW = "withdraw"
    UPHOLD = "uphold"
    ORDER = "order"
    PAY = "pay"
    DISMISS = "dismiss"


COMPLAINANT, RESPONDENT, EXCHANGE = "complainant", "respondent", "exchange"


TABLE: Mapping[tuple[State, Move], Step[State]] = {
    (State.FILED, Move.ANSWER): Step(State.ANSWERED, RESPONDENT),
    (State.FILED, Move.ESCALATE): Step(State.ESCALATED, COMPLAINANT, when_late=True),
    (State.FILED, Move.WITHDRAW): Step(State.WITHDRAWN, COMPLAINANT),
    (State.ANSWERED, Move.SETTLE): Step(State.SETTLED, COMPLAINANT),
    (State.ANSWERED, Move.ESCALATE): Step(State.ESCALATED, COMPLAINANT),
    (State.ANSWERED, Move.WITHDRAW): Step(State.WITHDRAWN, COMPLAINANT),
    (State.ESCALATED, Move.UPHOLD): Step(State.UPHELD, EXCHANGE),
    (State.ESCALATED, Move.ORDER): Step(State.ORDERED, EXCHANGE),
    (State.ESCALATED, Move.DISMISS): Step(State.DISMISSED, EXCHANGE),
    (State.ESCALATED, Move.WITHDRAW): Step(State.WITHDRAWN, COMPLAINANT),
    (State.ORDERED, Move.PAY): Step(State.FULFILLED, RESPONDENT),
    (State.ORDERED, Move.ORDER): Step(State.ORDERED, EXCHANGE),
    (State.ORDERED, Move.DISMISS): Step(State.DISMISSED, EXCHANGE),
    (State.ORDERED, Move.SETTLE): Step(State.SETTLED, COMPLAINANT),
}


@dataclass(frozen=True, slots=True)
class Clock:
    """Whose turn it is in a state, and for how many working days."""

    whose: str
    days: int


CLOCKS: Mapping[State, Clock] = {
    State.FILED: Clock(RESPONDENT, 5),
    State.ANSWERED: Clock(COMPLAINANT, 5),
    State.ESCALATED: Clock(EXCHANGE, 10),
    State.ORDERED: Clock(RESPONDENT, 10),
}
# states in which the exchange has found the complaint right, and those that name an amount
FOUND_RIGHT = frozenset({State.UPHELD, State.ORDERED, State.FULFILLED})
WITH_AMOUNT = frozenset({State.ORDERED, State.FULFILLED})


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is complained about: an agreement by its digest (hex), and what is wrong, in words."""

    id: str
    agreement: str
    words: str

    def json(self) -> dict[str, str]:
        """Return its JSON form."""
        return {"id": self.id, "agreement": self.agreement, "words": self.words}


_KEYS = frozenset({"id", "agreement", "words"})


def from_json(document: object) -> Complaint:
    """Read a complaint strictly; anything missing, unknown, empty or too long raises CatalogError."""
    facts = members(document, "complaint", required=_KEYS, allowed=_KEYS)
    complaint = Complaint(
        id=text(facts["id"], "id", limit=ID_CHARACTERS_MAX),
        agreement=text(facts["agreement"], "agreement", limit=DIGEST_CHARACTERS),
        words=text(facts["words"], "words", limit=WORDS_CHARACTERS_MAX),
    )
    for name, value in complaint.json().items():
        if not value.strip():
            raise ComplaintError(f"a complaint says its `{name}`", path=name)
    return complaint


def moved(state: State, move: Move, role: str, *, late: bool) -> State:
    """Return the state after a move; raises ComplaintError if table, role or clock forbids it."""
    step = find(TABLE, state, move, role, of="a complaint", error=ComplaintError)
    if step.when_late and not late:
        raise ComplaintError(f"it can be taken further when the {CLOCKS[state].whose} is late", path="move")
    return step.to


def due(state: State, begun: datetime) -> datetime | None:
    """Return until when somebody has to act, None for a state that waits for nobody."""
    clock = CLOCKS.get(state)
    return None if clock is None else after(begun, clock.days)
