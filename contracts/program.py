"""Programs of buyers that are run where the data are: a member of the gate (decision 0196).

Law: (1) what a program tells is told with the noise of the gate and out of its budget, whatever the program does. (2)
Each run has the same time, said in the terms, and takes it: how long an answer takes says nothing of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from contracts.noise import Noise

SECONDS_MAX: Final = 60
_MEMBERS: Final = frozenset({"seconds"})


@dataclass(frozen=True, slots=True)
class Programs:
    """A buyer's programs are run, each for so many `seconds`."""

    seconds: int

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= SECONDS_MAX:
            raise ContractError("terms", f"a run of a program has 1 to {SECONDS_MAX} seconds")

    def check(self, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless answers have noise, and its gate is not of a kind that tells in no other way."""
        require_noise(noise, others, "a program")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"seconds": str(self.seconds)}


def require_noise(noise: Noise | None, others: tuple[object | None, ...], what: str) -> None:
    """Raise ContractError unless what is run on blocks has noise, and nothing is told in one other way alone."""
    if noise is None:
        raise ContractError("terms", f"what {what} tells has noise: say `noise` and its budget, too")
    if any(one is not None for one in others):
        raise ContractError("terms", f"what is looked up, or told together, is told in no other way: by {what} nothing")


def read(value: Any, name: str) -> Programs:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the member {', '.join(sorted(_MEMBERS))}")
    return Programs(read_decimal(value["seconds"], f"{name}.seconds", limit=SECONDS_MAX))
