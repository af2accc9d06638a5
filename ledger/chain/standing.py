"""How the registry of spaces knows a participant: its DID by a digest, its role by a number. Pure, and needs no chain.

Law: names stay off the chain. A space is known by the digest of the DID of the exchange that founded it; roles are
numbers in the order of `ROLES`, from one on.
"""

from __future__ import annotations

import hashlib

ROLES = ("provider", "buyer", "exchange", "regulator", "service", "broker", "arbitrator", "node")


def did_digest(did: str) -> bytes:
    """Return how the registry knows a DID, and a space by its founder's (32 bytes)."""
    return hashlib.sha256(did.encode("utf-8")).digest()


def role_of(number: int) -> str:
    """Return the role that the registry knows by a number."""
    return ROLES[number - 1] if 0 < number <= len(ROLES) else f"role {number}"


def number_of(role: str) -> int:
    """Return the number of a role."""
    return ROLES.index(role) + 1
