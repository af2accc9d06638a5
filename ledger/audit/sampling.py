"""Samples of what another judged: how many are drawn, which, and how surely they show that it misjudged.

Law: samples are drawn after the part that they are drawn from was signed, by a seed that its signer could not know. Of
`matters` of which a part `misjudged` is wrong, `count` samples all miss it with probability C(right, count) ÷
C(matters, count); for many matters that is (1 - misjudged) to the power of `count`.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, prod
from typing import TYPE_CHECKING

from contracts.labels import H

if TYPE_CHECKING:
    from collections.abc import Collection

LABEL = "audit-sample"
# with so many a share of which one in a hundred is misjudged is found out in 99 of 100 audits: ln 0.01 ÷ ln 0.99
SAMPLES = 459
MISJUDGED = Fraction(1, 100)


def draw(matters: Collection[str], seed: bytes, count: int) -> frozenset[str]:
    """Return so many of these matters, or all if there are no more."""
    return frozenset(sorted(matters, key=lambda name: H(LABEL, seed, name.encode()))[:count])


def caught(matters: int, count: int, misjudged: Fraction = MISJUDGED) -> float:
    """Return how probably `count` samples of so many matters meet one that is wrong, if such a part of them is."""
    wrong = ceil(misjudged * matters)
    if count > matters - wrong:
        return 1.0 if wrong else 0.0
    return 1 - prod((matters - wrong - at) / (matters - at) for at in range(count))
