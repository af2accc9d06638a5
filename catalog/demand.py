"""A demand: what somebody looks for and has not found, as one value, and its life cycle as a table.

Law: a move is made by a role; whoever calls has checked that the caller has it (the buyer is who posted the demand).
What is `met` names the agreement that met it, and `withdrawn` is the other end.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from catalog.document import items, members, moment, text
from catalog.errors import CatalogError, DemandError
from catalog.lifecycle import Step, find
from catalog.question import CONDITIONS_MAX, VALUE_CHARACTERS_MAX, question
from catalog.use import use
from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from catalog.question import Question
    from catalog.use import Use

ID_CHARACTERS_MAX = 64
TITLE_CHARACTERS_MAX = 256
DESCRIPTION_CHARACTERS_MAX = 4_000


class State(StrEnum):
    """Where a demand is."""

    OPEN = "open"
    MATCHED = "matched"
    NEGOTIATING = "negotiating"
    MET = "met"
    WITHDRAWN = "withdrawn"


class Move(StrEnum):
    """What is done to a demand."""

    MATCH = "match"
    NEGOTIATE = "negotiate"
    REOPEN = "reopen"
    MEET = "meet"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


BUYER, EXCHANGE = "buyer", "exchange"
TABLE: Mapping[tuple[State, Move], Step[State]] = {
    (State.OPEN, Move.MATCH): Step(State.MATCHED, EXCHANGE),
    (State.OPEN, Move.NEGOTIATE): Step(State.NEGOTIATING, BUYER),
    (State.MATCHED, Move.NEGOTIATE): Step(State.NEGOTIATING, BUYER),
    (State.NEGOTIATING, Move.REOPEN): Step(State.OPEN, BUYER),
    (State.NEGOTIATING, Move.MEET): Step(State.MET, BUYER),
    (State.OPEN, Move.WITHDRAW): Step(State.WITHDRAWN, BUYER),
    (State.MATCHED, Move.WITHDRAW): Step(State.WITHDRAWN, BUYER),
    (State.NEGOTIATING, Move.WITHDRAW): Step(State.WITHDRAWN, BUYER),
    (State.OPEN, Move.EXPIRE): Step(State.WITHDRAWN, EXCHANGE),
    (State.MATCHED, Move.EXPIRE): Step(State.WITHDRAWN, EXCHANGE),
}
# what providers are shown, and what is matched with new products
LOOKING: frozenset[State] = frozenset({State.OPEN, State.MATCHED})


@dataclass(frozen=True, slots=True)
class Demand:
    """What is looked for: words, conditions as of a search, a use, and a price.

    `use` says for what and where it is to be used, None if that is open; `most` is the highest price in minor units of
    `currency` per `unit` of a tariff, None for any. It ends at `until`.
    """

    id: str
    title: str
    description: str
    where: tuple[str, ...]
    use: Use | None
    most: int | None
    unit: str
    currency: str
    until: datetime

    @property
    def question(self) -> Question:
        """What of it a search would ask."""
        return question(f"{self.title} {self.description}", self.where)

    def json(self) -> dict[str, object]:
        """Return its JSON form; amounts and times are text."""
        purpose, place = ("", "") if self.use is None else (self.use.purpose, self.use.place)
        return {
            "id": self.id,
            "title": self.title,
            "description": self.description,
            "where": list(self.where),
            "purpose": purpose,
            "place": place,
            "most": None if self.most is None else str(self.most),
            "unit": self.unit,
            "currency": self.currency,
            "until": self.until.isoformat(timespec="seconds"),
        }


_KEYS = frozenset(["id", "title", "description", "where", "purpose", "place", "most", "unit", "currency", "until"])


def from_json(document: object) -> Demand:
    """Read a demand strictly; anything missing, unknown, too long or not in a table raises CatalogError."""
    facts = members(document, "demand", required=_KEYS, allowed=_KEYS)
    where = items(facts["where"], "where", limit=CONDITIONS_MAX)
    demand = Demand(
        id=text(facts["id"], "id", limit=ID_CHARACTERS_MAX),
        title=text(facts["title"], "title", limit=TITLE_CHARACTERS_MAX),
        description=text(facts["description"], "description", limit=DESCRIPTION_CHARACTERS_MAX),
        where=tuple(text(one, f"where/{at}", limit=4 * VALUE_CHARACTERS_MAX) for at, one in enumerate(where)),
        use=use(*(text(facts[name], name, limit=VALUE_CHARACTERS_MAX) for name in ("purpose", "place"))),
        most=_most(facts["most"]),
        unit=text(facts["unit"], "unit", limit=VALUE_CHARACTERS_MAX),
        currency=text(facts["currency"], "currency", limit=VALUE_CHARACTERS_MAX),
        until=moment(facts["until"], "until", limit=VALUE_CHARACTERS_MAX),
    )
    if not demand.id or not demand.question.words:
        raise CatalogError("a demand needs an id, and words in its title", path="title")
    return demand


def moved(state: State, move: Move, role: str) -> State:
    """Return the state after a move; raises DemandError if the table or the role forbids it."""
    return find(TABLE, state, move, role, of="a demand", error=DemandError).to


def _most(told: object) -> int | None:
    try:
        return None if told is None else read_decimal(told, "most")
    except ContractError as error:
        raise CatalogError(str(error), path="most") from error
