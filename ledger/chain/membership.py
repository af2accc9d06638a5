"""What can be done with the registry of spaces: who runs one, who is in it with which keys and role, who may judge.

Law: an account stands for a member, the SHA-256 of its DID says which; names stay off the chain. Roles are numbers
there (`ledger.chain.standing`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode

from contracts.keccak import keccak
from ledger.chain.client import Act
from ledger.chain.standing import did_digest, number_of, role_of
from ledger.stamp import read_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ledger.chain.deployment import Deployment


@dataclass(frozen=True, slots=True)
class Keys:
    """Public bytes: Ed25519 of the log (32), X25519 of deliveries (32), BLS12-381 on G1 (48)."""

    log: bytes
    delivery: bytes
    aggregate: bytes

    @property
    def digest(self) -> bytes:
        """Return what the registry keeps of them."""
        return keccak(encode(["(bytes32,bytes32,bytes)"], [self.args()]))

    def args(self) -> tuple[bytes, bytes, bytes]:
        """Return the struct as the program takes it."""
        return self.log, self.delivery, self.aggregate


@dataclass(frozen=True, slots=True)
class Standing:
    """A member as the registry knows it; `revoked_at` is None while it is in the space.

    `suspended_at` is None unless it is suspended now.
    """

    did: bytes
    role: str
    keys_digest: bytes
    admitted_at: datetime
    suspended_at: datetime | None
    revoked_at: datetime | None

    @classmethod
    def read(cls, found: Mapping[str, Any]) -> Standing | None:
        """Read what the program answers, None of an account that was never admitted."""
        if not found["admittedAt"]:
            return None
        return cls(
            did=found["did"],
            role=role_of(found["role"]),
            keys_digest=found["keysDigest"],
            admitted_at=read_time(found["admittedAt"]),
            suspended_at=read_time(found["suspendedAt"]) if found["suspendedAt"] else None,
            revoked_at=read_time(found["revokedAt"]) if found["revokedAt"] else None,
        )


def found(deployment: Deployment, space: bytes) -> Act:
    """Found a space (32 bytes, its id); the sender is its first exchange."""
    return _act(deployment, "found", space)


def name_exchange(deployment: Deployment, space: bytes, account: bytes) -> Act:
    """Name another exchange; an exchange sends it."""
    return _act(deployment, "nameExchange", space, account)


def dismiss_exchange(deployment: Deployment, space: bytes, account: bytes) -> Act:
    """Dismiss an exchange, never the last; an exchange sends it."""
    return _act(deployment, "dismissExchange", space, account)


def name_arbitrator(deployment: Deployment, space: bytes, account: bytes) -> Act:
    """Name who may judge; an exchange sends it."""
    return _act(deployment, "nameArbitrator", space, account)


def dismiss_arbitrator(deployment: Deployment, space: bytes, account: bytes) -> Act:
    """End that somebody may judge; an exchange sends it."""
    return _act(deployment, "dismissArbitrator", space, account)


def admit(deployment: Deployment, space: bytes, account: bytes, did: str, role: str, keys: Keys) -> Act:
    """Admit a member with its role and keys; an exchange sends it."""
    return _act(deployment, "admit", space, account, did_digest(did), number_of(role), keys.args())


def change_role(deployment: Deployment, space: bytes, account: bytes, role: str) -> Act:
    """Give a member another role; an exchange sends it."""
    return _act(deployment, "changeRole", space, account, number_of(role))


def change_keys(deployment: Deployment, space: bytes, keys: Keys) -> Act:
    """Replace the sender's own keys; the member sends it."""
    return _act(deployment, "changeKeys", space, keys.args())


def suspend_member(deployment: Deployment, space: bytes, account: bytes, cause: bytes) -> Act:
    """Suspend a member for a cause (32 bytes, a digest of the words) until it is resumed; an exchange sends it."""
    return _act(deployment, "suspendMember", space, account, cause)


def resume_member(deployment: Deployment, space: bytes, account: bytes, cause: bytes) -> Act:
    """Let a suspended member in again; an exchange sends it."""
    return _act(deployment, "resumeMember", space, account, cause)


def revoke_member(deployment: Deployment, space: bytes, account: bytes, cause: bytes) -> Act:
    """End a membership for a cause (32 bytes, a digest of the words); an exchange or the member itself sends it."""
    return _act(deployment, "revokeMember", space, account, cause)


def revoke(deployment: Deployment, space: bytes, subject: bytes, cause: bytes) -> Act:
    """Revoke something that the space gave out, such as a credential (its digest); an exchange sends it."""
    return _act(deployment, "revoke", space, subject, cause)


def _act(deployment: Deployment, function: str, *args: Any) -> Act:
    return Act(deployment.program("spaces"), function, args)
