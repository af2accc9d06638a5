"""An engine of the provider that is run where the data are: a member of the gate (decision 0242).

Law: (1) which engine that is, is agreed on by the digest of its file: another one is not run. (2) What it tells has the
noise of the gate and is taken out of its budget, and each run takes the same time, as of a buyer's programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.program import SECONDS_MAX, require_noise

if TYPE_CHECKING:
    from contracts.noise import Noise

# as its provider's settings call it, and how a buyer asks for it
NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}", re.ASCII)
DIGEST: Final = re.compile(r"sha-256:[0-9a-f]{64}", re.ASCII)
_MEMBERS: Final = frozenset({"name", "digest", "seconds"})


@dataclass(frozen=True, slots=True)
class Engine:
    """The engine of a `name`, whose file has this `digest`, is run for so many `seconds` each time."""

    name: str
    digest: str
    seconds: int

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ContractError("terms", "an engine has a name of 1 to 40 small letters, digits and dashes")
        if not DIGEST.fullmatch(self.digest):
            raise ContractError("terms", "an engine is known by `sha-256:` and the digest of its file")
        if not 1 <= self.seconds <= SECONDS_MAX:
            raise ContractError("terms", f"a run of an engine has 1 to {SECONDS_MAX} seconds")

    def check(self, noise: Noise | None, others: tuple[object | None, ...]) -> None:
        """Raise ContractError unless answers have noise, and its gate is not of a kind that tells in no other way."""
        require_noise(noise, others, "an engine")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"name": self.name, "digest": self.digest, "seconds": str(self.seconds)}


def read(value: Any, name: str) -> Engine:
    """Read it as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not isinstance(value["name"], str) or not isinstance(value["digest"], str):
        raise ContractError("terms", f"name and digest of `{name}` are texts")
    seconds = read_decimal(value["seconds"], f"{name}.seconds", limit=SECONDS_MAX)
    return Engine(value["name"], value["digest"], seconds)
