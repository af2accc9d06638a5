"""Marks of the subjects that a product covers, with the odds of a coin: what is told of one subject is never certain.

A mark is one bit of a row of bits, at the place that p·H(subject) hashes to. A subject is left out with the odds
`missed`, and a place is marked by others with the odds `found`; both are such that whoever sees the bits, and knows
everybody else, learns of one subject at most ε (decision 0190):

    P(marked | subject) ÷ P(marked | none)          = (1 - missed + missed·found) ÷ found  = e^ε
    P(not marked | none) ÷ P(not marked | subject)  = 1 ÷ missed                          = e^ε

Law: who is left out is drawn by a key that never leaves its provider, so the same question brings the same coin; to
ask again, under another name or by another buyer, says nothing more.
"""

from __future__ import annotations

import hmac
import math
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

# so many standard deviations to each side hold 95 of a hundred estimates
DEVIATIONS: Final = 1.96
_WIDE: Final = 1 << 64


@dataclass(frozen=True, slots=True)
class Odds:
    """With which a subject is left out, and another one is found."""

    missed: float
    found: float

    @property
    def marked(self) -> float:
        """With which a subject is marked."""
        return 1 - self.missed + self.missed * self.found


@dataclass(frozen=True, slots=True)
class Estimate:
    """Of all keys so many are subjects, and with 95 per cent no fewer than `low` and no more than `high`."""

    count: float
    low: float
    high: float


def odds(epsilon: float) -> Odds:
    """Return the odds that keep a privacy loss."""
    most = math.exp(epsilon)
    missed = 1 / most
    return Odds(missed, (1 - missed) / (most - missed))


def places(subjects: int, chances: Odds) -> int:
    """Return how many places there are for the marks of so many subjects: others mark one with the odds `found`."""
    return max(1, math.ceil(subjects * (1 - chances.missed) / -math.log1p(-chances.found)))


def kept(names: Iterable[str], key: bytes, chances: Odds) -> list[str]:
    """Return the subjects that are not left out."""
    most = int(chances.missed * _WIDE)
    return [name for name in names if int.from_bytes(hmac.digest(key, name.encode(), "sha256")[:8], "big") >= most]


def place(point: bytes, of: int) -> int:
    """Return where a point is marked."""
    return int.from_bytes(sha256(point).digest()[:8], "big") * of >> 64


def marked(points: Iterable[bytes], of: int) -> bytes:
    """Return the bits of so many places, those of the points set; the first place is the highest bit."""
    bits = bytearray(-(-of // 8))
    for point in points:
        at = place(point, of)
        bits[at >> 3] |= 0x80 >> (at & 7)
    return bytes(bits)


def count(points: Iterable[bytes], bits: bytes, of: int) -> int:
    """Return how many points are marked."""
    return sum(bits[at >> 3] >> (7 - (at & 7)) & 1 for at in (place(point, of) for point in points))


def estimate(found: int, asked: int, missed: float, bits: bytes, of: int) -> Estimate:
    """Return how many of `asked` keys are subjects, of which so many were found marked.

    How many a place finds by chance is what is marked of all places.
    """
    by_chance = sum(one.bit_count() for one in bits) / of
    of_subjects = Odds(missed, by_chance).marked
    apart = of_subjects - by_chance
    likely = (found - by_chance * asked) / apart
    inside = min(max(likely, 0.0), float(asked))
    spread = inside * of_subjects * (1 - of_subjects) + (asked - inside) * by_chance * (1 - by_chance)
    wide = DEVIATIONS * math.sqrt(max(spread, 1.0)) / apart
    return Estimate(inside, max(likely - wide, 0.0), min(max(likely + wide, 0.0), float(asked)))
