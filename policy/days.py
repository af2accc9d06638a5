"""Days: a date with its zone (`xsd:date`, `2026-12-31+08:00`), and the instant that a comparison with it is made with.

A day lasts from its midnight to the next, in its zone. So `lteq` a day holds until the day is over, and `gt` a day from
then on: each comparison with a day is one with an instant, and nothing else here knows of days. A date without a zone
begins at another instant for each reader, and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from policy.errors import PolicyError
from policy.values import instant, plain
from policy.vocabulary.names import XSD

_DAY = re.compile(r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?")
_WRITTEN = "write it as 2026-01-31+08:00"
_TYPES = frozenset({"xsd:date", XSD + "date"})
# operator with a day -> the same with an instant, and whether that is the day's end
_BOUNDS: Mapping[str, tuple[str, bool]] = {
    "lt": ("lt", False),
    "lteq": ("lt", True),
    "gt": ("gteq", True),
    "gteq": ("gteq", False),
}


def is_day(value: object) -> bool:
    """Whether a right operand is said to be a date, or is text with the form of one that has a zone."""
    if isinstance(value, Mapping) and "@type" in value:
        return value["@type"] in _TYPES
    match = _DAY.fullmatch(plain(value) or "")
    return match is not None and match["zone"] is not None


def bound(operator: str, value: object, path: str) -> tuple[str, datetime]:
    """Give the operator and the instant (UTC) that say the same as an operator with a day; PolicyError for others."""
    start, end = _day(plain(value) or "", path)
    if operator not in _BOUNDS:
        hint = f"use one of {', '.join(_BOUNDS)}; within a day is `gteq` and `lteq` of it"
        raise PolicyError("unsupported", path, f"operator `{operator}` does not compare an instant with a day", hint)
    same, at_end = _BOUNDS[operator]
    return same, end if at_end else start


def _day(text: str, path: str) -> tuple[datetime, datetime]:
    match = _DAY.fullmatch(text)
    if match is None:
        raise PolicyError("bad-value", path, f"`{text[:80]}` is not a date", _WRITTEN)
    if match["zone"] is None:
        raise PolicyError("no-time-zone", path, f"`{text}` has no time zone", _WRITTEN)
    start = instant(f"{match['date']}T00:00{match['zone']}")
    try:
        if start is not None:
            return start, start + timedelta(days=1)
    except OverflowError:
        pass
    raise PolicyError("bad-value", path, f"`{text}` is not in the calendar")
