"""An end that somebody typed, as one instant: a date and a time with their zone."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.runtime.errors import InvalidInput


def read_until(told: str) -> datetime:
    """Return an end that somebody typed, in UTC and whole seconds; raises InvalidInput."""
    try:
        moment = datetime.fromisoformat(told)
    except ValueError as error:
        raise InvalidInput(f"`until` is no date and time: `{told[:40]}`", "such as 2027-12-31T00:00:00Z") from error
    if moment.tzinfo is None:
        raise InvalidInput("`until` has no time zone", "such as 2027-12-31T00:00:00Z")
    return moment.astimezone(UTC).replace(microsecond=0)
