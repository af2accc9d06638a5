"""A line through what several have, from totals alone: least squares with a ridge, and how well it ranks a list.

    minimise   Σ (label - intercept - Σ weight · feature)²  +  ridge · Σ weight²

needs no rows, but their number, the sum of each column and of each product of two. Columns are divided by their
greatest bound first, so that all are alike to the ridge and to the noise.

Law: the ridge is as large as what noise adds to a total as a rule, so that what is solved always has one solution, and
what noise alone says is drawn to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, Final

from connector.compute.kinds import quote
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FEATURES_MAX: Final = 8
ROWS = "n"


@dataclass(frozen=True, slots=True)
class Model:
    """What a label is, about: an intercept, and by how much it moves with each feature."""

    intercept: float
    weights: Mapping[str, float]
    rows: int

    def score(self, features: Mapping[str, float]) -> float:
        """Return what it says of one."""
        return self.intercept + sum(weight * features[name] for name, weight in self.weights.items())


def statement(table: str, label: str, features: Sequence[str]) -> str:
    """Return the question whose totals a line goes through; raises InvalidInput."""
    columns = [label, *features]
    if not 0 < len(features) <= FEATURES_MAX or len(set(columns)) != len(columns):
        raise InvalidInput(f"a model has 1 to {FEATURES_MAX} features, each once, and a label that is none of them")
    sums = [f"sum({quote(one)}) as s{at}" for at, one in enumerate(columns)]
    pairs = combinations_with_replacement(range(len(columns)), 2)
    products = [f"sum({quote(columns[a])} * {quote(columns[b])}) as p{a}_{b}" for a, b in pairs if (a, b) != (0, 0)]
    there = " and ".join(f"{quote(one)} is not null" for one in columns)
    told = ", ".join([*sums, *products])
    return f"select count(*) as {ROWS}, {told} from {quote(table)} where {there}"  # noqa: S608  # quoted names, and a provider reads it anew


def fitted(
    told: Mapping[str, float], off: Mapping[str, float], label: str, features: Sequence[str], scales: Mapping[str, int]
) -> Model:
    """Return the line through totals; `off` are their margins, `scales` the greatest bound of each column.

    Raises InvalidInput where there are too few rows beside the noise.
    """
    rows = told[ROWS]
    if rows <= max(off[ROWS], len(features) + 1):
        raise InvalidInput("there are no more rows than noise", "ask with more ε, or of more providers")
    width = [1, *(scales[one] for one in features)]

    def total(name: str, *columns: int) -> float:
        """Return a total of scaled columns; the label is 0 and has its own scale."""
        found = told[name]
        for at in columns:
            found /= scales[label] if at == 0 else width[at]
        return found

    size = len(features) + 1
    matrix = [[0.0] * size for _ in range(size)]
    matrix[0][0] = rows
    right = [total("s0", 0)]
    for a in range(1, size):
        matrix[0][a] = matrix[a][0] = total(f"s{a}", a)
        right.append(total(f"p0_{a}", 0, a))
        for b in range(a, size):
            matrix[a][b] = matrix[b][a] = total(f"p{a}_{b}", a, b)
    ridge = max(off[f"p{a}_{a}"] / width[a] ** 2 for a in range(1, size))
    for a in range(1, size):
        matrix[a][a] += ridge
    found = solved(matrix, right)
    weights = {name: scales[label] * found[at] / scales[name] for at, name in enumerate(features, 1)}
    return Model(scales[label] * found[0], weights, round(rows))


def solved(matrix: Sequence[Sequence[float]], right: Sequence[float]) -> list[float]:
    """Return the solution of a system; raises InvalidInput where it has none."""
    rows = [[*row, one] for row, one in zip(matrix, right, strict=True)]
    size = len(rows)
    for at in range(size):
        best = max(range(at, size), key=lambda one: abs(rows[one][at]))
        if not abs(rows[best][at]) > 0:
            raise InvalidInput("the features say the same of each other, so no line is the best", "name fewer")
        rows[at], rows[best] = rows[best], rows[at]
        for one in range(size):
            if one != at:
                factor = rows[one][at] / rows[at][at]
                rows[one] = [a - factor * b for a, b in zip(rows[one], rows[at], strict=True)]
    return [row[-1] / row[at] for at, row in enumerate(rows)]


def ranked(scores: Sequence[float], labels: Sequence[bool]) -> float | None:
    """Return how often one with the label is above one without (AUC), ties counted half; None without either."""
    ones = sum(labels)
    if not 0 < ones < len(labels):
        return None
    order = sorted(range(len(scores)), key=scores.__getitem__)
    above, at = 0.0, 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        above += sum(labels[one] for one in order[at:end]) * (at + end + 1) / 2  # the middle place of those alike
        at = end
    return (above - ones * (ones + 1) / 2) / (ones * (len(labels) - ones))
