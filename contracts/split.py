"""How revenue is shared: payees and basis points, under one hash for the life of a channel (spec 3.1, 3.3).

Law: the basis points sum to 10,000; shares are floors of the *cumulative* amount and the remainder is the first
payee's, so the shares of any cumulative amount add up to it exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from contracts import address
from contracts.errors import ContractError
from contracts.keccak import keccak

WHOLE_BPS = 10_000
MAX_PAYEES = 8
HASHES_KEPT = 256  # each window asks for that of its channel


@dataclass(frozen=True, slots=True)
class Split:
    """Payees' addresses (20 bytes) and their basis points, in the order of the agreement."""

    parts: tuple[tuple[bytes, int], ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.parts) <= MAX_PAYEES:
            raise ContractError("split", f"a split has 1 to {MAX_PAYEES} payees")
        if any(bps < 1 for _, bps in self.parts) or sum(bps for _, bps in self.parts) != WHOLE_BPS:
            raise ContractError("split", f"the basis points of a split are positive and sum to {WHOLE_BPS}")
        if len({payee for payee, _ in self.parts}) != len(self.parts):
            raise ContractError("split", "a payee stands twice in the split")

    @classmethod
    def from_json(cls, value: Any) -> Split:
        """Read `[{payee, bps}, …]`."""
        if not isinstance(value, list) or not all(_is_part(part) for part in value):
            raise ContractError("split", "a split is a list of `{payee, bps}`")
        return cls(tuple((address.read(part["payee"], "payee"), part["bps"]) for part in value))

    def json(self) -> list[dict[str, Any]]:
        """Return `[{payee, bps}, …]`."""
        return [{"payee": address.show(payee), "bps": bps} for payee, bps in self.parts]

    @property
    def hash(self) -> bytes:
        """Return `keccak256(abi.encode(address[] payees, uint256[] bps))`, as the channels program computes it."""
        return _hash(self.parts)

    def shares(self, cumulative: int) -> tuple[int, ...]:
        """Return each payee's share of a cumulative amount, in minor units, in the order of the payees."""
        floors = [cumulative * bps // WHOLE_BPS for _, bps in self.parts]
        shares = (floors[0] + cumulative - sum(floors), *floors[1:])
        assert sum(shares) == cumulative
        return shares


def _is_part(part: Any) -> bool:
    return isinstance(part, dict) and set(part) == {"payee", "bps"} and type(part["bps"]) is int


@lru_cache(maxsize=HASHES_KEPT)
def _hash(parts: tuple[tuple[bytes, int], ...]) -> bytes:
    size = len(parts).to_bytes(32, "big")
    payees = size + b"".join(payee.rjust(32, b"\0") for payee, _ in parts)
    points = size + b"".join(bps.to_bytes(32, "big") for _, bps in parts)
    offsets = (64).to_bytes(32, "big") + (64 + len(payees)).to_bytes(32, "big")
    return keccak(offsets + payees + points)
