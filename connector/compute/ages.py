"""How old the cells of a column are: whole days, counted back from the day on which their edition was sealed.

Law: days are those of UTC. A day after the sealing is taken for the day of the sealing by one day at most, which is as
far as clocks of the world are apart; what is further ahead, and a cell that names no day, is no date at all.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

from connector.compute.keys import OF_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

AHEAD_DAYS_MAX: Final = 1
_DAY_SECONDS: Final = 86_400
_EPOCH: Final = date(1970, 1, 1).toordinal()
# unit of a moment, as Arrow has it → how many are a second
_PER_SECOND: Final = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}


def ages(pa: Any, column: Any, sealed: date) -> list[int | None]:
    """Return the age of each cell in days, 0 for one ahead by a day, None for what is no date."""
    told = sealed.toordinal() - _EPOCH
    found = [None if day is None else told - day for day in _days(pa, column)]
    return [None if age is None or age < -AHEAD_DAYS_MAX else max(age, 0) for age in found]


def fresh(names: Sequence[str | None], aged: Sequence[int | None], days: int) -> list[str | None]:
    """Return the names of the rows that are at most so many days old, None for the others."""
    pairs = zip(names, aged, strict=True)
    return [name if age is not None and age <= days else None for name, age in pairs]


def _days(pa: Any, column: Any) -> list[int | None]:
    """Return the cells as days since 1970; moments without a time zone are taken for moments in UTC."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    kind = column.type
    if pa.types.is_date32(kind):
        days: list[int | None] = column.cast(pa.int32()).to_pylist()
        return days
    if str(kind) in OF_TEXT:
        return [None if text is None else _read(text) for text in column.to_pylist()]
    if pa.types.is_date64(kind):
        return _whole(pa, column, _DAY_SECONDS * _PER_SECOND["ms"])
    if pa.types.is_timestamp(kind):
        return _whole(pa, column, _DAY_SECONDS * _PER_SECOND[kind.unit])
    return [None] * len(column)


def _whole(pa: Any, column: Any, per_day: int) -> list[int | None]:
    return [None if one is None else one // per_day for one in column.cast(pa.int64()).to_pylist()]


def _read(text: str) -> int | None:
    """Return the day that a text names (ISO 8601), None for none."""
    try:
        moment = datetime.fromisoformat(text.strip())
        day = moment if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return day.toordinal() - _EPOCH
