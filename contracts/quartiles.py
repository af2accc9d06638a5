"""Quartiles of exact numbers: one rule, by which an exchange publishes prices and an audit works them out again.

Law: values are sorted and ranked from 0; the one at a share of the last rank is taken, between two ranks the straight
line is followed, and nothing is rounded. So the figures of the same values are the same fractions everywhere.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

QUARTERS = (Fraction(1, 4), Fraction(1, 2), Fraction(3, 4))


def quartiles(values: Iterable[Fraction]) -> tuple[Fraction, ...]:
    """Return the lower quartile, the median and the upper quartile; ValueError of nothing."""
    ranked = sorted(values)
    if not ranked:
        raise ValueError("nothing has no quartiles")
    return tuple(_at(ranked, share * (len(ranked) - 1)) for share in QUARTERS)


def _at(ranked: Sequence[Fraction], rank: Fraction) -> Fraction:
    below = rank.numerator // rank.denominator
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (rank - below)
