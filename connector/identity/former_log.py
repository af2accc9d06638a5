"""Keys of our log that were: what each vouched for, what was sealed to what is drawn from it, and up to which size.

    keys/log.former    a key a line, the newest first: 64 hex digits, a size, a time, 64 digits of the seed of its
                       hybrid key, 128 of its signature over the key that followed, and its secret, or `-`

Law: (1) a key stands here before the next one takes its place. (2) Its secret stays until that time, for who has not
heard of the next one: heads and cosignatures are signed by both (decision 0306). Of a stolen one it goes at once.
(3) Event fields that were sealed to its hybrid key are opened by it for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.identity.former_keys import FormerKeys
from ledger.log.wrapping import HybridKey
from ledger.space.log_keys import FORMER_LOG_MAX, KEY_BYTES, FormerLog

if TYPE_CHECKING:
    from collections.abc import Sequence

FILE: Final = "log.former"
NONE: Final = "-"
PROOF_BYTES: Final = 64


@dataclass(frozen=True, slots=True)
class FormerLogKey:
    """A key (32 public bytes) that signed at most `size` entries by itself, and heads beside the next one `until`."""

    key: bytes
    size: int
    until: datetime
    hybrid: HybridKey = field(repr=False)
    proof: bytes
    secret: bytes | None = field(default=None, repr=False)

    @property
    def told(self) -> FormerLog:
        """Return what others are told of it."""
        return FormerLog(self.key, self.size, self.until)

    def at(self, now: datetime) -> FormerLogKey:
        """Return it as it is now: without its secret when its time is over."""
        return self if now < self.until else replace(self, secret=None)

    def line(self) -> str:
        """Return it as the file has it."""
        secret = NONE if self.secret is None else self.secret.hex()
        until = self.until.isoformat(timespec="seconds")
        told = (self.key.hex(), str(self.size), until, self.hybrid.seed.hex(), self.proof.hex(), secret)
        return " ".join(told)


def signers(present: Ed25519PrivateKey, former: Sequence[FormerLogKey]) -> tuple[Ed25519PrivateKey, ...]:
    """Return the keys that sign heads now: the present one, and those before while there are some who know no other."""
    return present, *(Ed25519PrivateKey.from_private_bytes(one.secret) for one in former if one.secret is not None)


def _read(line: str) -> FormerLogKey:
    key, size, until, seed, proof, secret = line.split()
    raw = [bytes.fromhex(one) for one in (key, seed, *(() if secret == NONE else (secret,)))]
    made = FormerLogKey(
        raw[0],
        int(size),
        datetime.fromisoformat(until),
        HybridKey(raw[1]),
        bytes.fromhex(proof),
        raw[2] if len(raw) > 2 else None,  # key, seed and secret
    )
    if any(len(one) != KEY_BYTES for one in raw) or len(made.proof) != PROOF_BYTES or made.until.tzinfo is None:
        raise ValueError("no former key of a log")
    return made


KEPT: Final = FormerKeys(FILE, FORMER_LOG_MAX, "key of the log", _read, FormerLogKey.line, lambda one: one.key)
