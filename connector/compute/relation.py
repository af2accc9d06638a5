"""What two sketches say together: how many rows both have, and the line through columns of both.

Law: what is estimated is the sum, over all pairs of rows of one key, of a number of one side times a number of the
other: two lists of totals, multiplied bucket by bucket and added up. It is off by as much as the lists are long: the
product of their lengths over the square root of the buckets is a standard deviation, noise and other keys together.
"""

from __future__ import annotations

import base64
import math
import sys
from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute import regression
from connector.compute.sketch import PARTS, terms_of
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.sketch import Terms

# so many standard deviations have 95 of 100
DEVIATIONS: Final = 1.96


@dataclass(frozen=True, slots=True)
class Side:
    """What one side has of each bucket: its columns by name, with their bounds, and the totals of each term."""

    columns: tuple[str, ...]
    bounds: tuple[tuple[float, float], ...]
    totals: Sequence[Sequence[float]]

    @property
    def terms(self) -> Terms:
        """Return what it has totals of."""
        return terms_of(len(self.columns))


@dataclass(frozen=True, slots=True)
class Related:
    """How many rows both sides have, and the line through their columns, in the columns' own units.

    `off` is how far `rows` is off, 95 times of 100; `explained` is which part of the label's variance the line has.
    """

    rows: int
    off: int
    intercept: float
    weights: Mapping[str, float]
    explained: float


def read(told: Mapping[str, Any], columns: int, buckets: int) -> list[list[float]]:
    """Return the totals of a sketch as it is told; raises ValueError for one that is none."""
    totals = array("i")
    totals.frombytes(base64.b64decode(told["totals"], validate=True))
    if sys.byteorder == "big":
        totals.byteswap()
    terms = len(terms_of(columns))
    if (told["buckets"], told["terms"], len(totals)) != (buckets, terms, buckets * terms):
        raise ValueError("it is a sketch of another size")
    return [[one / PARTS for one in totals[at * buckets : (at + 1) * buckets]] for at in range(terms)]


def related(one: Side, other: Side, label: str) -> Related:
    """Return what both say together; raises InvalidInput where that is no more than noise."""
    columns = [*one.columns, *other.columns]
    bounds = dict(zip(columns, [*one.bounds, *other.bounds], strict=True))
    features = [name for name in columns if name != label]
    order = [label, *features]
    told: dict[str, float] = {}
    off: dict[str, float] = {}
    names = {"n": (), **{f"s{at}": (name,) for at, name in enumerate(order)}}
    names |= {f"p{a}_{b}": (order[a], order[b]) for a in range(len(order)) for b in range(a, len(order))}
    for name, product in names.items():
        told[name], off[name] = _estimated(one, other, product)
    model = regression.fitted(told, off, label, features, dict.fromkeys(order, 1))
    half = {name: (most - least) / 2 for name, (least, most) in bounds.items()}
    middle = {name: (least + most) / 2 for name, (least, most) in bounds.items()}
    weights = {name: half[label] * weight / half[name] for name, weight in model.weights.items()}
    begins = middle[label] + half[label] * model.intercept
    intercept = begins - sum(weight * middle[name] for name, weight in weights.items())
    explained = _explained(told, model, features)
    return Related(model.rows, round(off["n"]), intercept, weights, explained)


def _estimated(one: Side, other: Side, product: Sequence[str]) -> tuple[float, float]:
    """Return the sum of a product of columns over the rows that both have, and how far it is off."""
    mine, theirs = _of(one, product), _of(other, product)
    total = math.fsum(a * b for a, b in zip(mine, theirs, strict=True))
    long = math.hypot(*mine) * math.hypot(*theirs)
    return total, DEVIATIONS * long / math.sqrt(len(mine))


def _of(side: Side, product: Sequence[str]) -> Sequence[float]:
    """Return the totals of those columns of a product that are of one side."""
    term = tuple(sorted(side.columns.index(name) for name in product if name in side.columns))
    return side.totals[side.terms.index(term)]


def _explained(told: Mapping[str, float], model: regression.Model, features: Sequence[str]) -> float:
    """Return which part of the label's variance the line has, from 0 to 1."""
    rows, places = told["n"], range(1, len(features) + 1)
    weights = [model.weights[name] for name in features]
    middle = told["s0"] / rows
    whole = told["p0_0"] / rows - middle**2
    means = [told[f"s{at}"] / rows for at in places]
    with_label = sum(
        w * (told[f"p0_{at}"] / rows - m * middle) for w, at, m in zip(weights, places, means, strict=True)
    )
    among = 0.0
    for a, weight in zip(places, weights, strict=True):
        for b, other in zip(places, weights, strict=True):
            low, high = sorted((a, b))
            among += weight * other * (told[f"p{low}_{high}"] / rows - means[a - 1] * means[b - 1])
    if whole <= 0:
        raise InvalidInput("there are no more rows than noise", "ask with more ε, or of more rows")
    return min(max((2 * with_label - among) / whole, 0.0), 1.0)
