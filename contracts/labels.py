"""The two labelled derivations of the specification's preamble: a hash `H` and a key expansion `X`.

Every use has its own label, so no digest or key made for one purpose can be read as one made for another.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache

SHA256_BYTES = 32
MAX_EXPAND_BYTES = 255 * SHA256_BYTES


@cache
def _tag(label: str) -> bytes:
    return b"penstock/" + label.encode("ascii") + b"/v1\0"


def H(label: str, *parts: bytes) -> bytes:  # noqa: N802 - the specification's own name
    """Return SHA-256 (32 bytes) of the label and the joined parts."""
    return hashlib.sha256(_tag(label) + b"".join(parts)).digest()


def hasher(label: str, *parts: bytes) -> hashlib._Hash:
    """Return `H` of the label and the joined parts unfinished, to be copied and given more parts."""
    return hashlib.sha256(_tag(label) + b"".join(parts))


def X(key: bytes, label: str, info: bytes, n: int) -> bytes:  # noqa: N802 - the specification's own name
    """Return `n` bytes of HKDF-Expand (RFC 5869, SHA-256) of `key` under the labelled `info`."""
    if not 0 < n <= MAX_EXPAND_BYTES:
        raise ValueError(f"cannot expand to `{n}` bytes; ask for 1 to {MAX_EXPAND_BYTES}")
    context = _tag(label) + info
    if n <= SHA256_BYTES:
        return _hmac(key, context + b"\x01")[:n]
    block, out, counter = b"", b"", 0
    while len(out) < n:
        counter += 1
        block = _hmac(key, block + context + bytes((counter,)))
        out += block
    return out[:n]


def _hmac(key: bytes, message: bytes) -> bytes:
    """Return HMAC-SHA-256; `hmac.digest` would let other threads in, and wait for them, around a microsecond's work."""
    return hmac.new(key, message, "sha256").digest()
