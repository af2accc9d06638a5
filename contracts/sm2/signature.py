"""Verifying SM2 signatures with SM3 (GB/T 32918.2): r(32) || s(32) over a message of any length.

    Z = SM3(bits of id || id || a || b || G || public)    e = SM3(Z || message)
    r, s in 1 … n-1, r + s ≠ 0 mod n, and r = e + x(s·G + (r+s)·public) mod n

Law: (1) a signature is over a message, never over a digest of another kind: who takes part of it in SHA-256 has another
signature. (2) Whatever is malformed is nobody's: bytes of another length, numbers out of range, a key that is no point.
(3) Nothing here is secret, so it needs no library beyond SM3, and anybody who audits can verify.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SM3, Hash

from contracts.sm2 import curve
from contracts.sm2.curve import COORDINATE_BYTES, A, B, G, N

SIGNATURE_BYTES: Final = 64
DER_BYTES_MAX: Final = 72
# who signs, where nobody has agreed on another name (GM/T 0009)
USER_ID: Final = b"1234567812345678"
USER_ID_BYTES_MAX: Final = 8191  # its length in bits has two bytes
KEYS_KEPT: Final = 64


def is_by(public: bytes, message: bytes, signature: bytes, user_id: bytes = USER_ID) -> bool:
    """Say whether the key (64 bytes, x and y) made this signature (64 bytes); malformed ones count as nobody's."""
    point = curve.point(public)
    if point is None or len(signature) != SIGNATURE_BYTES or len(user_id) > USER_ID_BYTES_MAX:
        return False
    r, s = (int.from_bytes(signature[at : at + COORDINATE_BYTES], "big") for at in (0, COORDINATE_BYTES))
    t = (r + s) % N
    if not (0 < r < N and 0 < s < N and t):
        return False
    x = curve.abscissa(s, t, point)
    return x is not None and (int.from_bytes(digest(public, message, user_id), "big") + x) % N == r


def of_der(encoded: bytes) -> bytes:
    """Return r and s (64 bytes) of a signature in DER, as libraries write it (GB/T 35276); raises ValueError."""
    numbers = decode_dss_signature(encoded)
    if not all(0 <= one < 1 << 8 * COORDINATE_BYTES for one in numbers):
        raise ValueError("a number of the signature has another size")
    return b"".join(one.to_bytes(COORDINATE_BYTES, "big") for one in numbers)


def digest(public: bytes, message: bytes, user_id: bytes = USER_ID) -> bytes:
    """Return the 32 bytes that a signature of the message by a key is made of: e."""
    return sm3(_identified(public, user_id), message)


def sm3(*parts: bytes) -> bytes:
    """Return the SM3 digest (GB/T 32905, 32 bytes) of parts one after the other."""
    hashing = Hash(SM3())
    for one in parts:
        hashing.update(one)
    return hashing.finalize()


@lru_cache(maxsize=KEYS_KEPT)
def _identified(public: bytes, user_id: bytes) -> bytes:
    """Return Z, which binds a signature to its key and to who signs."""
    fixed = b"".join(one.to_bytes(COORDINATE_BYTES, "big") for one in (A, B, *G))
    return sm3((8 * len(user_id)).to_bytes(2, "big"), user_id, fixed, public)
