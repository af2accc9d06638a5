"""The curves of keys that a module signs with: how each is named there, and how its signature is verified here.

Law: a signature leaves only if it verifies under the public key that the key's file names: neither another key of the
module nor a fault in it speaks for us.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from connector.identity import jwk
from contracts import signature

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

POINT_BYTES: Final = 65
EDWARDS_BYTES: Final = 32
OCTET_STRING: Final = 0x04
_PREHASHED: Final = ec.ECDSA(utils.Prehashed(SHA256()))


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve: its parameters (DER), names of PKCS#11 for kind, drawing and signing, and the size of a public key."""

    parameters: bytes
    kind: str
    drawing: str
    signing: str
    public_bytes: int
    fits: Callable[[bytes, bytes, bytes], bool]

    def public(self, point: bytes) -> bytes | None:
        """Return the public key of a CKA_EC_POINT, which some modules wrap in an OCTET STRING; None if it is none."""
        if len(point) == self.public_bytes + 2 and point[0] == OCTET_STRING and point[1] == self.public_bytes:
            point = point[2:]
        return point if len(point) == self.public_bytes else None


def _is_p256(public: bytes, digest: bytes, signed: bytes) -> bool:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), public)
    try:
        key.verify(jwk.der(signed), digest, _PREHASHED)
    except InvalidSignature:
        return False
    return True


def _is_account(public: bytes, digest: bytes, signed: bytes) -> bool:
    return signature.is_by(signature.address_of(public), digest, signed)


def _is_edwards(public: bytes, message: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signed, message)
    except InvalidSignature:
        return False
    return True


_P256: Final = Curve(bytes.fromhex("06082a8648ce3d030107"), "EC", "EC_KEY_PAIR_GEN", "ECDSA", POINT_BYTES, _is_p256)
# purpose → its curve; Ed25519 has a name (a PrintableString) where the others have an object identifier
CURVES: Final[Mapping[str, Curve]] = {
    "token": _P256,
    "credential": _P256,
    "agreement": Curve(bytes.fromhex("06052b8104000a"), "EC", "EC_KEY_PAIR_GEN", "ECDSA", POINT_BYTES, _is_account),
    "log": Curve(
        b"\x13\x0cedwards25519",
        "EC_EDWARDS",
        "EC_EDWARDS_KEY_PAIR_GEN",
        "EDDSA",
        EDWARDS_BYTES,
        _is_edwards,
    ),
}
