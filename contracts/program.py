"""Programs of buyers that are run where the data are: a member of the gate (decisions 0196 and 0286).

Law: (1) what a program tells is told with the noise of the gate and out of its budget, whatever the program does; or,
where the gate names a `reviewer`, exactly, of a program that this one has assented to (`contracts.assent`). (2) Each
run has the same time, said in the terms, and takes it: how long an answer takes says nothing of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.joint import is_did

if TYPE_CHECKING:
    from contracts.noise import Noise

SECONDS_MAX: Final = 60
_NEEDED: Final = frozenset({"seconds"})
_REVIEWER: Final = "reviewer"


@dataclass(frozen=True, slots=True)
class Programs:
    """A buyer's programs are run, each for so many `seconds`; with a `reviewer` (a DID), those that it assents to."""

    seconds: int
    reviewer: str = ""

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= SECONDS_MAX:
            raise ContractError("terms", f"a run of a program has 1 to {SECONDS_MAX} seconds")
        if self.reviewer and not is_did(self.reviewer):
            raise ContractError("terms", f"`{self.reviewer[:60]}` is no DID of a reviewer")

    def check(self, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless answers have noise or a reviewer, and nothing is told in one other way alone."""
        if self.reviewer:
            require_alone(others, "a program")
        else:
            require_noise(noise, others, "a program")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"seconds": str(self.seconds)} | ({_REVIEWER: self.reviewer} if self.reviewer else {})


def require_noise(noise: Noise | None, others: tuple[object | None, ...], what: str) -> None:
    """Raise ContractError unless what is run on blocks has noise, and nothing is told in one other way alone."""
    if noise is None:
        raise ContractError("terms", f"what {what} tells has noise: say `noise` and its budget, too")
    require_alone(others, what)


def require_alone(others: tuple[object | None, ...], what: str) -> None:
    """Raise ContractError where a gate is of a kind that tells in no other way."""
    if any(one is not None for one in others):
        raise ContractError("terms", f"what is looked up, or told together, is told in no other way: by {what} nothing")


def read(value: Any, name: str) -> Programs:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) - {_REVIEWER} != _NEEDED:
        raise ContractError("terms", f"`{name}` has exactly the member seconds, and may have {_REVIEWER}")
    reviewer = value.get(_REVIEWER, "")
    if not isinstance(reviewer, str) or (_REVIEWER in value and not reviewer):
        raise ContractError("terms", f"`{name}.{_REVIEWER}` is a DID, or left out")
    return Programs(read_decimal(value["seconds"], f"{name}.seconds", limit=SECONDS_MAX), reviewer)
