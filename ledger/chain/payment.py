"""A transfer of the settlement token under a reference, as a value: what auditors and archives hold of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Payment:
    """Who paid whom how much, under which reference (32 bytes); accounts are 20 bytes, the amount minor units.

    `complaint` is the reference of the complaint that a refund names, empty where it names none; `block` where it was
    mined, 0 where nobody asked.
    """

    sender: bytes
    receiver: bytes
    amount: int
    reference: bytes
    complaint: bytes = b""
    block: int = 0

    def json(self) -> dict[str, str]:
        """Return the transfer as an archive keeps it."""
        told = {"sender": self.sender.hex(), "receiver": self.receiver.hex(), "amount": str(self.amount)}
        told["reference"] = self.reference.hex()
        told |= {"complaint": self.complaint.hex()} if self.complaint else {}
        return told | ({"block": str(self.block)} if self.block else {})

    @classmethod
    def from_json(cls, value: Mapping[str, str]) -> Payment:
        """Read a kept transfer; raises KeyError or ValueError."""
        sender, receiver, reference = (bytes.fromhex(value[name]) for name in ("sender", "receiver", "reference"))
        named = bytes.fromhex(value.get("complaint", "")), int(value.get("block", "0"))
        return cls(sender, receiver, int(value["amount"]), reference, *named)
