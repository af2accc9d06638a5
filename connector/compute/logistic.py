"""A logistic model by Newton's steps, from the sums of each step alone.

    weights + (bends + ridge)⁻¹ · (slopes - ridge · weights)        of numbers from -1 to 1, a 1 before them

Law: the ridge is as large as the noise of a sum, so that a step has one solution, and what noise alone says is drawn
to nothing; a step is no longer than `STEP_MAX`, so that a label which the numbers tell exactly has weights, too.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from connector.compute.lesson import BENDS, PARTS, WEIGHT_MAX, terms_of
from connector.compute.regression import solved

if TYPE_CHECKING:
    from collections.abc import Sequence

STEP_MAX: Final = 4.0


def begun(numbers: int) -> tuple[float, ...]:
    """Return the weights that a model of so many numbers begins with, which say nothing."""
    return (0.0,) * (numbers + 1)


def subjects(sums: Sequence[int], weights: Sequence[float]) -> float:
    """Return how many subjects the sums of the first step are of: each bends a model that says nothing alike."""
    assert not any(weights), "it is the first step"
    return _of_halves(sums[terms_of(len(weights)).index((0, 0))] / PARTS)


def margin(off: float) -> float:
    """Return how far off their number is at most, 95 times of 100, where `off` is the scale of a sum's noise."""
    return _of_halves(off) * math.log(20)


def _of_halves(bend: float) -> float:
    """Return how many subjects bend a model that says nothing so much: each a half times a half, as it is told."""
    return bend / BENDS * 4


def ones(sums: Sequence[int], of: float) -> float:
    """Return how many of them have label 1, by the sums of the first step."""
    return sums[0] / PARTS + of / 2


def stepped(weights: Sequence[float], sums: Sequence[int], off: float) -> tuple[float, ...]:
    """Return the weights after a step; `off` is the scale of a sum's noise, in subjects. Raises InvalidInput."""
    size, terms = len(weights), terms_of(len(weights))
    told = {term: one / PARTS for term, one in zip(terms, sums, strict=True)}
    ridge = max(off / BENDS, 1e-6)
    matrix = [[told[min(a, b), max(a, b)] / BENDS + ridge * (a == b) for b in range(size)] for a in range(size)]
    right = [told[(at,)] - ridge * weights[at] for at in range(size)]
    moved = solved(matrix, right)
    far = max(map(abs, moved))
    shorter = min(1.0, STEP_MAX / far) if far else 1.0
    return tuple(
        min(max(one + shorter * more, -WEIGHT_MAX), WEIGHT_MAX) for one, more in zip(weights, moved, strict=True)
    )


def unscaled(weights: Sequence[float], bounds: Sequence[tuple[float, float]]) -> tuple[float, tuple[float, ...]]:
    """Return intercept and weights of numbers as they are, of those from -1 to 1."""
    halves = [(most - least) / 2 for least, most in bounds]
    of = tuple(weight / half for weight, half in zip(weights[1:], halves, strict=True))
    middles = [(least + most) / 2 for least, most in bounds]
    return weights[0] - sum(one * middle for one, middle in zip(of, middles, strict=True)), of
