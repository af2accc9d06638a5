"""Time as policies write it: durations (ISO 8601), weekly windows with a zone, and rates of a count per duration.

A duration of months or years has no length of its own; it is a step in the calendar from an instant, taken in UTC, the
day clamped to the month's last. A weekly window is half-open, and one that ends before it begins runs into the next
day. Zones are those of the IANA database that the installation carries.
"""

from __future__ import annotations

import calendar as months_of
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Sequence

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
MINUTES_OF_DAY = 24 * 60
MAX_YEARS = 1000  # longer than any agreement, and inside the calendar
MAX_DURATION_SECONDS = MAX_YEARS * 366 * 86400
MAX_WINDOW_CHARS = 128
_DURATION = re.compile(
    r"P(?:(?P<years>[0-9]{1,4})Y)?(?:(?P<months>[0-9]{1,5})M)?(?:(?P<weeks>[0-9]{1,6})W)?(?:(?P<days>[0-9]{1,7})D)?"
    r"(?:T(?:(?P<hours>[0-9]{1,9})H)?(?:(?P<minutes>[0-9]{1,9})M)?(?:(?P<seconds>[0-9]{1,11}(?:\.[0-9]{1,6})?)S)?)?"
)
_SECONDS = {"weeks": 604800, "days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}
_WINDOW = re.compile(
    r"(?P<days>(?:Mo|Tu|We|Th|Fr|Sa|Su)(?:[-,](?:Mo|Tu|We|Th|Fr|Sa|Su))*) "
    r"(?P<start>[0-2][0-9]:[0-5][0-9])-(?P<end>[0-2][0-9]:[0-5][0-9]) (?P<zone>[A-Za-z0-9_+/-]{1,64})"
)


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """An ISO 8601 duration: whole months, then seconds; those without months are in order."""

    months: int = 0
    seconds: Fraction = Fraction(0)

    def after(self, anchor: datetime) -> datetime:
        """Step from an aware instant; the end of the calendar when it lies beyond."""
        start = anchor.astimezone(UTC)
        try:
            month = start.year * 12 + start.month - 1 + self.months
            year, month = divmod(month, 12)
            day = min(start.day, months_of.monthrange(year, month + 1)[1])
            micros = int(self.seconds * 1_000_000)
            return start.replace(year=year, month=month + 1, day=day) + timedelta(microseconds=micros)
        except (ValueError, OverflowError):
            return datetime.max.replace(tzinfo=UTC)

    def __str__(self) -> str:
        days, rest = divmod(self.seconds, 86400)
        hours, rest = divmod(rest, 3600)
        minutes, seconds = divmod(rest, 60)
        date = _parts((self.months // 12, "Y"), (self.months % 12, "M"), (int(days), "D"))
        text = f"{float(seconds):.6f}".rstrip("0").rstrip(".")
        time = _parts((int(hours), "H"), (int(minutes), "M")) + (f"{text}S" if seconds else "")
        return f"P{date}{'T' + time if time else ''}" if date or time else "PT0S"


def duration(text: str) -> Duration | None:
    """Read `P1Y2M3W4DT5H6M7.5S` in any of its parts; None for anything else."""
    match = _DURATION.fullmatch(text)
    if match is None or text.endswith("T") or not any(match.groupdict().values()):
        return None
    months = 12 * int(match["years"] or 0) + int(match["months"] or 0)
    seconds = sum((Fraction(match[name] or 0) * size for name, size in _SECONDS.items()), Fraction(0))
    return None if months > 12 * MAX_YEARS or seconds > MAX_DURATION_SECONDS else Duration(months, seconds)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most so many in any span of the window (sliding), or in each window since the epoch (`fixed`)."""

    count: int
    window: Duration
    fixed: bool = False

    def within(self, uses: Sequence[datetime], now: datetime) -> int:
        """Count the uses that fall in the window of `now`."""
        since = self.since(now)
        return sum(since < use <= now if not self.fixed else since <= use <= now for use in uses)

    def since(self, now: datetime) -> datetime:
        """Tell when the window of `now` began; that instant is outside a sliding window and inside a fixed one.

        The beginning of the calendar when the window began before it.
        """
        span = timedelta(microseconds=int(self.window.seconds * 1_000_000))
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        try:
            return epoch + ((now - epoch) // span) * span if self.fixed else now - span
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)

    def __str__(self) -> str:
        return f"{self.count}/{self.window}{'/fixed' if self.fixed else ''}"


def rate(text: str) -> Rate | None:
    """Read `100/PT1M` or `100/PT1M/fixed`; the window is not empty and has no months; None for anything else."""
    count, _, rest = text.partition("/")
    span, _, kind = rest.partition("/")
    window = duration(span)
    if not re.fullmatch(r"0|[1-9][0-9]{0,11}", count) or window is None or window.months or not window.seconds:
        return None
    return Rate(int(count), window, kind == "fixed") if kind in {"", "fixed", "sliding"} else None


@dataclass(frozen=True, slots=True)
class WeekWindow:
    """Some days of the week from a minute to a minute (half-open) on the clocks of a zone."""

    text: str
    days: frozenset[int]
    start: int
    end: int
    zone: str

    def contains(self, now: datetime) -> bool:
        """Whether an aware instant lies in the window."""
        try:
            local = now.astimezone(zone(self.zone))
        except OverflowError:
            local = now  # within a day of the calendar's ends, where a zone's own clock may have no date
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= minute < self.end
        yesterday = (day - 1) % len(DAYS)
        return (day in self.days and minute >= self.start) or (yesterday in self.days and minute < self.end)

    def __str__(self) -> str:
        return self.text


def week_window(text: str) -> WeekWindow | None:
    """Read `Mo-Fr 09:00-17:00 Asia/Shanghai`; None for anything else, an unknown zone included."""
    match = _WINDOW.fullmatch(text) if len(text) <= MAX_WINDOW_CHARS else None
    if match is None:
        return None
    start, end = _minute(match["start"]), _minute(match["end"])
    if start >= MINUTES_OF_DAY or end > MINUTES_OF_DAY or start == end:
        return None
    try:
        zone(match["zone"])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return WeekWindow(text, _days(match["days"]), start, end, match["zone"])


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Load a zone of the IANA database; ZoneInfoNotFoundError for another name."""
    return ZoneInfo(name)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, *rest = (DAYS.index(day) for day in part.split("-"))
        last = rest[-1] if rest else first
        found.update(day % len(DAYS) for day in range(first, last + 1 if last >= first else last + 1 + len(DAYS)))
    return frozenset(found)


def _parts(*parts: tuple[int, str]) -> str:
    return "".join(f"{size}{letter}" for size, letter in parts if size)
