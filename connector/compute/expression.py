"""An expression of a statement, from the tree that the engine's parser makes of it, written anew for the engine.

Law: what is written is made of rows of tables alone (`kinds`, `functions`, COMPARED here), so what no row knows never
reaches the engine; and no two kinds are compared that an engine would have to convert, which may fail.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from connector.compute import kinds
from connector.compute.functions import FUNCTIONS, SAME_NAME
from connector.compute.kinds import Kind, Typed
from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Node = Mapping[str, Any]

DEPTH_MAX: Final = 32
PARTS_MAX: Final = 400
# a comparison's name in the tree → how it is written
COMPARED: Final[Mapping[str, str]] = {
    "COMPARE_EQUAL": "=",
    "COMPARE_NOTEQUAL": "<>",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_DISTINCT_FROM": "IS DISTINCT FROM",
    "COMPARE_NOT_DISTINCT_FROM": "IS NOT DISTINCT FROM",
}
_DATED: Final = frozenset({Kind.DAY, Kind.MOMENT})


class Expressions:
    """Writes expressions over the columns of one table; `columns` are those that may be named."""

    def __init__(self, table: str, columns: Mapping[str, Typed]) -> None:
        self._table, self._columns = table, columns
        self._parts = 0
        # what was named, in order
        self.named: dict[str, None] = {}

    def truth(self, node: Node) -> Typed:
        """Write a condition; raises `Refused`."""
        found = self.write(node)
        if found.kind not in (Kind.TRUTH, Kind.NOTHING):
            raise Refused("statement", f"a condition is true or false, and this is {found.kind.value}")
        return found

    def write(self, node: Node, depth: int = 0) -> Typed:
        """Write an expression; raises `Refused` for what the room does not answer."""
        self._parts += 1
        if depth > DEPTH_MAX or self._parts > PARTS_MAX:
            raise Refused("statement", f"it is nested deeper than {DEPTH_MAX}, or has more than {PARTS_MAX} parts")
        writes = self._WRITERS.get(str(node.get("class")))
        if writes is None:
            raise Refused("function", f"`{str(node.get('type')).lower()}` is not answered here")
        return writes(self, node, depth + 1)

    def column(self, node: Node) -> str:
        """Return the name of a column that may be named; raises `Refused`."""
        names = [str(one) for one in node.get("column_names") or ()]
        name = names[-1] if names else ""
        if len(names) > 2 or (len(names) == 2 and names[0] != self._table) or name not in self._columns:
            known = ", ".join(list(self._columns)[:20])
            raise Refused("column", f"`{'.'.join(names)[:100]}` cannot be asked about: there are {known}")
        self.named[name] = None
        return name

    def _column(self, node: Node, _depth: int) -> Typed:
        return self._columns[self.column(node)]

    def _constant(self, node: Node, _depth: int) -> Typed:
        literal = node.get("literal") or {}
        kind, said = str(literal.get("kind")), str(literal.get("text"))
        found = None
        if kind in ("INTEGER", "NUMERIC"):
            found = kinds.number(said)
        elif kind == "STRING":
            found = kinds.text(said)
        elif kind == "BOOLEAN":
            found = Typed("true" if said == "true" else "false", Kind.TRUTH, said == "true")
        elif kind == "NULL_LITERAL":
            found = Typed("NULL", Kind.NOTHING)
        if found is None:
            raise Refused("statement", f"`{said[:60]}` is no constant that is answered here")
        return found

    def _cast(self, node: Node, depth: int) -> Typed:
        """Write a constant day or moment; what is in a cell is never converted, because that may fail."""
        name = str((node.get("type_expr") or {}).get("type_name", "")).upper()
        wanted = {"DATE": Kind.DAY, "TIMESTAMP": Kind.MOMENT}.get(name)
        inside = self.write(node["child"], depth)
        found = None if wanted is None or inside.constant is None else kinds.as_kind(inside, wanted)
        if found is None:
            text = "only a constant is made a day or a moment: a cell that does not fit would tell of itself"
            raise Refused("function", text)
        return found

    def _compared(self, node: Node, depth: int) -> Typed:
        sign = COMPARED.get(str(node.get("type")))
        if sign is None:
            raise Refused("function", f"`{str(node.get('type')).lower()}` is not answered here")
        left, right = self._alike([self.write(node["left"], depth), self.write(node["right"], depth)])
        return Typed(f"({left.sql} {sign} {right.sql})", Kind.TRUTH)

    def _both(self, node: Node, depth: int) -> Typed:
        word = {"CONJUNCTION_AND": " AND ", "CONJUNCTION_OR": " OR "}[str(node["type"])]
        parts = [self._condition(one, depth).sql for one in node["children"]]
        return Typed(f"({word.join(parts)})", Kind.TRUTH)

    def _between(self, node: Node, depth: int) -> Typed:
        value, low, high = self._alike([self.write(node[name], depth) for name in ("input", "lower", "upper")])
        return Typed(f"({value.sql} BETWEEN {low.sql} AND {high.sql})", Kind.TRUTH)

    def _operator(self, node: Node, depth: int) -> Typed:
        kind, children = str(node["type"]), node["children"]
        if kind == "OPERATOR_NOT":
            return Typed(f"(NOT {self._condition(children[0], depth).sql})", Kind.TRUTH)
        if kind in ("OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL"):
            word = "IS NULL" if kind == "OPERATOR_IS_NULL" else "IS NOT NULL"
            return Typed(f"({self.write(children[0], depth).sql} {word})", Kind.TRUTH)
        if kind in ("COMPARE_IN", "COMPARE_NOT_IN"):
            first, *others = self._alike([self.write(one, depth) for one in children])
            word = "IN" if kind == "COMPARE_IN" else "NOT IN"
            return Typed(f"({first.sql} {word} ({', '.join(one.sql for one in others)}))", Kind.TRUTH)
        if kind == "OPERATOR_COALESCE":
            found = self._alike([self.write(one, depth) for one in children])
            return Typed(f"coalesce({', '.join(one.sql for one in found)})", found[0].kind)
        raise Refused("function", f"`{kind.lower()}` is not answered here")

    def _case(self, node: Node, depth: int) -> Typed:
        checks = [(self._condition(one["when_expr"], depth), one["then_expr"]) for one in node["case_checks"]]
        values = self._alike([self.write(one, depth) for one in (*(then for _, then in checks), node["else_expr"])])
        whens = " ".join(f"WHEN {when.sql} THEN {then.sql}" for (when, _), then in zip(checks, values, strict=False))
        kind = next((one.kind for one in values if one.kind is not Kind.NOTHING), Kind.NOTHING)
        return Typed(f"(CASE {whens} ELSE {values[-1].sql} END)", kind)

    def _function(self, node: Node, depth: int) -> Typed:
        name = str(node.get("function_name", "")).lower()
        name = SAME_NAME.get(name, name)
        told = [self.write(one["expression"], depth) for one in node.get("arguments") or ()]
        if name == "-" and len(told) == 1:
            told = [Typed("0", Kind.NUMBER, 0), *told]
        row = FUNCTIONS.get(name)
        if row is None or node.get("filter") is not None or node.get("distinct"):
            raise Refused("function", f"`{name[:60]}` is not answered here")
        fits = len(told) == len(row.takes) and all(one.kind in of for one, of in zip(told, row.takes, strict=True))
        if not fits or any(told[at].constant is None for at in row.constant):
            wanted = ", ".join(" or ".join(sorted(kind.value for kind in of)) for of in row.takes)
            raise Refused("function", f"`{name}` takes {wanted}")
        if row.among:
            word = str(told[0].constant).lower()
            if word not in row.among:
                raise Refused("function", f"`{name}` knows {', '.join(sorted(row.among))}")
            told[0] = Typed(kinds.literal(word), Kind.TEXT, word)
        # what is cut out of a moment is a moment again
        gives = told[1].kind if name == "date_trunc" else row.gives
        written = row.sql.format(*(one.sql for one in told))
        if name == "date_trunc":
            written = f"try_cast({written} AS {'DATE' if gives is Kind.DAY else 'TIMESTAMP'})"
        return Typed(written, gives)

    def _condition(self, node: Node, depth: int) -> Typed:
        found = self.write(node, depth)
        if found.kind not in (Kind.TRUTH, Kind.NOTHING):
            raise Refused("statement", f"a condition is true or false, and this is {found.kind.value}")
        return found

    @staticmethod
    def _alike(values: Sequence[Typed]) -> list[Typed]:
        """Return values of one kind, constants made of it; raises `Refused` for values that are not compared."""
        found = {one.kind for one in values} - {Kind.NOTHING}
        if len(found) <= 1:
            return list(values)
        wanted = Kind.MOMENT if Kind.MOMENT in found else Kind.DAY if found & _DATED else None
        made = [] if wanted is None else [kinds.as_kind(one, wanted) for one in values]
        if not made or None in made:
            told = " and ".join(sorted(kind.value for kind in found))
            raise Refused("statement", f"{told} are not compared: what does not fit would tell of itself")
        return [one for one in made if one is not None]

    # class of a node → what writes it
    _WRITERS: ClassVar[Mapping[str, Callable[[Expressions, Node, int], Typed]]] = {
        "COLUMN_REF": _column,
        "CONSTANT": _constant,
        "CAST": _cast,
        "COMPARISON": _compared,
        "CONJUNCTION": _both,
        "BETWEEN": _between,
        "OPERATOR": _operator,
        "CASE": _case,
        "FUNCTION": _function,
    }
