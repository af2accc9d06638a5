"""The rows that a program is given: a SELECT of numbers from one table, row by row, for the program alone.

select age, revenue, sector = 'steel' as steel from firms where year >= 2023
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute.expression import Expressions
from connector.compute.kinds import Kind, Typed, double
from connector.compute.plan import select, table_of
from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping, Sized

INPUTS_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a program is given of each row, as SQL of doubles; `where` is empty for all rows."""

    table: str
    where: str
    columns: tuple[str, ...]
    named: tuple[str, ...]


def inputs(engine: Any, statement: str, columns: Mapping[str, Typed]) -> Inputs:
    """Return what a statement gives of the columns that may be named; raises `Refused`."""
    node, table = select(engine, statement), table_of(engine, statement)
    if node.get("modifiers") or node.get("group_expressions") or node.get("aggregate_handling") == "FORCE_AGGREGATES":
        raise Refused("statement", "a program is given rows: without GROUP BY, ORDER BY, LIMIT and DISTINCT")
    called = str((node.get("from_table") or {}).get("alias") or table)
    expressions = Expressions(called, columns)
    where = node.get("where_clause")
    condition = "" if where is None else expressions.truth(where).sql
    selected = node.get("select_list") or ()
    if not 0 < len(selected) <= INPUTS_MAX:
        raise Refused("statement", f"a program is given 1 to {INPUTS_MAX} numbers of each row")
    given = tuple(_number(expressions.write(one)) for one in selected)
    return Inputs(table, condition, given, tuple(expressions.named))


def bounded(engine: Any, statement: str, columns: Mapping[str, Typed], bounds: Sized) -> Inputs:
    """Return the same; raises `Refused` also where there are other numbers than the bounds are of."""
    found = inputs(engine, statement, columns)
    if len(found.columns) != len(bounds):
        raise Refused("statement", "each number of a row has its bounds, and each bounds have their number")
    return found


def _number(found: Typed) -> str:
    """Return a part of a row as a double: a number as it is, true as 1; raises `Refused` for others."""
    if found.kind is Kind.TRUTH:
        return f"CASE WHEN {found.sql} THEN 1.0 WHEN NOT ({found.sql}) THEN 0.0 END"
    if found.kind is not Kind.NUMBER:
        hint = "a text as a condition (`sector = 'steel'` is 1 where it is so), a day by its parts"
        raise Refused("statement", f"a program is given numbers, and this is {found.kind.value}: {hint}")
    return double(found.sql)
