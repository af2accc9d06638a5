"""Models of a buyer's own label from a provider's columns: a member of the gate (decision 0235).

Law: what is told on the way to a model has the noise of the gate and is taken out of its budget; of each subject one
row takes part, so that the noise hides all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from contracts.noise import Noise

# of fewer keys a model is noise alone; of more, what is sent grows beyond what a connector takes at once
KEYS_MIN, KEYS_MAX = 200, 1_000_000
_MEMBERS: Final = frozenset({"keys"})


@dataclass(frozen=True, slots=True)
class Learning:
    """Labels of a buyer are learned from the rows, of at most so many `keys` under one agreement."""

    keys: int

    def __post_init__(self) -> None:
        if not KEYS_MIN <= self.keys <= KEYS_MAX:
            raise ContractError("terms", f"a label is learned of {KEYS_MIN} to {KEYS_MAX} keys at most")

    def check(self, subject: str, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless subjects are named, with noise and one row of each, and nothing tells alone."""
        if not subject or noise is None or noise.rows != 1:
            raise ContractError("terms", "a label is learned of subjects, with noise, of one row each: `rows=1`")
        if any(one is not None for one in others):
            raise ContractError("terms", "what is looked up, or told together, is told in no other way: no models")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"keys": str(self.keys)}


def read(value: Any, name: str) -> Learning:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the member {', '.join(sorted(_MEMBERS))}")
    return Learning(read_decimal(value["keys"], f"{name}.keys", limit=KEYS_MAX))
