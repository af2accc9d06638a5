"""What a buyer may learn of how much of its own list a product covers: a member of the gate, signed with the terms.

Law: each answer about one key is a coin that was thrown when the edition was sealed, and thrown once: with the odds of
`epsilon` it says the truth, whoever asks and however often (decision 0190).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts import freshness
from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.freshness import Freshness

# ε in hundredths: below the least an answer is noise, above the most it is the truth
EPSILON_MIN, EPSILON_MAX = 50, 500
# keys of its own list that a buyer asks about, one group of them, and all of them under one agreement
KEYS_LEAST: Final = 100
KEYS_AT_ONCE: Final = 20_000
KEYS_MAX: Final = 1_000_000
KEYS: Final = KEYS_AT_ONCE
# columns of which it is told how many covered subjects have them filled
FILLED_MAX: Final = 4
# the points as which keys go: terms of before name none, and mean the first
EDWARDS25519: Final = "edwards25519"
CURVE25519: Final = "curve25519"
POINTS: Final = (EDWARDS25519, CURVE25519)
_MEMBERS: Final = frozenset({"epsilon", "keys", "filled"})
_POINTS, _FRESH = "points", "fresh"
_MAY: Final = frozenset({_POINTS, _FRESH})


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is told: that a key is a subject, that it has a column of `filled` filled, and how `fresh` it is.

    Of a subject each of these, and each age of `fresh`, is told with a privacy loss of at most `epsilon` hundredths.
    Under one agreement at most `keys` keys are asked about, as `points`.
    """

    epsilon: int
    keys: int = KEYS
    filled: tuple[str, ...] = ()
    fresh: Freshness | None = None
    points: str = CURVE25519

    def __post_init__(self) -> None:
        if not EPSILON_MIN <= self.epsilon <= EPSILON_MAX:
            words = f"ε of a coverage is from {EPSILON_MIN / 100} to {EPSILON_MAX / 100}, in hundredths"
            raise ContractError("terms", words)
        if not KEYS_LEAST <= self.keys <= KEYS_MAX:
            raise ContractError("terms", f"`keys` of a coverage is a whole number from {KEYS_LEAST} to {KEYS_MAX}")
        if len(self.filled) > FILLED_MAX or len(set(self.filled)) != len(self.filled):
            raise ContractError("terms", f"a coverage tells of at most {FILLED_MAX} columns, each once")
        if self.points not in POINTS:
            raise ContractError("terms", f"`points` of a coverage is one of {', '.join(POINTS)}")

    @property
    def questions(self) -> tuple[str, ...]:
        """What is told of a key, in order: empty for "it is a subject", a column that is filled, then each age."""
        return ("", *self.filled, *self._ages)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read for it besides the subject, each once."""
        aged = () if self.fresh is None else (self.fresh.column,)
        return tuple(dict.fromkeys((*self.filled, *aged)))

    def about(self, question: str) -> tuple[str, int | None]:
        """Return the column that a question is about, and the age in days where it is about one."""
        days = self._ages.get(question)
        return (question, None) if self.fresh is None or days is None else (self.fresh.column, days)

    @property
    def _ages(self) -> dict[str, int]:
        return {} if self.fresh is None else self.fresh.questions

    def check(self, subject: str, columns: Sequence[str]) -> None:
        """Raise ContractError unless its gate names a subject, and the columns that it tells of."""
        if not subject:
            raise ContractError("terms", "what is covered is subjects: the gate names their column")
        if odd := next((name for name in self.filled if name not in columns), None):
            raise ContractError("terms", f"`{odd[:60]}` is no column of the gate")
        if self.fresh is not None and self.fresh.column == subject:
            raise ContractError("terms", f"`{subject[:60]}` is the subject: it says of nobody how fresh it is")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        told = {"epsilon": str(self.epsilon), "keys": str(self.keys), "filled": list(self.filled)}
        fresh = {} if self.fresh is None else {_FRESH: self.fresh.json()}
        return {**told, **fresh, **({} if self.points == EDWARDS25519 else {_POINTS: self.points})}


def read(value: Any, name: str) -> Coverage:
    """Read a coverage as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) - _MAY != _MEMBERS:
        members, may = (", ".join(sorted(names)) for names in (_MEMBERS, _MAY))
        raise ContractError("terms", f"`{name}` has exactly the members {members}, and may have {may}")
    filled = value["filled"]
    if not isinstance(filled, list) or not all(isinstance(one, str) for one in filled):
        raise ContractError("terms", f"`{name}.filled` is a list of columns")
    limits = {"epsilon": EPSILON_MAX, "keys": KEYS_MAX}
    numbers = {one: read_decimal(value[one], f"{name}.{one}", limit=most) for one, most in limits.items()}
    if value.get(_POINTS) == EDWARDS25519:
        raise ContractError("terms", f"`{name}.{_POINTS}` is left out where it is {EDWARDS25519}")
    fresh = freshness.read(value[_FRESH], f"{name}.{_FRESH}") if _FRESH in value else None
    points = value.get(_POINTS, EDWARDS25519)
    return Coverage(numbers["epsilon"], numbers["keys"], tuple(filled), fresh, points)
