"""Sketches of rows, by which what two have of the same subjects is related: a member of the gate (decision 0199).

Law: a sketch is told with the noise of the gate and out of its budget; how many numbers it has is the buyer's word, at
most as many as the terms say, so that it tells nothing of how many rows there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from contracts.noise import Noise

BUCKETS_MIN, BUCKETS_MAX = 256, 16_384
_MEMBERS: Final = frozenset({"buckets"})


@dataclass(frozen=True, slots=True)
class Sketches:
    """Sketches of rows are told, each of at most so many `buckets`."""

    buckets: int

    def __post_init__(self) -> None:
        if not BUCKETS_MIN <= self.buckets <= BUCKETS_MAX:
            raise ContractError("terms", f"a sketch has {BUCKETS_MIN} to {BUCKETS_MAX} buckets at most")

    def check(self, subject: str, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless subjects are named, answers have noise, and nothing else is told another way."""
        if not subject or noise is None:
            raise ContractError("terms", "a sketch is of subjects, with noise: say `subject`, `noise` and its budget")
        if any(one is not None for one in others):
            raise ContractError("terms", "what is looked up, or told together, is told in no other way: no sketches")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"buckets": str(self.buckets)}


def read(value: Any, name: str) -> Sketches:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the member {', '.join(sorted(_MEMBERS))}")
    return Sketches(read_decimal(value["buckets"], f"{name}.buckets", limit=BUCKETS_MAX))
