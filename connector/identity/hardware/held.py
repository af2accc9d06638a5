"""Keys in a module as their users know keys: a P-256 and an Ed25519 key of `cryptography`, an account.

Law: each signs as a key of a file does, and shows its public part. What would need the secret raises SettingsError.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, NoReturn, Self

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from connector.identity import jwk
from connector.runtime.errors import SettingsError
from contracts import signature

if TYPE_CHECKING:
    from connector.identity.hardware.module import Module


@dataclass(frozen=True, slots=True)
class Held:
    """Which key of a module: its purpose, id and public part."""

    module: Module = field(repr=False)
    purpose: str
    id: bytes
    public: bytes

    def sign(self, told: bytes) -> bytes:
        """Return a signature; see `Module.sign`."""
        return self.module.sign(self.purpose, self.id, self.public, told)


class _Kept:
    """What no key in a module does: show its secret, or become another object."""

    held: Held

    def private_bytes(self, *_how: Any, **_more: Any) -> bytes:
        """Refuse: the secret stays in the module."""
        _stays(self.held)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[Any, Any]) -> Self:
        return self


class HeldP256(_Kept, ec.EllipticCurvePrivateKey):
    """A P-256 key of a module; it signs by ES256."""

    key_size: int = 256

    def __init__(self, held: Held) -> None:
        self.held = held
        self._public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), held.public)

    @property
    def curve(self) -> ec.EllipticCurve:
        """The curve."""
        return self._public.curve

    def sign(self, data: Any, signature_algorithm: ec.EllipticCurveSignatureAlgorithm) -> bytes:
        """Return the signature (DER) over the SHA-256 of `data`."""
        assert isinstance(signature_algorithm.algorithm, SHA256)
        return jwk.der(self.held.sign(sha256(data).digest()))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        """Return the public key."""
        return self._public

    def exchange(self, *_with: Any) -> bytes:
        """Refuse: this key signs and does nothing else."""
        _stays(self.held)

    def private_numbers(self) -> ec.EllipticCurvePrivateNumbers:
        """Refuse: the secret stays in the module."""
        _stays(self.held)


class HeldEd25519(_Kept, Ed25519PrivateKey):
    """An Ed25519 key of a module."""

    def __init__(self, held: Held) -> None:
        self.held = held

    def sign(self, data: Any) -> bytes:
        """Return the signature (64 bytes)."""
        return self.held.sign(bytes(data))

    def public_key(self) -> Ed25519PublicKey:
        """Return the public key."""
        return Ed25519PublicKey.from_public_bytes(self.held.public)

    def private_bytes_raw(self) -> bytes:
        """Refuse: the secret stays in the module."""
        _stays(self.held)


class HeldAccount(signature.Account):
    """An account whose secret is in a module."""

    def __init__(self, held: Held) -> None:
        self.held, self.public, self.address = held, held.public, signature.address_of(held.public)

    def sign(self, digest: bytes) -> bytes:
        """Return the 65-byte signature of a 32-byte digest."""
        return self.held.sign(digest)


def _stays(held: Held) -> NoReturn:
    raise SettingsError(f"the secret of `{held.purpose}` lies in a module and does not leave it", "it signs there")
