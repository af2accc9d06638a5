"""What the engine counts for a plan: the groups with who is behind each, and how far they are from earlier ones.

Law: (1) every group is counted by its subjects, so that nobody counts for more who has many rows; where the terms name
no subject each row is one. (2) Two groups are compared by the rows that are in one of them alone: what an answer and an
earlier one differ by must be of nobody, or of `least` subjects and more. Only groups of nearly as many subjects, and of
other rows (`mark`), can differ by few; those are compared exactly. Two groups of one way of grouping that have another
value share no row, so they differ by all their subjects, and each has enough of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute.gate import Counted, Group
from connector.compute.kinds import double, literal, quote
from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from connector.compute.plan import Measure, Plan
    from contracts.gate import Gate

# the number of a row, from 1 (the hash of 0 is 0), as no column of a table is called that anybody may name
ROW: Final = "\x01row"
GROUPS_MAX: Final = 20_000
# pairs of groups that are compared exactly for one statement, and at a time
PAIRS_MAX: Final = 512
AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class Earlier:
    """A group that was told before, as its statement had it; `named` are the columns that it needs."""

    where: str
    groups: tuple[str, ...]
    values: tuple[str, ...]
    subjects: int
    mark: str
    named: tuple[str, ...]


def count(engine: Any, plan: Plan, subject: str) -> list[Group]:
    """Return the groups of a plan; raises `Refused` for more than are looked at."""
    names = [f"g{at}" for at in range(len(plan.groups))]
    columns = list(dict.fromkeys(one.sql for one in plan.measures if one.sql))
    written = _by_subject(plan, names, columns, subject) if subject else _by_row(plan, names, columns)
    rows = engine.execute(f"{written} LIMIT {GROUPS_MAX + 1}").fetchall()
    if len(rows) > GROUPS_MAX:
        raise Refused("answer", f"it has more than {GROUPS_MAX} groups")
    first = len(names)
    return [
        Group(
            values=tuple(row[:first]),
            subjects=int(row[first] or 0),
            rows=int(row[first + 1] or 0),
            mark=f"{int(row[first + 1] or 0)}:{int(row[first + 2] or 0)}",
            counted=tuple(_counted(row[first + 3 + at * 6 : first + 9 + at * 6]) for at in range(len(columns))),
        )
        for row in rows
    ]


def measured(plan: Plan, measure: Measure, group: Group) -> float | int | None:
    """Return what a measure says of a group, exactly."""
    if measure.subjects:
        return group.subjects
    if not measure.sql:
        return group.rows
    columns = list(dict.fromkeys(one.sql for one in plan.measures if one.sql))
    found = group.counted[columns.index(measure.sql)]
    if measure.function == "count":
        return found.cells
    if found.total is None or not found.cells:
        return None
    return found.total if measure.function == "sum" else found.total / found.cells


def near(
    engine: Any,
    plan: Plan,
    groups: Sequence[Group],
    among: Collection[int],
    earlier: Sequence[Earlier],
    bounds: tuple[str, Gate],
    load: Callable[[Sequence[str]], object],
) -> set[int]:
    """Return the numbers of those `among` the groups that differ by too few subjects from one told before.

    `bounds` are the subject and the gate; `load` makes columns ready that earlier statements named. Raises `Refused`
    where too many are nearly as large, because none is told that was not compared.
    """
    subject, gate = bounds
    pairs = [
        (at, one)
        for at in sorted(among)
        for one in earlier
        if abs(groups[at].subjects - one.subjects) < gate.least
        and groups[at].mark != one.mark
        and not _disjoint(plan, groups[at], one)
    ]
    if len(pairs) > PAIRS_MAX:
        raise Refused("history", f"more than {PAIRS_MAX} groups that were told before are nearly as large")
    if pairs:
        load(sorted({name for _, one in pairs for name in one.named}))
    found = set()
    for first in range(0, len(pairs), AT_ONCE):
        some = pairs[first : first + AT_ONCE]
        for (at, _), differing in zip(some, _differing(engine, plan, groups, some, subject), strict=True):
            if 0 < differing < gate.least:
                found.add(at)
    return found


def remembered(plan: Plan, groups: Sequence[Group], told: Collection[int]) -> dict[str, Any]:
    """Return what is kept of an answer, to hold later ones against: its condition, and the groups that it told."""
    return {
        "where": plan.where,
        "groups": list(plan.groups),
        "named": list(plan.named),
        "told": [
            [[literal(one) for one in groups[at].values], groups[at].subjects, groups[at].mark] for at in sorted(told)
        ],
    }


def earlier_of(kept: Sequence[Mapping[str, Any]], table: str) -> list[Earlier]:
    """Return the groups that earlier answers told of a table, each once however often it was told."""
    return list(dict.fromkeys(_earlier(kept, table)))


def _earlier(kept: Sequence[Mapping[str, Any]], table: str) -> Iterator[Earlier]:
    for one in kept:
        if one["table"] != table:
            continue
        for values, subjects, mark in one["told"]:
            groups, named = tuple(one["groups"]), tuple(one["named"])
            yield Earlier(one["where"], groups, tuple(values), subjects, mark, named)


def _by_subject(plan: Plan, names: Sequence[str], columns: Sequence[str], subject: str) -> str:
    """Write the count in two steps: what each subject has of a group, and what the group has of all of them."""
    asked = [f"{sql} AS {name}" for sql, name in zip(plan.groups, names, strict=True)]
    asked += [f"{quote(subject)} AS who", "count(*) AS n", f"bit_xor(hash({quote(ROW)})) AS mark"]
    for at, sql in enumerate(columns):
        asked += [f"count({sql}) AS c{at}", f"sum({double(sql)}) AS t{at}"]
    keys = ", ".join([*names, "who"])
    told = [*names, "count(*)", "sum(n)", "bit_xor(mark)"]
    for at in range(len(columns)):
        told += [f"sum(c{at})", f"sum(t{at})", f"max(abs(t{at}))", f"sum(abs(t{at}))"]
        told += [f"count(*) FILTER (WHERE c{at} > 0)", f"count(*) FILTER (WHERE c{at} = 0)"]
    inside = f"SELECT {', '.join(asked)} FROM {quote(plan.table)}{whereas(plan.where)} GROUP BY {keys}"  # noqa: S608  # written by `plan`
    return f"SELECT {', '.join(told)} FROM ({inside}){grouped(names)}"  # noqa: S608  # as above


def _by_row(plan: Plan, names: Sequence[str], columns: Sequence[str]) -> str:
    told = [f"{sql} AS {name}" for sql, name in zip(plan.groups, names, strict=True)]
    told += ["count(*)", "count(*)", f"bit_xor(hash({quote(ROW)}))"]
    for sql in columns:
        number = double(sql)
        told += [f"count({sql})", f"sum({number})", f"max(abs({number}))", f"sum(abs({number}))"]
        told += [f"count({sql})", f"count(*) - count({sql})"]
    return f"SELECT {', '.join(told)} FROM {quote(plan.table)}{whereas(plan.where)}{grouped(names)}"  # noqa: S608  # as above


def whereas(condition: str) -> str:
    """Write a condition, nothing for none."""
    return f" WHERE {condition}" if condition else ""


def grouped(names: Sequence[str]) -> str:
    """Write by what rows are grouped, nothing for all together."""
    return f" GROUP BY {', '.join(names)}" if names else ""


def _counted(row: Sequence[Any]) -> Counted:
    cells, total, top, whole, having, lacking = row
    return Counted(int(cells or 0), total, top or 0.0, whole or 0.0, int(having or 0), int(lacking or 0))


def _differing(
    engine: Any, plan: Plan, groups: Sequence[Group], pairs: Sequence[tuple[int, Earlier]], subject: str
) -> list[int]:
    """Return of each pair how many subjects the rows are of that are in one of the two alone."""
    told = []
    for at, one in pairs:
        here = _predicate(plan.where, plan.groups, [literal(value) for value in groups[at].values])
        there = _predicate(one.where, one.groups, one.values)
        apart = f"{here} <> {there}"
        if not subject:
            told.append(f"count(*) FILTER (WHERE {apart})")
            continue
        who = quote(subject)
        # nobody's rows are somebody's, too
        told.append(
            f"count(DISTINCT {who}) FILTER (WHERE {apart}) + "
            f"coalesce(max(1) FILTER (WHERE {who} IS NULL AND {apart}), 0)"
        )
    [row] = engine.execute(f"SELECT {', '.join(told)} FROM {quote(plan.table)}").fetchall()  # noqa: S608  # as above
    return [int(one) for one in row]


def _disjoint(plan: Plan, group: Group, one: Earlier) -> bool:
    """Say whether no row is in both, by their values alone; of numbers with a point two texts may be one value."""
    if tuple(plan.groups) != one.groups:
        return False
    pairs = zip(group.values, one.values, strict=True)
    return any(not isinstance(value, float) and literal(value) != told for value, told in pairs)


def _predicate(where: str, groups: Sequence[str], values: Sequence[str]) -> str:
    same = [f"{sql} IS NOT DISTINCT FROM {value}" for sql, value in zip(groups, values, strict=True)]
    return f"coalesce(({' AND '.join([where or 'true', *same])}), false)"
