"""Totals over several providers as a person reads them: each cell with its margins, all noise of all of them in it.

Law: a margin is of the sum of independent Laplace noise, one of each provider, so it is too wide rather than too narrow
(Cornish and Fisher, with the excess kurtosis that such a sum has).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, Any, ClassVar

from connector.compute import gate as passing
from connector.compute import noisy
from connector.compute.noisy import WITHIN, Loss, Noised, Number
from connector.compute.plan import Measure
from connector.runtime.errors import PeerMisbehaved

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.crossed import Over
    from contracts.gate import Gate


@dataclass(frozen=True, slots=True)
class About:
    """What the numbers of a cell are: columns of the answer, which group or measure each is, and what measures need."""

    MEMBERS: ClassVar[tuple[str, ...]] = ("columns", "outputs", "numbers", "measures")

    columns: tuple[str, ...]
    outputs: tuple[int, ...]
    numbers: tuple[Number, ...]
    measures: tuple[tuple[Measure, tuple[Number, ...]], ...]

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> About:
        """Read it as a provider tells it; raises PeerMisbehaved."""
        try:
            numbers = tuple(Number(str(k), str(n), (int(least), int(most))) for k, n, least, most in told["numbers"])
            measures = tuple(
                (Measure(str(function)), tuple(numbers[at] for at in needs)) for function, needs in told["measures"]
            )
            columns, outputs = tuple(map(str, told["columns"])), tuple(map(int, told["outputs"]))
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise PeerMisbehaved("what is counted is not told as it should be") from fault
        known = set(range(len(outputs)))
        if len(columns) != len(outputs) or set(outputs) != known or not all(needs for _, needs in measures):
            raise PeerMisbehaved("what is counted is not told as it should be")
        return cls(columns, outputs, numbers, measures)

    @property
    def groups(self) -> list[str]:
        """The names of what makes a cell, in order."""
        first = len(self.outputs) - len(self.measures)
        names = {at: name for name, at in zip(reversed(self.columns), reversed(self.outputs), strict=True)}
        return [names[at] for at in range(first)]


@dataclass(frozen=True, slots=True)
class Summed:
    """The noise of several providers together."""

    each: tuple[Loss, ...]

    def margin(self, number: Number, within: float = WITHIN) -> float:
        """Return how far a total is off at most, so often."""
        scales = [one.scale(number) for one in self.each]
        spread = sum(2 * scale**2 for scale in scales)
        excess = 12 * sum(scale**4 for scale in scales) / spread**2
        z = NormalDist().inv_cdf((1 + within) / 2)
        return sqrt(spread) * (z + excess * (z**3 - 3 * z) / 24)


def totals(numbers: Sequence[int], about: About, over: Over, gates: Sequence[Gate]) -> dict[str, Any]:
    """Return columns, rows and margins of the cells, in their order; raises PeerMisbehaved, InvalidInput."""
    each, cells = len(about.numbers), over.cells(about.groups)
    if len(numbers) != each * len(cells):
        raise PeerMisbehaved("there are other numbers than the cells have")
    loss = Summed(tuple(Loss(gate.noise, each) for gate in gates if gate.noise is not None))
    digits = min(gates, key=lambda one: one.digits)
    rows, margins = [], []
    for at, cell in enumerate(cells):
        told = Noised(cell, dict(zip(about.numbers, numbers[at * each : (at + 1) * each], strict=True)))
        row = [*cell, *(passing.told(noisy.told(of, needs, told), digits) for of, needs in about.measures)]
        off = [passing.told(noisy.margin(of, needs, told, loss), digits) for of, needs in about.measures]
        rows.append([row[one] for one in about.outputs])
        margins.append([([None] * len(cell) + off)[one] for one in about.outputs])
    return {"columns": list(about.columns), "rows": rows, "margins": margins}
