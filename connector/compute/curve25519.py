"""Blinded keys as u-coordinates of Curve25519, which are multiplied in a third of the time of a point of edwards25519.

    the point         of `connector.compute.blinding`, the same subgroup of prime order, by u = (1 + y) ÷ (1 - y)
    the scalar        clamped (RFC 7748, 5): a multiple of 8 from 2^254 on, and so is what takes it away again

A point of edwards25519 is looked at each time whether it lies in that subgroup, which is half of what multiplying it
costs. Here a scalar is a multiple of the cofactor, so whatever is sent ends in a subgroup of prime order, of the curve
or of its twist, or at zero, which is refused: RFC 7748 needs no look at a point, and libsodium multiplies in constant
time.

Law: a scalar is drawn until one that takes it away can be clamped as well, two draws on the average; else the ladder,
which sets the bits of the clamp itself, would multiply by another one.
"""

from __future__ import annotations

from hashlib import sha512
from itertools import accumulate, islice
from typing import TYPE_CHECKING, Final

from connector.compute import blinding
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PRIME: Final = 2**255 - 19
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493
_LEAST: Final = 2**254
_BEYOND: Final = 2**255
_COFACTOR: Final = 8
_TAG: Final = b"penstock/coverage/ladder/v1\0"
# points of which the denominators are inverted together: one inversion costs as much as sixty products
_TOGETHER: Final = 512


def scalar(wide: bytes) -> bytes:
    """Return 64 uniform bytes as a scalar that can be taken away again."""
    for draw in range(256):
        drawn = int.from_bytes(sha512(_TAG + bytes([draw]) + wide).digest()[:32], "little")
        clamped = drawn % _LEAST // _COFACTOR * _COFACTOR + _LEAST
        if _away(clamped) is not None:
            return clamped.to_bytes(32, "little")
    raise AssertionError("of 256 scalars one can be taken away, but for odds of 2^-256")


def blinded(key: bytes, names: Iterable[str]) -> list[bytes]:
    """Return key·H(name) of each name, in order."""
    from nacl.bindings import crypto_scalarmult  # noqa: PLC0415  # of the extra `query`

    return [crypto_scalarmult(key, point) for point in _flat(blinding.hashed(names))]


def again(key: bytes, points: Iterable[bytes]) -> list[bytes]:
    """Return key·P of each point; raises InvalidInput for one that is none."""
    from nacl.bindings import crypto_scalarmult  # noqa: PLC0415  # as above
    from nacl.exceptions import RuntimeError as Fault  # noqa: PLC0415  # as above

    found = []
    for point in points:
        if int.from_bytes(point, "little") >= _PRIME:
            raise InvalidInput("a blinded key is no point of Curve25519, or not in its shortest form")
        try:
            found.append(crypto_scalarmult(key, point))
        except Fault as fault:
            raise InvalidInput("a blinded key is no point of Curve25519 but of small order") from fault
    return found


def inverse(key: bytes) -> bytes:
    """Return what takes a scalar away again."""
    away = _away(int.from_bytes(key, "little"))
    assert away is not None, "it was drawn so"
    return away.to_bytes(32, "little")


def _away(key: int) -> int | None:
    """Return the clamped scalar that takes this one away on the subgroup, None where it cannot be clamped."""
    inverted = pow(key, -1, _ORDER)
    # of the eight that are the same on the subgroup one is a multiple of the cofactor
    turns = -inverted * pow(_ORDER, -1, _COFACTOR) % _COFACTOR
    away = inverted + turns * _ORDER
    return away if _LEAST <= away < _BEYOND else None


def _flat(points: Iterable[bytes]) -> Iterator[bytes]:
    """Return the u-coordinates of points of edwards25519."""
    rest = iter(points)
    while some := [int.from_bytes(point, "little") % _BEYOND for point in islice(rest, _TOGETHER)]:
        for y, inverted in zip(some, _inverted([1 - y for y in some]), strict=True):
            yield ((1 + y) * inverted % _PRIME).to_bytes(32, "little")


def _inverted(numbers: Sequence[int]) -> list[int]:
    """Return what each number is inverted to: of all products one is inverted, and taken apart from the end."""
    products = list(accumulate(numbers, lambda one, two: one * two % _PRIME, initial=1))
    left, found = pow(products.pop(), -1, _PRIME), []
    for number, before in zip(reversed(numbers), reversed(products), strict=True):
        found.append(left * before % _PRIME)
        left = left * number % _PRIME
    return found[::-1]
