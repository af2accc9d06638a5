"""What one of several providers counts of cells that the buyer names: a cross-table with noise (decision 0194).

    over   {"district": ["A", "B"], "year": [2023, 2024]}    cells (A, 2023), (A, 2024), (B, 2023), (B, 2024)

Law: (1) which cells there are is the buyer's word, so neither a cell nor its place tells of the data: each has its
numbers, those of nobody among them, and each number has noise. (2) What several count can be added, cell by cell and
number by number: the order follows from the statement and the cells alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, Final

from connector.compute import noisy
from connector.compute.cell import plain
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.plan import Plan
    from contracts.gate import Gate

CELLS_MAX: Final = 4_096
NUMBERS_MAX: Final = 16_384
NAMES_MAX: Final = 8
CHARACTERS_MAX: Final = 16_384
_VALUES: Final = (str, int, float, bool, type(None))


@dataclass(frozen=True, slots=True)
class Over:
    """The values of each thing that makes a group, by the name under which it is told; empty for all rows together."""

    values: tuple[tuple[str, tuple[Any, ...]], ...]

    def __post_init__(self) -> None:
        if len(self.values) > NAMES_MAX:
            raise InvalidInput(f"at most {NAMES_MAX} things make a cell")
        for name, of in self.values:
            if not of or len(set(map(same, of))) != len(of) or not all(isinstance(one, _VALUES) for one in of):
                text = f"the values of `{name[:60]}` are texts, numbers, true, false or null, each once"
                raise InvalidInput(text, f"such as {name[:60]}=A,B,C")
        if prod(len(of) for _, of in self.values) > CELLS_MAX:
            raise InvalidInput(f"there are more than {CELLS_MAX} cells", "name fewer values")
        if len(self._text()) > CHARACTERS_MAX:
            raise InvalidInput(f"the values are more than {CHARACTERS_MAX} characters", "name fewer")

    def json(self) -> dict[str, list[Any]]:
        """Return it as it is sent."""
        return {name: list(of) for name, of in self.values}

    def cells(self, names: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the cells in order, of the groups by their names; raises InvalidInput where they are others."""
        told = dict(self.values)
        if set(told) != set(names):
            said = ", ".join(told) or "nothing"
            text = f"the statement makes groups by {', '.join(names) or 'nothing'}, and values are said of {said}"
            raise InvalidInput(text, "say the values of each, such as `--over district=A,B`")
        return list(product(*(told[name] for name in names)))

    def words(self, statement: str) -> str:
        """Return a statement with its cells as one text, by which it is decided and named in logs."""
        return f"jointly over {self._text()}: {statement}"

    def _text(self) -> str:
        return json.dumps(self.json(), ensure_ascii=False, sort_keys=True)


def over(value: Any) -> Over:
    """Read cells as they are sent; raises InvalidInput."""
    if not isinstance(value, dict) or not all(isinstance(of, list) for of in value.values()):
        raise InvalidInput("`over` is an object: name → a list of its values")
    return Over(tuple((name, tuple(of)) for name, of in sorted(value.items())))


def same(value: Any) -> str | None:
    """Return by what two values of a cell are compared, a text or a number: as an answer shows them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return None if value is None else str(value)


def look(plan: Plan, told: Any) -> None:
    """Refuse a statement that would order its cells, and cells that are none of it; raises `Refused`."""
    if plan.order or plan.limit is not None:
        raise Refused("statement", "what several tell together is in the order of its cells: leave ORDER BY and LIMIT")
    cells = _cells(plan, told)
    if len(cells) * len(plan.measures) * 2 > NUMBERS_MAX:
        raise Refused("answer", f"{len(cells)} cells have more than {NUMBERS_MAX} numbers")


def answer(engine: Any, plan: Plan, told: Any, names: Mapping[str, str], passes: Gate) -> dict[str, Any]:
    """Return what is counted of each cell, with noise; `names` are how columns are written → what they are called."""
    measures = noisy.numbers_of(plan, names, passes)
    wanted = list(dict.fromkeys(one for of in measures.values() for one in of))
    counted = noisy.count(engine, plan, wanted, passes, every=True)
    found = {tuple(same(plain(value)) for value in values): exact for values, exact in counted}
    nobody = [0] * len(wanted)
    groups = [(cell, found.get(tuple(map(same, cell)), nobody)) for cell in _cells(plan, told)]
    cells = noisy.drawn(noisy.laplace, groups, wanted, passes)
    return {
        "columns": [name for name, _ in plan.outputs],
        "outputs": [at for _, at in plan.outputs],
        "numbers": [[one.kind, noisy.called(one, names), *one.bounds] for one in wanted],
        "measures": [[of.function, [wanted.index(one) for one in measures[of]]] for of in plan.measures],
        "vector": [one for cell in cells for one in cell],
    }


def _cells(plan: Plan, told: Any) -> list[tuple[Any, ...]]:
    first = len(plan.groups)
    names = {at: name for name, at in reversed(plan.outputs) if at < first}
    try:
        return over(told).cells([names[at] for at in range(first)])
    except InvalidInput as fault:
        raise Refused("statement", str(fault)) from fault
