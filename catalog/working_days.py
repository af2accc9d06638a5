"""Deadlines in working days, Monday to Friday; holidays are the operator's."""

from __future__ import annotations

from datetime import datetime, timedelta

SATURDAY = 5


def after(begun: datetime, days: int) -> datetime:
    """Return the instant `days` working days after `begun`, at the same time of the day."""
    at, left = begun, days
    while left:
        at += timedelta(days=1)
        left -= at.weekday() < SATURDAY
    return at
