"""What a buyer tried before it asks for a product: a list in the fitting room, by the answers that its provider signed.

Law: it says which answers, and nothing of the list or of what was found; who has the receipts can show the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from contracts.decimals import read_hex
from contracts.errors import ContractError

ID_CHARACTERS_MAX: Final = 100
# parts of one list, each answered and signed by itself
ANSWERS_MAX: Final = 16
DIGEST_BYTES: Final = 32
_MEMBERS: Final = frozenset({"agreement", "id", "answers"})


@dataclass(frozen=True, slots=True)
class Tried:
    """A fitting under `agreement` and the buyer's `id` of it: the SHA-256 (hex) of the answer to each part."""

    agreement: str
    id: str
    answers: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.id) <= ID_CHARACTERS_MAX or not self.id.isprintable():
            raise ContractError("tried", f"the id of what was tried has 1 to {ID_CHARACTERS_MAX} printable characters")
        if not 0 < len(self.answers) <= ANSWERS_MAX:
            raise ContractError("tried", f"what was tried has 1 to {ANSWERS_MAX} answers")

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the ids under which the parts of the list were answered."""
        return tuple(part(self.id, number) for number in range(len(self.answers)))

    def json(self) -> dict[str, Any]:
        """Return it as it stands in a request."""
        return {"agreement": self.agreement, "id": self.id, "answers": list(self.answers)}


def part(name: str, number: int) -> str:
    """Return the id of a part of a long list: the first has the list's own."""
    return f"{name}/{number}" if number else name


def read(value: Any) -> Tried:
    """Read what `json` writes; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS or not isinstance(value["answers"], list):
        raise ContractError("tried", f"what was tried has exactly the members {', '.join(sorted(_MEMBERS))}")
    if not isinstance(value["id"], str):
        raise ContractError("tried", "the id of what was tried is a text")
    told = value["answers"][: ANSWERS_MAX + 1]
    answers = tuple(read_hex(one, "answers", DIGEST_BYTES).hex() for one in told)
    return Tried(read_hex(value["agreement"], "agreement", DIGEST_BYTES).hex(), value["id"], answers)
