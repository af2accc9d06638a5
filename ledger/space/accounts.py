"""Accounts of a member that were: until when each counted, and how one names the account that follows it.

A member goes on under another account: its DID, its log and its catalogue are the same. What a former account signed or
opened before its end stays the member's, and so does what goes on of it; for anything new it counts no more
(decision 0308).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from contracts import address, signature
from contracts.canonical import sha

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMER_ACCOUNTS_MAX: Final = 8  # of one member


@dataclass(frozen=True, slots=True)
class FormerAccount:
    """An account (20 bytes) that a member signed by `until` then."""

    address: bytes
    until: datetime

    def json(self) -> dict[str, str]:
        """Return it as a space's document has it."""
        return {"address": address.show(self.address), "until": self.until.isoformat(timespec="seconds")}


def read(value: Mapping[str, Any]) -> FormerAccount:
    """Read a former account; raises ValueError, KeyError, TypeError."""
    until = datetime.fromisoformat(value["until"])
    if until.tzinfo is None:
        raise ValueError("a former account ends at a time with a zone")
    return FormerAccount(address.read(value["address"], "address"), until)


def followed(did: str, following: bytes) -> bytes:
    """Return the cause (32 bytes) for which an account leaves the registry where another one of the same DID follows.

    It leaves by its own transaction, so this is its signature for the next one.
    """
    return sha({"account-follows": address.show(following), "did": did})


def signed_by_one(accounts: Iterable[bytes], digest: bytes, proof: bytes) -> bool:
    """Say whether one of a member's accounts signed a digest; what a former one signed stays signed."""
    return any(signature.is_by(one, digest, proof) for one in accounts)
