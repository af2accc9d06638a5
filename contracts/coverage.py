"""What a buyer may learn of how much of its own list a product covers: a member of the gate, signed with the terms.

Law: each answer about one key is a coin that was thrown when the edition was sealed, and thrown once: with the odds of
`epsilon` it says the truth, whoever asks and however often (decision 0190).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_MAY: Final = "points"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much is told: that a key is a subject, and that a subject has a column of `filled` filled.

    Of a subject each of these is told with a privacy loss of at most `epsilon` hundredths. Under one agreement at most
    `keys` keys are asked about, as `points`.
    """

    epsilon: int
    keys: int = KEYS
    filled: tuple[str, ...] = ()
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
        """What is told of a key, in order: empty for "it is a subject", else a column that is filled."""
        return ("", *self.filled)

    def check(self, subject: str, columns: Sequence[str]) -> None:
        """Raise ContractError unless its gate names a subject, and the columns that it tells of."""
        if not subject:
            raise ContractError("terms", "what is covered is subjects: the gate names their column")
        if odd := next((name for name in self.filled if name not in columns), None):
            raise ContractError("terms", f"`{odd[:60]}` is no column of the gate")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        points = {} if self.points == EDWARDS25519 else {_MAY: self.points}
        return {"epsilon": str(self.epsilon), "keys": str(self.keys), "filled": list(self.filled), **points}


def read(value: Any, name: str) -> Coverage:
    """Read a coverage as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) - {_MAY} != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    filled = value["filled"]
    if not isinstance(filled, list) or not all(isinstance(one, str) for one in filled):
        raise ContractError("terms", f"`{name}.filled` is a list of columns")
    limits = {"epsilon": EPSILON_MAX, "keys": KEYS_MAX}
    numbers = {one: read_decimal(value[one], f"{name}.{one}", limit=most) for one, most in limits.items()}
    if value.get(_MAY) == EDWARDS25519:
        raise ContractError("terms", f"`{name}.{_MAY}` is left out where it is {EDWARDS25519}")
    return Coverage(numbers["epsilon"], numbers["keys"], tuple(filled), value.get(_MAY, EDWARDS25519))
