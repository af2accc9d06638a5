"""What a buyer may look up of one subject that it names, without showing which: a member of the gate (decision 0193).

Law: all that one buyer looks up of one product is at most `keys`, whatever it finds; a key is asked about beside all
those of its bucket, of which there are so many that a bucket has a thousand rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

if TYPE_CHECKING:
    from contracts.coverage import Coverage
    from contracts.noise import Noise

# keys that one buyer may look up in all, and at once
KEYS_MAX: Final = 10_000_000
KEYS_AT_ONCE: Final = 32
# rows that a bucket has, about
AMONG: Final = 1_000
BUCKETS_MAX: Final = 65_536
_TAG: Final = b"penstock/lookup/bucket/v1\0"
_MEMBERS: Final = frozenset({"keys", "buckets"})


@dataclass(frozen=True, slots=True)
class LookUp:
    """A buyer may look up `keys` subjects of a product; each is in one of so many `buckets`."""

    keys: int
    buckets: int

    def __post_init__(self) -> None:
        if not 1 <= self.keys <= KEYS_MAX:
            raise ContractError("terms", f"`keys` of a look-up is a whole number from 1 to {KEYS_MAX}")
        if not 1 <= self.buckets <= BUCKETS_MAX:
            raise ContractError("terms", f"`buckets` of a look-up is a whole number from 1 to {BUCKETS_MAX}")

    def check(self, subject: str, others: tuple[Coverage | Noise | None, ...]) -> None:
        """Raise ContractError unless its gate names a subject, and tells of subjects in no other way.

        Who knows the cells of some subjects takes them away from an answer about groups: a gate is of one or the other.
        """
        if not subject:
            raise ContractError("terms", "what is looked up is a subject: the gate names their column")
        if any(others):
            raise ContractError("terms", "what is looked up row by row has neither noise nor a coverage")

    def json(self) -> dict[str, Any]:
        """Return it as terms have it."""
        return {"keys": str(self.keys), "buckets": str(self.buckets)}


def read(value: Any, name: str) -> LookUp:
    """Read a look-up as terms have it; raises ContractError."""
    if not isinstance(value, dict) or set(value) != _MEMBERS:
        raise ContractError("terms", f"`{name}` has exactly the members {', '.join(sorted(_MEMBERS))}")
    limits = {"keys": KEYS_MAX, "buckets": BUCKETS_MAX}
    return LookUp(**{one: read_decimal(value[one], f"{name}.{one}", limit=most) for one, most in limits.items()})


def buckets_of(rows: int) -> int:
    """Return how many buckets a table of so many rows has."""
    return min(BUCKETS_MAX, max(1, rows // AMONG))


def bucket(key: str, of: int) -> int:
    """Return in which of so many buckets a key is."""
    return int.from_bytes(sha256(_TAG + key.encode()).digest()[:8], "big") * of >> 64
