"""EDC's QuerySpec over tables: which rows, in which order, from which on; answered by the database.

Law: what a criterion names is a field of a table here, or is refused by name; nothing is left out in silence. A page
has as many rows as are asked for, 50 where nothing is said, as every server of this interface has it.

    {"offset": 0, "limit": 50, "sortField": "createdAt", "sortOrder": "DESC", "filterExpression":
     [{"operandLeft": "state", "operator": "=", "operandRight": "FINALIZED"}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connector.negotiation.protocol.query_spec import EDC
from connector.operation.management.names import scalar
from connector.operation.management.shape import Violation, Violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.store.transaction import Tx

LIMIT: Final = 50
LIMIT_MAX = 1_000
OFFSET_MAX = 1_000_000
CRITERIA_MAX = 16
ALTERNATIVES_MAX = 100
TEXT_CHARACTERS_MAX = 1_000
COMPARED: Final = {"=": "=", "!=": "<>", "<": "<", ">": ">", "<=": "<=", ">=": ">="}
ANY = "%"


@dataclass(frozen=True, slots=True)
class Field:
    """What of a row is meant by a name: an expression of SQL, and how a client's value is written there."""

    sql: str
    write: Callable[[str], Any] = str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that are asked for: how they are found by `id`, what their fields are called.

    `other` says what any other name means: (name) → what must hold, with `{}` for the comparison, and the values that
    stand before its own.
    """

    rows: str
    fields: Mapping[str, Field]
    other: Callable[[str], tuple[str, tuple[Any, ...]]] | None = None
    condition: str = "1 = 1"


@dataclass(frozen=True, slots=True)
class Query:
    """A statement's ends, and their values."""

    where: str
    values: tuple[Any, ...]
    order: str
    limit: int
    offset: int


def read(spec: Mapping[str, Any], table: Table) -> Query:
    """Return what a QuerySpec asks of a table; raises Violations for what is not understood here."""
    criteria = listed(spec.get("filterExpression"))
    if len(criteria) > CRITERIA_MAX:
        raise _odd(f"a query has at most {CRITERIA_MAX} criteria", "filterExpression")
    parts: list[str] = [table.condition]
    values: list[Any] = []
    for one in criteria:
        part, told = _criterion(one, table)
        parts.append(part)
        values += told
    return Query(
        " AND ".join(parts),
        tuple(values),
        _order(spec, table),
        _number(spec, "limit", 1, LIMIT_MAX, LIMIT),
        _number(spec, "offset", 0, OFFSET_MAX, 0),
    )


def ids(tx: Tx, table: Table, query: Query) -> list[str]:
    """Return the ids of the rows, in order."""
    sql = f"SELECT id FROM {table.rows} WHERE {query.where} ORDER BY {query.order} LIMIT ? OFFSET ?"  # noqa: S608  # words of ours, values apart
    return [str(row["id"]) for row in tx.execute(sql, *query.values, query.limit, query.offset)]


def listed(value: Any) -> list[Any]:
    """Return a member that may have one value, many, or none."""
    return [] if value is None else value if isinstance(value, list) else [value]


def local(name: Any) -> str:
    """Return how a field is called: EDC's by their local names, in brackets or not."""
    told = str(scalar(name)).strip("'")
    told = told.removeprefix("properties.").strip("'")
    return told.removeprefix(EDC).removeprefix("edc:").removeprefix("@")


def _criterion(told: Any, table: Table) -> tuple[str, list[Any]]:
    if not isinstance(told, dict) or not isinstance(told.get("operandLeft"), str):
        raise _odd("a criterion has `operandLeft`, `operator` and `operandRight`", "filterExpression")
    name = local(told["operandLeft"])
    field = table.fields.get(name)
    if field is not None:
        return compared(field, told, name)
    if table.other is None:
        known = ", ".join(sorted(table.fields))
        raise _odd(f"nothing here is found by `{name[:100]}`; it is by {known}", "operandLeft", name[:200])
    within, before = table.other(name)
    part, values = compared(Field("value"), told, name)
    return within.replace("{}", part), [*before, *values]


def compared(field: Field, told: Mapping[str, Any], name: str) -> tuple[str, list[Any]]:
    """Return a comparison in SQL, and its values."""
    operator, right = told.get("operator"), told.get("operandRight")
    operator = operator if isinstance(operator, str) else ""
    if operator in COMPARED and _is_value(right):
        return f"{field.sql} {COMPARED[operator]} ?", [_written(field, right, name)]
    if operator == "in":
        among = listed(right)
        if 0 < len(among) <= ALTERNATIVES_MAX and all(map(_is_value, among)):
            marks = ", ".join("?" * len(among))
            return f"{field.sql} IN ({marks})", [_written(field, one, name) for one in among]
    if operator in ("like", "ilike") and isinstance(right, str) and len(right) <= TEXT_CHARACTERS_MAX:
        return _like(field, operator, right)
    raise _odd(
        f"`{name[:100]} {str(operator)[:20]} …` is not understood: {', '.join(COMPARED)} take a value, `in` at most "
        f"{ALTERNATIVES_MAX} of them, `like` and `ilike` a text with `%` at its ends",
        "operator",
        str(operator)[:20],
    )


def _like(field: Field, operator: str, pattern: str) -> tuple[str, list[Any]]:
    """Return LIKE without it: databases disagree about letters large and small."""
    inner = pattern.strip(ANY)
    if ANY in inner or "_" in inner:
        raise _odd("a pattern has `%` at its ends alone, and no `_`", "operandRight", pattern[:200])
    sql = f"lower({field.sql})" if operator == "ilike" else field.sql
    said = inner.lower() if operator == "ilike" else inner
    match pattern.startswith(ANY), pattern.endswith(ANY):
        case _ if not inner:
            return f"({field.sql} <> '' OR {field.sql} = '')", []
        case True, True:
            return f"replace({sql}, ?, '') <> {sql}", [said]
        case True, False:
            return f"substr({sql}, length({sql}) - ?) = ?", [len(said) - 1, said]
        case False, True:
            return f"substr({sql}, 1, ?) = ?", [len(said), said]
    return f"{sql} = ?", [said]


def _is_value(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) <= TEXT_CHARACTERS_MAX


def _written(field: Field, value: Any, name: str) -> Any:
    try:
        return field.write(str(value).lower() if isinstance(value, bool) else str(value))
    except ValueError as fault:
        raise _odd(f"`{str(value)[:100]}` is no value of `{name[:100]}`", "operandRight", str(value)[:200]) from fault


def _order(spec: Mapping[str, Any], table: Table) -> str:
    told, direction = spec.get("sortField"), str(spec.get("sortOrder") or "ASC").upper()
    name = "createdAt" if told is None else local(told)
    if name not in table.fields:
        known = ", ".join(sorted(table.fields))
        raise _odd(f"nothing is ordered by `{name[:100]}` here; it is by {known}", "sortField", name[:200])
    if direction not in ("ASC", "DESC"):
        raise _odd("`sortOrder` is ASC or DESC", "sortOrder", direction[:20])
    return f"{table.fields[name].sql} {direction}, id {direction}"


def _number(spec: Mapping[str, Any], name: str, least: int, most: int, usual: int) -> int:
    value = spec.get(name)
    if value is None:
        return usual
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _odd(f"`{name}` is a whole number from {least} to {most}", name, str(value)[:40])
    return value


def _odd(text: str, path: str, value: Any = None) -> Violations:
    return Violations([Violation(text, path, value)])
