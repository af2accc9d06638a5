"""How a key is wrapped for its recipient: HPKE (RFC 9180, base mode, HKDF-SHA256, AES-256-GCM), by the recipient's key.

    X25519            32 public bytes      what is wrapped + 32 + 16
    MLKEM768-X25519   1,184 + 32           what is wrapped + 1,120 + 16      (X-Wing, KEM 0x647a)

Law: the published key says which of the two, and X25519 is what everybody has. What is wrapped with it and kept is open
to whoever has a large quantum computer one day; of the other both halves must fall. A wrapped key says nothing of its
kind: it is filed under its recipient, who has a key of one kind by that name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import shake_256
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG_BYTES: Final = 16
CLASSICAL_BYTES: Final = 32
LATTICE_BYTES: Final = 1184
HYBRID_BYTES: Final = LATTICE_BYTES + CLASSICAL_BYTES
# what HPKE puts before what is wrapped, by the length of the public key
ENCAPSULATED_BYTES: Final[Mapping[int, int]] = {CLASSICAL_BYTES: 32, HYBRID_BYTES: 1088 + 32}
SEED_BYTES: Final = 32
# public keys of a space's supervisors and of ourselves, taken apart once
KEYS_KEPT: Final = 16

_CLASSICAL = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_HYBRID = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True)
class HybridKey:
    """A secret of MLKEM768-X25519: the 32-byte seed of X-Wing, from which both halves are drawn."""

    seed: bytes = field(repr=False)

    @cached_property
    def _halves(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        drawn = shake_256(self.seed).digest(64 + CLASSICAL_BYTES)
        return MLKEM768PrivateKey.from_seed_bytes(drawn[:64]), X25519PrivateKey.from_private_bytes(drawn[64:])

    @property
    def secret(self) -> MLKEM768X25519PrivateKey:
        """Return the key as HPKE takes it."""
        return MLKEM768X25519PrivateKey(*self._halves)

    @cached_property
    def public(self) -> bytes:
        """The 1,216 public bytes."""
        lattice, curve = self._halves
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()


Opener = X25519PrivateKey | HybridKey


def public_of(key: Opener) -> bytes:
    """Return the public bytes of a secret key."""
    return key.public if isinstance(key, HybridKey) else key.public_key().public_bytes_raw()


def wrap(key: bytes, public: bytes, info: bytes) -> bytes:
    """Wrap a key for a public one of either kind; ValueError if it is none."""
    if len(public) == HYBRID_BYTES:
        return _HYBRID.encrypt(key, _hybrid(public), info)
    return _CLASSICAL.encrypt(key, X25519PublicKey.from_public_bytes(public), info)


def unwrap(wrapped: bytes, key: Opener, info: bytes) -> bytes:
    """Return what was wrapped for `key`; InvalidTag or ValueError if it was not."""
    if isinstance(key, HybridKey):
        return _HYBRID.decrypt(wrapped, key.secret, info)
    return _CLASSICAL.decrypt(wrapped, key, info)


def wrapped_bytes(key: Opener, size: int) -> int:
    """Return how long `size` bytes are when they are wrapped for `key`."""
    return ENCAPSULATED_BYTES[HYBRID_BYTES if isinstance(key, HybridKey) else CLASSICAL_BYTES] + size + TAG_BYTES


@lru_cache(maxsize=KEYS_KEPT)
def _hybrid(public: bytes) -> MLKEM768X25519PublicKey:
    lattice = MLKEM768PublicKey.from_public_bytes(public[:LATTICE_BYTES])
    return MLKEM768X25519PublicKey(lattice, X25519PublicKey.from_public_bytes(public[LATTICE_BYTES:]))
