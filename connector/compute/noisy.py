"""What a plan is told with noise: groups counted, each number with its share of ε, groups of too few left out unseen.

Law: (1) A subject has at most `rows` rows of those that the condition leaves, the first ones, and of a cell no more
than its bounds: so each number moves by a known step when one subject comes or goes. (2) Numbers are whole before noise
is added to them: what is summed, a column or a product of two, is counted in steps of its bounds, so no rounding of a
float tells of a cell. (3) A
group is told where its subjects, with noise, are so many more than `least` that one which has just as many passes once
in 1/DELTA times: which groups there are says nothing of one subject either. (4) What is done afterwards (averages,
order, LIMIT, digits) sees the noised numbers alone.

With it all that leaves has a privacy loss of ε, but for a chance of DELTA, for adding or removing a subject's rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.compute.counting import GROUPS_MAX, ROW, grouped, whereas
from connector.compute.kinds import double, quote
from connector.compute.statement import Refused
from contracts import noise as noises

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connector.compute.plan import Measure, Plan
    from contracts.gate import Gate
    from contracts.noise import Noise

DELTA: Final = 1e-8
# a summed cell is one of so many steps from nothing to its greater bound
STEPS: Final = 1 << 20
HUNDREDTHS: Final = 100
# of 100 answers so many lie within the margins; an average has two numbers that may err
WITHIN: Final = 0.95
# as no column of a table is called
_WHO, _SAME, _LAST = quote("\x01who"), quote("\x01same"), quote("\x01last")
SUBJECTS, ROWS, CELLS, STEPPED = "subjects", "rows", "cells", "steps"


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is counted of each group: its kind, its column as SQL, and that one's bounds where it is summed.

    `factors` are those of a product, each with its own bounds.
    """

    kind: str
    sql: str = ""
    bounds: tuple[int, int] = (0, 0)
    factors: tuple[tuple[str, tuple[int, int]], ...] = ()

    @property
    def step(self) -> float:
        """How much one step of a sum is worth."""
        return max(map(abs, self.bounds)) / STEPS


@dataclass(frozen=True, slots=True)
class Noised:
    """A group as it may be told: its values, and the numbers with noise."""

    values: tuple[Any, ...]
    numbers: Mapping[Number, int]


@dataclass(frozen=True, slots=True)
class Loss:
    """How the ε of an answer is shared: `scale` of the noise for a number that one subject moves by `rows` steps."""

    noise: Noise
    shares: int

    def scale(self, number: Number) -> float:
        """Return the scale of a number's noise."""
        return self.moved(number) * self.shares * HUNDREDTHS / self.noise.epsilon

    def moved(self, number: Number) -> int:
        """Return by how much one subject moves a number, in all groups together."""
        return self.noise.rows * (STEPS if number.kind == STEPPED else 1)

    def margin(self, number: Number, within: float = WITHIN) -> float:
        """Return how far a number is off at most, so often."""
        return self.scale(number) * log(1 / (1 - within))


def numbers_of(plan: Plan, columns: Mapping[str, str], gate: Gate) -> dict[Measure, tuple[Number, ...]]:
    """Return the numbers that each measure needs; `columns` are SQL → name. Raises `Refused` for what has no bounds."""
    assert gate.noise is not None, "it was asked for"
    bounds = {name: (least, most) for name, least, most in gate.noise.bounds}
    subjects = Number(SUBJECTS)
    rows = Number(ROWS) if gate.subject else subjects  # each row is a subject
    found: dict[Measure, tuple[Number, ...]] = {}
    for measure in plan.measures:
        if measure.subjects or not measure.sql:
            found[measure] = (subjects if measure.subjects else rows,)
            continue
        cells = Number(CELLS, measure.sql)
        if measure.function == "count":
            found[measure] = (cells,)
            continue
        of = [(sql, _bounds(columns[sql], bounds)) for sql in measure.factors or (measure.sql,)]
        summed = Number(STEPPED, measure.sql, _product(of), tuple(of) if measure.factors else ())
        found[measure] = (summed, cells) if measure.function == "avg" else (summed,)
    return found


def called(number: Number, columns: Mapping[str, str]) -> str:
    """Return what a number is of, by the names of its columns (SQL → name); empty for rows and subjects."""
    return "*".join(columns[sql] for sql, _ in number.factors) if number.factors else columns.get(number.sql, "")


def _bounds(name: str, bounds: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """Return the bounds of a column; raises `Refused` where it has none."""
    if name not in bounds:
        told = ", ".join(bounds) or "none"
        raise Refused("bounds", f"`{name[:60]}` has no bounds, so it is counted and not summed; with bounds: {told}")
    return bounds[name]


def _product(of: Sequence[tuple[str, tuple[int, int]]]) -> tuple[int, int]:
    """Return between what a product of such factors is."""
    found = (1, 1)
    for _, (least, most) in of:
        ends = [one * other for one in found for other in (least, most)]
        found = min(ends), max(ends)
    return found


def count(
    engine: Any, plan: Plan, wanted: Sequence[Number], gate: Gate, *, every: bool = False
) -> list[tuple[tuple[Any, ...], list[int]]]:
    """Return the groups of `least` subjects and more, or `every` one, exactly; raises `Refused` for too many.

    Where all rows are one group it is told, however few they are.
    """
    names = [f"g{at}" for at in range(len(plan.groups))]
    written = _written(plan, names, wanted, gate, 1 if every else gate.least)
    rows = engine.execute(f"{written} LIMIT {GROUPS_MAX + 1}").fetchall()
    if len(rows) > GROUPS_MAX:
        raise Refused("answer", f"it has more than {GROUPS_MAX} groups")
    first = len(names)
    return [(tuple(row[:first]), [int(one or 0) for one in row[first:]]) for row in rows]


def noised(
    draw: Any, groups: Sequence[tuple[tuple[Any, ...], list[int]]], wanted: Sequence[Number], gate: Gate
) -> tuple[list[Noised], Loss]:
    """Return the groups that may be told, with noise; `draw` is `laplace`, which a confined process cannot import."""
    assert gate.noise is not None, "it was asked for"
    loss, each = Loss(gate.noise, len(wanted)), drawn(draw, groups, wanted, gate)
    found = [Noised(values, dict(zip(wanted, of, strict=True))) for (values, _), of in zip(groups, each, strict=True)]
    least = threshold(loss, gate)
    return [one for one in found if not one.values or one.numbers[Number(SUBJECTS)] >= least], loss


def drawn(
    draw: Any, groups: Sequence[tuple[tuple[Any, ...], list[int]]], wanted: Sequence[Number], gate: Gate
) -> list[tuple[int, ...]]:
    """Return the numbers of each group with noise, in order."""
    assert gate.noise is not None, "it was asked for"
    loss = Loss(gate.noise, len(wanted))
    columns = [draw(loss, number, [exact[at] for _, exact in groups]) for at, number in enumerate(wanted)]
    return list(zip(*columns, strict=True))


def threshold(loss: Loss, gate: Gate) -> float:
    """Return how many subjects a group must have, with noise, to be told; a subject is in `rows` groups at most."""
    return gate.least + loss.scale(Number(SUBJECTS)) * log(loss.noise.rows / DELTA)


def laplace(loss: Loss, number: Number, exact: Sequence[int]) -> list[int]:
    """Return whole numbers with discrete Laplace noise from OpenDP, which says itself what one subject may learn."""
    import opendp.prelude as dp  # noqa: PLC0415  # heavy, and brought in before the process is confined

    dp.enable_features("contrib")
    space = dp.vector_domain(dp.atom_domain(T="i64")), dp.l1_distance(T="i64")
    drawn = space >> dp.m.then_laplace(scale=loss.scale(number))
    cost, share = drawn.map(d_in=loss.moved(number)), loss.noise.epsilon / HUNDREDTHS / loss.shares
    if not cost <= share * (1 + 1e-9):
        raise Refused("noise", "the noise would tell more than was agreed")
    return list(drawn(list(exact))) if exact else []


def rehearse() -> None:
    """Draw once for nothing: what the library reads as it begins it may not once the process is confined."""
    laplace(Loss(noises.Noise(HUNDREDTHS, HUNDREDTHS), 1), Number(ROWS), [0])


def told(measure: Measure, numbers: tuple[Number, ...], group: Noised) -> float | int | None:
    """Return what a measure says of a group."""
    first = group.numbers[numbers[0]]
    if measure.function != "avg":
        return first * numbers[0].step if numbers[0].kind == STEPPED else max(0, first)
    cells = group.numbers[numbers[1]]
    if cells < 1:
        return None
    least, most = numbers[0].bounds
    return min(max(first * numbers[0].step / cells, least), most)


class Margins(Protocol):
    """How far numbers are off."""

    def margin(self, number: Number, within: float = WITHIN) -> float:
        """Return how far a number is off at most, so often."""


def margin(measure: Measure, numbers: tuple[Number, ...], group: Noised, loss: Margins) -> float | None:
    """Return how far off it is at most, 95 times of 100; nothing where an average is of too few to say."""
    if measure.function != "avg":
        return loss.margin(numbers[0]) * (numbers[0].step if numbers[0].kind == STEPPED else 1)
    both = (1 + WITHIN) / 2
    cells, off = group.numbers[numbers[1]], loss.margin(numbers[1], both)
    average = told(measure, numbers, group)
    if average is None or cells <= off:
        return None
    return (loss.margin(numbers[0], both) * numbers[0].step + abs(average) * off) / (cells - off)


def _written(plan: Plan, names: Sequence[str], wanted: Sequence[Number], gate: Gate, least: int) -> str:
    """Write the count over the rows that are looked at: of groups, and where there are any, of `least` subjects."""
    asked = [f"{sql} AS {name}" for sql, name in zip(plan.groups, names, strict=True)]
    asked += [f"{_cell(number)} AS v{at}" for at, number in enumerate(wanted) if number.sql]
    counted = {**_COUNTED, SUBJECTS: f"count(DISTINCT {_WHO})" if gate.subject else "count(*)"}
    told = [*names, *(counted[number.kind].format(at) for at, number in enumerate(wanted))]
    source, who = looked_at(plan.table, plan.where, gate)
    inside = f"SELECT {', '.join([*asked, f'{who} AS {_WHO}'])} FROM {source}{whereas(plan.where)}"  # noqa: S608  # written by `plan`
    enough = f" HAVING {counted[SUBJECTS]} >= {least}" if names else ""
    return f"SELECT {', '.join(told)} FROM ({inside}){grouped(names)}{enough}"  # noqa: S608  # as above


def looked_at(table: str, condition: str, gate: Gate) -> tuple[str, str]:
    """Return the rows that are looked at, and who a row is about, by a hash: nobody is somebody, too.

    Of each subject they end with the last one. It is the same work whether a subject has more of them or not: the time
    that it takes does not tell.
    """
    table, row = quote(table), quote(ROW)
    if not gate.subject:
        return table, "1"
    assert gate.noise is not None, "it was asked for"
    who, where = quote(gate.subject), whereas(condition)
    last = f"list_max(min({row}, {gate.noise.rows})) AS {_LAST}"
    lasts = f"SELECT {who} AS {_SAME}, {last} FROM {table}{where} GROUP BY {who}"  # noqa: S608  # as above
    return f"{table} JOIN ({lasts}) ON {who} IS NOT DISTINCT FROM {_SAME} AND {row} <= {_LAST}", f"hash({who})"


def _cell(number: Number) -> str:
    """Write a cell: itself where it is counted, or in steps within its bounds where it is summed."""
    if number.kind == CELLS:
        return number.sql
    of = number.factors or ((number.sql, number.bounds),)
    lacks = " OR ".join(f"{double(sql)} IS NULL" for sql, _ in of)
    within = " * ".join(f"least(greatest({double(sql)}, {least}::DOUBLE), {most}::DOUBLE)" for sql, (least, most) in of)
    return f"CASE WHEN {lacks} THEN NULL ELSE round({within} / {number.step!r}::DOUBLE)::BIGINT END"


# kind of a number → how it is counted of rows; how subjects are follows from the gate
_COUNTED: Final[Mapping[str, str]] = {
    ROWS: "count(*)",
    CELLS: "count(v{0})",
    STEPPED: "coalesce(sum(v{0}), 0)",
}
