"""The clock: instants and weekly windows look at one `now`, so they are one axis, cut by both together.

Between two neighbouring instants only windows matter. They repeat every week on the clocks of their zone, so a week
shows all that one zone can; several zones change their clocks on different days, so then a year is looked through.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from policy.calendar import WeekWindow, zone

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

USUAL = datetime(2026, 1, 1, 12, tzinfo=UTC)
WEEK_DAYS = 8  # a day more, for zones that are ahead
YEAR_DAYS = 372
_TICK = timedelta(seconds=1)


def instants(constants: Iterable[object]) -> list[datetime]:
    """List instants among which there is one for every answer that the constants can give."""
    times: list[datetime] = []
    windows: list[WeekWindow] = []
    for constant in constants:
        if isinstance(constant, datetime):
            times.append(constant)
        elif isinstance(constant, WeekWindow):
            windows.append(constant)
    found = [USUAL, *times]
    for start, end in _gaps(sorted(set(times)), windows):
        found.append(start + (end - start) / 2)
        found += [edge for edge in _edges(windows, start, end) if start < edge < end]
    return found


def _gaps(times: Sequence[datetime], windows: Sequence[WeekWindow]) -> list[tuple[datetime, datetime]]:
    """List the open stretches between the constants, and one as long as needed before and after all of them."""
    reach = timedelta(days=WEEK_DAYS if len({window.zone for window in windows}) < 2 else YEAR_DAYS)
    if not times:
        return [(USUAL, USUAL + reach)]
    gaps = list(pairwise(times))
    if times[0] - datetime.min.replace(tzinfo=UTC) > 2 * reach:
        gaps.insert(0, (times[0] - reach, times[0]))
    if datetime.max.replace(tzinfo=UTC) - times[-1] > 2 * reach:
        gaps.append((times[-1], times[-1] + reach))
    return gaps


def _edges(windows: Sequence[WeekWindow], start: datetime, end: datetime) -> Iterator[datetime]:
    """Go through the beginnings and ends of the windows, and the last moment before each."""
    days = YEAR_DAYS if len({window.zone for window in windows}) > 1 else WEEK_DAYS
    for window in windows:
        for day in range(min(days, (end - start).days + 2)):
            midnight = (start.astimezone(zone(window.zone)) + timedelta(days=day)).replace(
                hour=0, minute=0, second=0, microsecond=0
            )
            for minute in (window.start, window.end):
                edge = (midnight + timedelta(minutes=minute)).astimezone(UTC)
                yield from (edge, edge - _TICK)
