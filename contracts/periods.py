"""The periods of a subscription: days, weeks, months and years of the calendar, in UTC.

Law: a period has a number that follows from the instant and nothing else, so that neither a restart nor a restored
back-up begins one anew. The first and the last period of an agreement may be short, at the same price.
"""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MONTHS_A_YEAR = 12
DAYS_A_WEEK = 7
# kind → the number of the period that an instant in UTC lies in; day 1 of the calendar was a Monday
PERIODS: Final[Mapping[str, Callable[[datetime], int]]] = MappingProxyType(
    {
        "day": lambda at: at.toordinal(),
        "week": lambda at: (at.toordinal() - 1) // DAYS_A_WEEK,
        "month": lambda at: at.year * MONTHS_A_YEAR + at.month - 1,
        "year": lambda at: at.year,
    }
)


def number(kind: str, at: datetime) -> int:
    """Return the number of the period of a kind that the aware instant `at` lies in."""
    if kind not in PERIODS:
        raise ContractError("unknown-period", f"`{kind}` is not a period", f"use one of {', '.join(PERIODS)}")
    return PERIODS[kind](at.astimezone(UTC))


def between(kind: str, start: datetime, end: datetime) -> int:
    """Return how many periods of a kind an agreement from `start` to `end` touches, both included."""
    return max(number(kind, end) - number(kind, start) + 1, 0)
