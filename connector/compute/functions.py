"""Which functions a statement of the compute room may use: a row each; what is no row is refused.

Law: none of them can fail on a value of its kinds, reads more than its arguments, or tells anything of engine or time.
An argument that is `CONSTANT` must be written in the statement itself, so that its size is known before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from connector.compute.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Function:
    """A row: the kinds of its arguments, that of its value, and how it is written with them.

    `constant` are the places of arguments that must be constants; `among` is what the first may be, if not anything.
    """

    takes: tuple[frozenset[Kind], ...]
    gives: Kind
    sql: str
    constant: frozenset[int] = frozenset()
    among: frozenset[str] = frozenset()


_NUMBER, _TEXT = frozenset({Kind.NUMBER}), frozenset({Kind.TEXT})
_DATED = frozenset({Kind.DAY, Kind.MOMENT})
# what a day or a moment has as whole numbers, and to what it is cut
PARTS: Final = frozenset({"year", "quarter", "month", "week", "day", "dow", "isodow", "doy", "hour"})
CUTS: Final = frozenset({"year", "quarter", "month", "week", "day", "hour"})


def _arithmetic(sign: str) -> Function:
    written = f"(try_cast({{0}} AS DOUBLE) {sign} try_cast({{1}} AS DOUBLE))"
    return Function((_NUMBER, _NUMBER), Kind.NUMBER, written)


def _rounded(name: str) -> Function:
    return Function((_NUMBER,), Kind.NUMBER, f"{name}(try_cast({{0}} AS DOUBLE))")


def _part(name: str) -> Function:
    return Function((_DATED,), Kind.NUMBER, f"date_part('{name}', {{0}})")


def _told(name: str) -> Function:
    return Function((_TEXT, _TEXT), Kind.TRUTH, f"{name}({{0}}, {{1}})")


def _like(sign: str) -> Function:
    return Function((_TEXT, _TEXT), Kind.TRUTH, f"({{0}} {sign} {{1}})", constant=frozenset({1}))


FUNCTIONS: Final[Mapping[str, Function]] = {
    **{sign: _arithmetic(sign) for sign in ("+", "-", "*", "/")},
    "%": _arithmetic("%"),
    **{name: _rounded(name) for name in ("abs", "floor", "ceil", "ceiling", "round", "sign")},
    **{name: _part(name) for name in ("year", "quarter", "month", "week", "day", "hour")},
    "dayofweek": _part("dow"),
    "dayofyear": _part("doy"),
    "date_part": Function((_TEXT, _DATED), Kind.NUMBER, "date_part({0}, {1})", frozenset({0}), PARTS),
    "date_trunc": Function((_TEXT, _DATED), Kind.DAY, "date_trunc({0}, {1})", frozenset({0}), CUTS),
    **{name: Function((_TEXT,), Kind.TEXT, f"{name}({{0}})") for name in ("lower", "upper", "trim")},
    "length": Function((_TEXT,), Kind.NUMBER, "length({0})"),
    "left": Function((_TEXT, _NUMBER), Kind.TEXT, "left({0}, {1})", frozenset({1})),
    "right": Function((_TEXT, _NUMBER), Kind.TEXT, "right({0}, {1})", frozenset({1})),
    "substring": Function((_TEXT, _NUMBER, _NUMBER), Kind.TEXT, "substring({0}, {1}, {2})", constant=frozenset({1, 2})),
    "starts_with": _told("starts_with"),
    "ends_with": _told("ends_with"),
    "contains": _told("contains"),
    "~~": _like("LIKE"),
    "!~~": _like("NOT LIKE"),
    "~~*": _like("ILIKE"),
    "!~~*": _like("NOT ILIKE"),
}
# what may be told of the rows of a group, besides how many there are
AGGREGATES: Final[Mapping[str, str]] = {"count_star": "COUNT", "count": "COUNT", "sum": "SUM", "avg": "AVG"}
SAME_NAME: Final[Mapping[str, str]] = {
    "mean": "avg",
    "substr": "substring",
    "prefix": "starts_with",
    "datepart": "date_part",
}
