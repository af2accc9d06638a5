"""The curve of SM2 (GB/T 32918.5) and its points, as far as public values go: nothing here takes constant time.

Law: what is computed here was published before: keys, signatures, digests. A secret is a matter of
`contracts.sm2.secret` alone.
"""

from __future__ import annotations

from typing import Final

COORDINATE_BYTES: Final = 32
POINT_BYTES: Final = 2 * COORDINATE_BYTES
P: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A: Final = P - 3
B: Final = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N: Final = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G: Final = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
# x and y of a point; x, y and z of one in Jacobian coordinates, where z = 0 is infinity
Point = tuple[int, int]
Jacobian = tuple[int, int, int]
INFINITY: Final[Jacobian] = (1, 1, 0)


def point(raw: bytes) -> Point | None:
    """Return the point of 64 bytes (x, y), None for bytes that are no point of the curve; its cofactor is 1."""
    if len(raw) != POINT_BYTES:
        return None
    x, y = (int.from_bytes(raw[at : at + COORDINATE_BYTES], "big") for at in (0, COORDINATE_BYTES))
    if x >= P or y >= P or (y * y - (x * x + A) * x - B) % P:
        return None
    return x, y


def abscissa(s: int, t: int, public: Point) -> int | None:
    """Return x of s·G + t·public, None for infinity; one chain of doublings serves both."""
    base, key = (*G, 1), (*public, 1)
    steps = {1: base, 2: key, 3: _add(base, key)}
    found = INFINITY
    for bit in range(max(s.bit_length(), t.bit_length()) - 1, -1, -1):
        found = _double(found)
        if step := (s >> bit & 1) + 2 * (t >> bit & 1):
            found = _add(found, steps[step])
    x, _, z = found
    return x * pow(z * z, -1, P) % P if z else None


def _double(one: Jacobian) -> Jacobian:
    x, y, z = one
    if not z or not y:
        return INFINITY
    square = y * y % P
    beta, delta = 4 * x * square % P, z * z % P
    slope = 3 * (x - delta) * (x + delta) % P  # a = -3
    third = (slope * slope - 2 * beta) % P
    return third, (slope * (beta - third) - 8 * square * square) % P, 2 * y * z % P


def _add(one: Jacobian, other: Jacobian) -> Jacobian:
    (x, y, z), (u, v, w) = one, other
    if not z or not w:
        return other if not z else one
    zz, ww = z * z % P, w * w % P
    x, u, y, v = x * ww % P, u * zz % P, y * ww * w % P, v * zz * z % P
    across, up = (u - x) % P, (v - y) % P
    if not across:
        return INFINITY if up else _double(one)
    square = across * across % P
    cube, beta = square * across % P, x * square % P
    third = (up * up - cube - 2 * beta) % P
    return third, (up * (beta - third) - y * cube) % P, z * w * across % P
