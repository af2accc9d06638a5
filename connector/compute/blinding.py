"""Keys that are compared and not shown: Diffie-Hellman over the points that they are hashed to.

    buyer       b·H(x) for each x of its list     the provider sees points, and not whose
    provider    p·b·H(x), in another order        the buyer takes b away, and has p·H(x) of somebody of its list
    both        p·H(y) of each subject            is what marks are made of (`connector.compute.marks`)

H adds two points, each mapped (Elligator 2) from half of a SHA-512, so it is a random oracle into the subgroup of prime
order of edwards25519 (RFC 9380, 3 and 6.7.2). libsodium multiplies in constant time, and refuses a point outside it.

Law: (1) what is sent is in the order of its bytes, so nobody reads from its place whose it is. (2) A scalar is used for
one edition and one question, or for one list: the same key under two scalars is two points that nobody can connect.
"""

from __future__ import annotations

from hashlib import sha512
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

POINT_BYTES: Final = 32
WIDE_BYTES: Final = 64
_TAG: Final = b"penstock/coverage/v1\0"


def scalar(wide: bytes) -> bytes:
    """Return 64 uniform bytes as a scalar."""
    from nacl.bindings import crypto_core_ed25519_scalar_reduce  # noqa: PLC0415  # of the extra `query`

    return crypto_core_ed25519_scalar_reduce(wide)


def blinded(key: bytes, names: Iterable[str]) -> list[bytes]:
    """Return key·H(name) of each name, in order."""
    from nacl.bindings import crypto_scalarmult_ed25519_noclamp  # noqa: PLC0415  # as above

    return [crypto_scalarmult_ed25519_noclamp(key, point) for point in hashed(names)]


def hashed(names: Iterable[str]) -> Iterator[bytes]:
    """Return H(name) of each name, in order."""
    from nacl.bindings import crypto_core_ed25519_add, crypto_core_ed25519_from_uniform  # noqa: PLC0415  # as above

    for name in names:
        wide = sha512(_TAG + name.encode()).digest()
        yield crypto_core_ed25519_add(*map(crypto_core_ed25519_from_uniform, (wide[:32], wide[32:])))


def again(key: bytes, points: Iterable[bytes]) -> list[bytes]:
    """Return key·P of each point; raises InvalidInput for one that is none."""
    from nacl.bindings import crypto_scalarmult_ed25519_noclamp  # noqa: PLC0415  # as above
    from nacl.exceptions import RuntimeError as Fault  # noqa: PLC0415  # as above

    try:
        return [crypto_scalarmult_ed25519_noclamp(key, point) for point in points]
    except Fault as fault:
        raise InvalidInput("a blinded key is no point of edwards25519 of prime order") from fault


def inverse(key: bytes) -> bytes:
    """Return what takes a scalar away again."""
    from nacl.bindings import crypto_core_ed25519_scalar_invert  # noqa: PLC0415  # as above

    return crypto_core_ed25519_scalar_invert(key)


def joined(points: Iterable[bytes]) -> bytes:
    """Return points as they are sent: one after the other, in the order of their bytes."""
    return b"".join(sorted(points))


def apart(sent: bytes) -> list[bytes]:
    """Return the points that were sent; raises InvalidInput for another length, another order, or one twice."""
    if not sent or len(sent) % POINT_BYTES:
        raise InvalidInput(f"blinded keys are {POINT_BYTES} bytes each")
    points = [sent[at : at + POINT_BYTES] for at in range(0, len(sent), POINT_BYTES)]
    if any(one >= two for one, two in pairwise(points)):
        raise InvalidInput("blinded keys are in the order of their bytes, each once")
    return points
