"""What a value in a statement is, as far as the compute room cares: five kinds, and constants of each.

Law: what is compared or computed here can never fail while it runs, whatever is in a cell: a failure of the engine
tells one bit of a cell that no gate has seen. So a column of a kind that is no row here cannot be named, and what might
be out of range is made a double, where it is infinite instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(Enum):
    """What a value is."""

    NUMBER = "a number"
    TEXT = "a text"
    DAY = "a day"
    MOMENT = "a moment"
    TRUTH = "true or false"
    NOTHING = "null"


@dataclass(frozen=True, slots=True)
class Typed:
    """A part of a statement as it is written for the engine, and what its value is; `constant` is that of a literal."""

    sql: str
    kind: Kind
    constant: Any = None


# an engine's type, without what stands in brackets → its kind
OF_TYPE: Final[Mapping[str, Kind]] = {
    **dict.fromkeys(("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"), Kind.NUMBER),
    **dict.fromkeys(("UBIGINT", "HUGEINT", "UHUGEINT", "DECIMAL", "FLOAT", "DOUBLE"), Kind.NUMBER),
    "VARCHAR": Kind.TEXT,
    "DATE": Kind.DAY,
    **dict.fromkeys(("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"), Kind.MOMENT),
    "TIMESTAMP WITH TIME ZONE": Kind.MOMENT,
    "BOOLEAN": Kind.TRUTH,
}
# numbers that are compared as they are: comparing others with a constant may be out of their range
EXACT: Final = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "DOUBLE"})
# a column's kind in a catalogue (`catalog.profile.Kind`) → ours; of others nothing is asked
OF_PROFILE: Final[Mapping[str, str]] = {
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "time": "TIMESTAMP",
    "text": "VARCHAR",
}
_INTEGER: Final = re.compile(r"-?[0-9]{1,18}")
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{0,40})?([eE][+-]?[0-9]{1,3})?|-?\.[0-9]{1,40}")
TEXT_CHARACTERS_MAX: Final = 1_000


def column(name: str, engine_type: str) -> Typed | None:
    """Return a column of the engine's type, None for one that cannot be asked about."""
    plain = re.sub(r"\(.*\)", "", engine_type).strip()
    kind = OF_TYPE.get(plain)
    if kind is None:
        return None
    quoted = quote(name)
    if kind is Kind.NUMBER and plain not in EXACT:
        return Typed(double(quoted), kind)
    return Typed(f"try_cast({quoted} AS TIMESTAMP)" if kind is Kind.MOMENT else quoted, kind)


def number(text: str) -> Typed | None:
    """Return a number as it is written, None for none."""
    if _INTEGER.fullmatch(text):
        return Typed(text, Kind.NUMBER, int(text))
    return Typed(f"({text}::DOUBLE)", Kind.NUMBER, float(text)) if _NUMBER.fullmatch(text) else None


def text(value: str) -> Typed | None:
    """Return a text, None for one that is too long."""
    return Typed(literal(value), Kind.TEXT, value) if len(value) <= TEXT_CHARACTERS_MAX else None


def as_kind(value: Typed, kind: Kind) -> Typed | None:
    """Return a constant text as the day or moment that it names, a day as its first moment; None for neither."""
    if value.kind is kind or value.kind is Kind.NOTHING:
        return value
    if value.kind is Kind.DAY and kind is Kind.MOMENT:
        return Typed(f"try_cast({value.sql} AS TIMESTAMP)", kind)
    if value.kind is not Kind.TEXT or not isinstance(value.constant, str):
        return None
    try:
        if kind is Kind.DAY:
            return Typed(f"DATE '{date.fromisoformat(value.constant).isoformat()}'", kind, value.constant)
        if kind is Kind.MOMENT:
            told = datetime.fromisoformat(value.constant)
            return None if told.tzinfo else Typed(f"TIMESTAMP '{told.isoformat(' ')}'", kind, value.constant)
    except ValueError:
        pass
    return None


def double(sql: str) -> str:
    """Return a number as a double, nothing where it is none."""
    return f"try_cast({sql} AS DOUBLE)"


def quote(name: str) -> str:
    """Return a name as the engine takes it for nothing else."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Return a value of an answer as the engine reads it again."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"('{value!r}'::DOUBLE)"
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value.replace(tzinfo=None).isoformat(' ')}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + str(value).replace("'", "''") + "'"
