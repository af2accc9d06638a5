"""Public keys as JSON Web Keys (RFC 7517, 7518 6.2, 8037; `AKP` of RFC 9964): curves and lattices, a table each.

Law: a key has its exact length in unpadded base64url and lies on its curve; a private member (`d`, `priv`) or an
unknown curve or algorithm is refused.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import ec, utils

from connector.runtime.errors import VerificationFailed
from contracts.keccak import keccak
from contracts.sm2 import curve as sm2

if TYPE_CHECKING:
    from collections.abc import Mapping

COORDINATE_BYTES = 32
# crv → (kty, members)
CURVES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "P-256": ("EC", ("x", "y")),
    "secp256k1": ("EC", ("x", "y")),
    "Ed25519": ("OKP", ("x",)),
    "X25519": ("OKP", ("x",)),
    "SM2": ("EC", ("x", "y")),  # in no register of JOSE
}
_POINTS: Mapping[str, ec.EllipticCurve] = {"P-256": ec.SECP256R1(), "secp256k1": ec.SECP256K1()}
# alg of an `AKP` key → bytes of its one member, `pub`
ALGORITHMS: Mapping[str, int] = {"ML-DSA-44": 1312, "MLKEM768-X25519": 1216}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")


def encode(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def decode(text: Any) -> bytes:
    """Return the bytes of canonical unpadded base64url; raises ValueError for any other text."""
    if not isinstance(text, str) or not _BASE64URL.fullmatch(text):
        raise ValueError("not base64url")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encode(data) != text:
        raise ValueError("not canonical base64url")
    return data


def der(signed: bytes) -> bytes:
    """Return a signature `r || s`, as JWS has it (RFC 7518 3.4), as DER, in which `cryptography` has it."""
    half = len(signed) // 2
    return utils.encode_dss_signature(int.from_bytes(signed[:half], "big"), int.from_bytes(signed[half:], "big"))


def of_point(key: ec.EllipticCurvePublicKey, curve: str) -> dict[str, str]:
    """Return the key of a point on P-256 or secp256k1."""
    numbers = key.public_numbers()
    coordinates = {"x": numbers.x, "y": numbers.y}
    encoded = {name: encode(value.to_bytes(COORDINATE_BYTES, "big")) for name, value in coordinates.items()}
    return {"kty": "EC", "crv": curve, **encoded}


def of_bytes(public: bytes, curve: str) -> dict[str, str]:
    """Return the key of 32 raw bytes on Ed25519 or X25519."""
    assert len(public) == COORDINATE_BYTES
    return {"kty": "OKP", "crv": curve, "x": encode(public)}


def of_sm2(public: bytes) -> dict[str, str]:
    """Return the key of a point of SM2 (64 bytes, x and y)."""
    assert len(public) == sm2.POINT_BYTES
    x, y = public[:COORDINATE_BYTES], public[COORDINATE_BYTES:]
    return {"kty": "EC", "crv": "SM2", "x": encode(x), "y": encode(y)}


def read_sm2(key: Any) -> bytes:
    """Return the point of a JWK on SM2 (64 bytes); raises `VerificationFailed` if it is not on the curve."""
    public = b"".join(read(key, "SM2"))
    if sm2.point(public) is None:
        raise VerificationFailed("a SM2 key is not a point of the curve")
    return public


def of_algorithm(public: bytes, algorithm: str) -> dict[str, str]:
    """Return the key of an algorithm that has no curves."""
    assert len(public) == ALGORITHMS[algorithm]
    return {"kty": "AKP", "alg": algorithm, "pub": encode(public)}


def read_algorithm(key: Any, algorithm: str) -> bytes:
    """Return the bytes of an `AKP` key for `algorithm`; raises `VerificationFailed`."""
    if not isinstance(key, dict) or key.get("alg") != algorithm or key.get("kty") != "AKP" or "priv" in key:
        raise VerificationFailed(f"a public key is no JWK for {algorithm}")
    try:
        public = decode(key.get("pub"))
    except ValueError as error:
        raise VerificationFailed(f"the bytes of a key for {algorithm} are {error}") from error
    if len(public) != ALGORITHMS[algorithm]:
        raise VerificationFailed(f"a key for {algorithm} has not {ALGORITHMS[algorithm]} bytes")
    return public


def read(key: Any, curve: str) -> tuple[bytes, ...]:
    """Return the coordinates of a JWK on `curve`; raises `VerificationFailed`."""
    kind, members = CURVES[curve]
    if not isinstance(key, dict) or key.get("crv") != curve or key.get("kty") != kind or "d" in key:
        raise VerificationFailed(f"a public key is not a JWK on {curve}")
    try:
        coordinates = tuple(decode(key.get(member)) for member in members)
    except ValueError as error:
        raise VerificationFailed(f"a coordinate of a {curve} key is {error}") from error
    if any(len(coordinate) != COORDINATE_BYTES for coordinate in coordinates):
        raise VerificationFailed(f"a coordinate of a {curve} key has not {COORDINATE_BYTES} bytes")
    return coordinates


def read_point(key: Any, curve: str) -> ec.EllipticCurvePublicKey:
    """Return the point of a JWK on P-256 or secp256k1; raises `VerificationFailed` if it is not on the curve."""
    x, y = (int.from_bytes(coordinate, "big") for coordinate in read(key, curve))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, _POINTS[curve]).public_key()
    except ValueError as error:
        raise VerificationFailed(f"a {curve} key is not a point of the curve") from error


def address_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return the 20-byte chain address of a secp256k1 point."""
    numbers = key.public_numbers()
    point = numbers.x.to_bytes(COORDINATE_BYTES, "big") + numbers.y.to_bytes(COORDINATE_BYTES, "big")
    return keccak(point)[-20:]
