"""Whose signature a message of these interfaces bears: that of an account (secp256k1), or that of a key of SM2.

    bytes  hex digits   key         over
    65     130          secp256k1   SHA-256 of the message: r, s, v (`contracts.signature`)
    64     128          SM2         the message, by SM3 and the default user id: r, s (`contracts.sm2.signature`)

Law: the texts have no field for an algorithm, so a signature's length says it; whose key it is says who verifies. A
participant that has a key of SM2 signs by it, and what it signed by its account before still counts. So does what it
signed by a key of SM2 that another one has followed, where it was there in time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from contracts import signature as accounts
from contracts.sm2 import secret, signature

if TYPE_CHECKING:
    from datetime import datetime

    from contracts.signature import Secret


@dataclass(frozen=True, slots=True)
class FormerKey:
    """A key of SM2 (64 bytes) that another one has followed; what was signed by it counts if it was there before."""

    key: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Signer:
    """By which keys a participant signs: its account (20 bytes) and its key of SM2 (64 bytes), each if it has one."""

    account: bytes | None
    sm2: bytes | None = None
    former: tuple[FormerKey, ...] = ()

    def has_signed(self, part: bytes, proof: bytes, at: datetime | None = None) -> bool:
        """Say whether a signature over a part of a message is this participant's; malformed ones are nobody's.

        `at` is when it was there: former keys count by it, and without it none does.
        """
        if is_national(proof):
            counting = [one.key for one in self.former if at is not None and at < one.until]
            present = [] if self.sm2 is None else [self.sm2]
            return any(signature.is_by(key, part, proof) for key in present + counting)
        return self.account is not None and accounts.is_by(self.account, sha256(part).digest(), proof)


def is_national(proof: bytes) -> bool:
    """Say whether a signature is one of SM2."""
    return len(proof) == signature.SIGNATURE_BYTES


def sign(part: bytes, account: Secret, sm2: bytes | None) -> bytes:
    """Return a signature by the secret of SM2, if there is one, else by that of the account.

    Raises ContractError where OpenSSL cannot sign by SM2.
    """
    return accounts.sign(sha256(part).digest(), account) if sm2 is None else secret.sign(sm2, part)
