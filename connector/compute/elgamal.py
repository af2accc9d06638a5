"""Bits that are added up unread: ElGamal in the exponent over secp256k1, by libsecp256k1.

    sealed(x, r, bit)   A = r·G, B = r·P + bit·G      P = x·G; only who has x reads the bit
    weighted(…)         Σ w·A, Σ w·B                  the same of Σ w·bit, by who has no x
    Opened(x).total     what was added up, searched within limits (baby steps, giant steps)

It is the scheme of Cramer, Gennaro and Schoenmakers (1997), as elections use it: who cannot tell Diffie-Hellman triples
from others learns nothing of a bit. Multiplication and addition are the library's; nothing here is new.

Law: each `r` is used once. What is added up is blinded by a fresh one before it goes back, for who sealed the bits
knows theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coincurve import PublicKey

from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
POINT_BYTES: Final = 33
SEALED_BYTES: Final = 2 * POINT_BYTES
# so many bits of a weight are added up at once; a search takes so many small steps for a large one
WINDOW_BITS: Final = 10
SMALL_STEPS: Final = 1 << 14

Sealed = tuple[PublicKey, PublicKey]


def scalar(wide: bytes) -> int:
    """Return uniform bytes, 16 more than a scalar has, as a scalar that is not nothing."""
    return int.from_bytes(wide, "big") % (ORDER - 1) + 1


def times(number: int) -> PublicKey:
    """Return number·G; a number that is nothing has no point, and raises ValueError."""
    return PublicKey.from_secret((number % ORDER).to_bytes(32, "big"))


def sealed(secret: int, once: int, bit: int) -> bytes:
    """Return a bit as it is sent, sealed by who has the secret."""
    return times(once).format() + times(once * secret + bit).format()


def points(sent: bytes) -> list[PublicKey]:
    """Return points that were sent one after the other; raises InvalidInput for what is none."""
    if len(sent) % POINT_BYTES:
        raise InvalidInput(f"sealed bits are points of {POINT_BYTES} bytes")
    try:
        return [PublicKey(sent[at : at + POINT_BYTES]) for at in range(0, len(sent), POINT_BYTES)]
    except ValueError as fault:
        raise InvalidInput("a sealed bit is no point of secp256k1") from fault


def added(of: Iterable[PublicKey | None]) -> PublicKey | None:
    """Return the sum of points, None where it is nothing."""
    there = [one for one in of if one is not None]
    if len(there) < 2:
        return there[0] if there else None
    try:
        return PublicKey.combine_keys(there)
    except ValueError:  # they take each other away
        return None


def less(one: PublicKey | None) -> PublicKey | None:
    """Return the point that takes another one away."""
    if one is None:
        return None
    told = one.format()
    return PublicKey(bytes([told[0] ^ 1]) + told[1:])


def weighted(of: Sequence[PublicKey], weights: Sequence[int]) -> PublicKey | None:
    """Return Σ weight·point, None where it is nothing: points of like digits are added first (Pippenger)."""
    signed = [(point, weight) for point, weight in zip(of, weights, strict=True) if weight]
    above = _weighted([one for one in signed if one[1] > 0])
    below = _weighted([(point, -weight) for point, weight in signed if weight < 0])
    return added((above, less(below)))


def _weighted(of: Sequence[tuple[PublicKey, int]]) -> PublicKey | None:
    bits = max((weight.bit_length() for _, weight in of), default=0)
    found: PublicKey | None = None
    for low in reversed(range(0, bits, WINDOW_BITS)):
        if found is not None:
            found = found.multiply((1 << WINDOW_BITS).to_bytes(32, "big"))
        buckets: dict[int, list[PublicKey]] = {}
        for point, weight in of:
            buckets.setdefault(weight >> low & (1 << WINDOW_BITS) - 1, []).append(point)
        found = added((found, _window(buckets)))
    return found


def _window(buckets: dict[int, list[PublicKey]]) -> PublicKey | None:
    """Return Σ digit·(points of the digit): each sum is added once for every digit down to 1."""
    running: PublicKey | None = None
    total: PublicKey | None = None
    for digit in range(max(buckets), 0, -1):
        if digit in buckets:
            running = added((running, *buckets[digit]))
        total = added((total, running))
    return total


class Opened:
    """What reads totals: the secret, and a table of small steps."""

    def __init__(self, secret: int) -> None:
        self._secret = secret
        self._small: dict[bytes, tuple[int, int]] = {}
        at = one = times(1)
        for step in range(1, SMALL_STEPS + 1):
            told = at.format()
            self._small[told[1:]] = step, told[0]
            at = PublicKey.combine_keys([at, one])

    def total(self, first: PublicKey, second: PublicKey, most: int) -> int:
        """Return what was added up, between -most and most; raises InvalidInput where it is none."""
        bare = added((second, first.multiply(((ORDER - self._secret) % ORDER).to_bytes(32, "big"))))
        large = 2 * SMALL_STEPS + 1
        ahead, back = times(large), times(-large)
        up = down = bare
        for step in range(most // large + 2):
            for point, far in ((up, step * large), (down, -step * large)):
                found = self._near(point)
                if found is not None and abs(far + found) <= most:
                    return far + found
            up, down = _moved(bare, up, back, -(step + 1) * large), _moved(bare, down, ahead, (step + 1) * large)
        raise InvalidInput("a total is none: it is greater than all that was sealed")

    def _near(self, point: PublicKey | None) -> int | None:
        """Return the number of a point where it is a small one."""
        if point is None:
            return 0
        told = point.format()
        step, sign = self._small.get(told[1:], (None, 0))
        return step if step is None or sign == told[0] else -step


def _moved(bare: PublicKey | None, at: PublicKey | None, by: PublicKey, whole: int) -> PublicKey | None:
    """Return the next point of a search; from nothing it goes on from where it began."""
    return added((at, by)) if at is not None else added((bare, times(whole)))
