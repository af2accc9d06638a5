"""A transfer of the settlement token under a reference, as a value: what auditors and archives hold of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Payment:
    """Who paid whom how much, under which reference (32 bytes); accounts are 20 bytes, the amount minor units."""

    sender: bytes
    receiver: bytes
    amount: int
    reference: bytes

    def json(self) -> dict[str, str]:
        """Return the transfer as an archive keeps it."""
        ends = {"sender": self.sender.hex(), "receiver": self.receiver.hex()}
        return {**ends, "amount": str(self.amount), "reference": self.reference.hex()}

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> Payment:
        """Read a kept transfer; raises KeyError or ValueError."""
        sender, receiver, reference = (bytes.fromhex(value[name]) for name in ("sender", "receiver", "reference"))
        return cls(sender, receiver, int(value["amount"]), reference)
