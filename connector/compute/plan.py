"""A statement of the compute room as a value: which groups of rows, what is told of each, in which order.

    select district, count(*) as firms, avg(revenue) from firms where year >= 2023 group by district order by firms desc

Law: (1) one SELECT of groups and of what is counted in them, over one table; every other form of a SELECT is refused by
name. (2) What is summed is a column as it is, or a product of two where answers have noise (`exact`): a sum of a
condition would be another population than that of its group, which the gate does not see. (3) A plan is written anew
from the parser's tree, so nothing of the buyer's text reaches the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.compute.expression import Expressions
from connector.compute.functions import AGGREGATES, SAME_NAME
from connector.compute.kinds import Kind, Typed
from connector.compute.statement import Refused, parsed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from connector.compute.expression import Node

OUTPUTS_MAX: Final = 64
GROUPS_MAX: Final = 8
# parts of a SELECT that would ask for more than groups, or in a way that the gate does not see
_NOT_HERE: Final = ("having", "sample", "qualify")
_MODIFIERS: Final = frozenset({"ORDER_MODIFIER", "LIMIT_MODIFIER"})


@dataclass(frozen=True, slots=True)
class Measure:
    """What is told of a group: `function` is a row of AGGREGATES, `sql` the column that it is of, empty for rows.

    `subjects`: the different subjects are counted. `factors` are the two columns of a product that is summed.
    """

    function: str
    sql: str = ""
    subjects: bool = False
    factors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: `outputs` are a name, and the number of a group or, counted on from those, of a measure.

    `where` is empty for all rows; `order` are (output, descending); `limit` None for all.
    """

    table: str
    where: str
    groups: tuple[str, ...]
    measures: tuple[Measure, ...]
    outputs: tuple[tuple[str, int], ...]
    order: tuple[tuple[int, bool], ...]
    limit: int | None
    named: tuple[str, ...]

    @property
    def functions(self) -> tuple[str, ...]:
        """Return what it computes, as a policy names it."""
        return tuple(sorted({AGGREGATES[one.function] for one in self.measures}))


def exact(found: Plan) -> Plan:
    """Return a plan whose answer has no noise; raises `Refused` for what only noise hides."""
    if any(one.factors for one in found.measures):
        raise Refused("function", "`sum` is of a column as it is: products are summed where answers have noise")
    return found


def table_of(engine: Any, statement: str, known: Collection[str] | None = None) -> str:
    """Return the one table that a statement asks, of those that are `known` if any are; raises `Refused`."""
    source = select(engine, statement).get("from_table") or {}
    if source.get("type") != "BASE_TABLE" or source.get("schema_name") or source.get("catalog_name"):
        raise Refused("table", "a statement asks one table, by its name")
    if source.get("sample") is not None or source.get("at_clause") is not None:
        raise Refused("statement", "a table is asked as it is, whole")
    table = str(source["table_name"])
    if known is not None and table not in known:
        raise Refused("table", f"there is no table `{table[:100]}`: there are {', '.join(list(known)[:20])}")
    return table


def plan(engine: Any, statement: str, columns: Mapping[str, Typed], subject: str = "") -> Plan:
    """Return the plan of a statement over the columns that may be named; raises `Refused`."""
    node, table = select(engine, statement), table_of(engine, statement)
    called = str((node.get("from_table") or {}).get("alias") or table)
    return _Reading(node, table, Expressions(called, columns), subject).plan()


def select(engine: Any, statement: str) -> Node:
    """Return the tree of a statement that is one SELECT of one table; raises `Refused`."""
    told = parsed(engine, statement)
    node: Node = told["statements"][0]["node"]
    if node.get("type") != "SELECT_NODE" or (node.get("cte_map") or {}).get("map"):
        raise Refused("statement", "it is one SELECT, without WITH, UNION and the like")
    if odd := next((name for name in _NOT_HERE if node.get(name) is not None), None):
        raise Refused("statement", f"`{odd}` is not answered here: ask, and choose among what is answered")
    if odd := next((one["type"] for one in node.get("modifiers") or () if one["type"] not in _MODIFIERS), None):
        raise Refused("statement", f"`{odd.lower().removesuffix('_modifier')}` is not answered here")
    if len(node.get("group_sets") or ()) > 1:
        raise Refused("statement", "groups of several sets are not answered here: ask for each")
    return node


class _Reading:
    """One SELECT while it is read."""

    def __init__(self, node: Node, table: str, expressions: Expressions, subject: str) -> None:
        self._node, self._table, self._expressions, self._subject = node, table, expressions, subject
        self._groups: list[Typed] = []
        self._measures: list[Measure] = []
        self._outputs: list[tuple[str, bool, int]] = []

    def plan(self) -> Plan:
        where = self._node.get("where_clause")
        condition = "" if where is None else self._expressions.truth(where).sql
        selected = self._node.get("select_list") or ()
        if not 0 < len(selected) <= OUTPUTS_MAX:
            raise Refused("statement", f"it tells 1 to {OUTPUTS_MAX} things")
        for one in selected:
            self._output(one)
        if not self._measures:
            raise Refused("statement", "rows are not told, groups of them are: COUNT, SUM or AVG of something")
        if len(self._groups) > GROUPS_MAX:
            raise Refused("statement", f"at most {GROUPS_MAX} things make a group")
        self._require_groups()
        order, limit = self._order()
        first = len(self._groups)
        return Plan(
            table=self._table,
            where=condition,
            groups=tuple(one.sql for one in self._groups),
            measures=tuple(self._measures),
            outputs=tuple((name, first + at if counted else at) for name, counted, at in self._outputs),
            order=order,
            limit=limit,
            named=tuple(self._expressions.named),
        )

    def _output(self, node: Node) -> None:
        name = str(node.get("alias") or "")
        function = str(node.get("function_name", "")).lower() if node.get("class") == "FUNCTION" else ""
        function = SAME_NAME.get(function, function)
        if function in AGGREGATES:
            self._measures.append(self._measure(function, node))
            self._outputs.append((name or _called(function, node), True, len(self._measures) - 1))
            return
        found = self._expressions.write(node)
        if found.constant is not None or found.kind is Kind.NOTHING:
            raise Refused("statement", "a constant is no group")
        names = node.get("column_names") or ()
        self._groups.append(found)
        self._outputs.append((name or str(names[-1] if names else function or "group"), False, len(self._groups) - 1))

    def _measure(self, function: str, node: Node) -> Measure:
        if node.get("filter") is not None or (node.get("order_bys") or {}).get("orders"):
            raise Refused("statement", "a FILTER makes another group: put it into WHERE, and ask once more")
        told = [one["expression"] for one in node.get("arguments") or ()]
        if function == "count_star" or not told:
            return Measure("count_star")
        if function == "sum" and len(told) == 1 and (factors := self._factors(told[0])):
            return Measure(function, f"({' * '.join(factors)})", factors=factors)
        if len(told) != 1 or told[0].get("class") != "COLUMN_REF":
            raise Refused("function", f"`{function}` is of a column as it is")
        if node.get("distinct"):
            if function != "count" or str(told[0]["column_names"][-1]) != self._subject:
                text = f"of different ones only the subjects are counted: `count(distinct {self._subject})`"
                raise Refused("function", text if self._subject else "each row is a subject: `count(*)`")
            return Measure("count", subjects=True)
        found = self._expressions.write(told[0])
        if function != "count" and found.kind is not Kind.NUMBER:
            raise Refused("function", f"`{function}` is of a number, and this is {found.kind.value}")
        return Measure(function, found.sql)

    def _factors(self, node: Node) -> tuple[str, ...]:
        """Return the two columns of a product, nothing where it is none; raises `Refused` for what is no number."""
        parts = [one["expression"] for one in node.get("arguments") or ()] if node.get("function_name") == "*" else []
        if len(parts) != 2 or not all(one.get("class") == "COLUMN_REF" for one in parts):
            return ()
        found = [self._expressions.write(one) for one in parts]
        if odd := next((one for one in found if one.kind is not Kind.NUMBER), None):
            raise Refused("function", f"a product is of numbers, and this is {odd.kind.value}")
        return tuple(one.sql for one in found)

    def _require_groups(self) -> None:
        """Refuse a GROUP BY that says other groups than those that are told."""
        told = self._node.get("group_expressions") or ()
        if self._node.get("aggregate_handling") == "FORCE_AGGREGATES":  # GROUP BY ALL
            return
        said = {self._grouped(one) for one in told}
        if said != {one.sql for one in self._groups}:
            raise Refused("statement", "what makes a group is told, and what is told makes a group or is counted in it")

    def _grouped(self, node: Node) -> str:
        if (at := self._place(node)) is not None:
            _, counted, number = self._outputs[at]
            return "" if counted else self._groups[number].sql
        return self._expressions.write(node).sql

    def _place(self, node: Node) -> int | None:
        """Return which output is meant by its number or its name, None where it is something else."""
        literal = node.get("literal") or {}
        if node.get("class") == "CONSTANT" and literal.get("kind") == "INTEGER":
            at = int(literal["text"]) - 1
            if not 0 <= at < len(self._outputs):
                raise Refused("statement", f"there is no output {literal['text']}")
            return at
        names = list(node.get("column_names") or ())
        told = [name for name, _, _ in self._outputs]
        if node.get("class") == "COLUMN_REF" and len(names) == 1 and names[0] in told:
            return told.index(names[0])
        return None

    def _order(self) -> tuple[tuple[tuple[int, bool], ...], int | None]:
        order: list[tuple[int, bool]] = []
        limit = None
        for one in self._node.get("modifiers") or ():
            if one["type"] == "LIMIT_MODIFIER":
                limit = _limit(one)
                continue
            for each in one["orders"]:
                at = self._place(each["expression"])
                if at is None:
                    raise Refused("statement", "it is ordered by what it tells, by name or number")
                order.append((at, each["type"] == "DESCENDING"))
        return tuple(order), limit


def _limit(node: Node) -> int:
    literal = (node.get("limit") or {}).get("literal") or {}
    whole = literal.get("kind") == "INTEGER" and node["limit_type"] == "ROW_COUNT"
    if not whole or node.get("offset") is not None:
        raise Refused("statement", "LIMIT is a whole number, without OFFSET")
    return int(literal["text"])


def _called(function: str, node: Node) -> str:
    """Return what an output is called that nobody named."""
    told = [one["expression"] for one in node.get("arguments") or ()]
    names = [str(one["column_names"][-1]) for one in told if one.get("column_names")]
    return f"{function.removesuffix('_star')}({names[0] if names else '*'})"
