"""Cuts of what is ordered: numbers, counts, durations, rates and versions, as the request or a counter says them."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from itertools import combinations_with_replacement, pairwise
from typing import TYPE_CHECKING, Any

from policy.calendar import Duration
from policy.compare.cells import Cell, Place
from policy.errors import UntoldError
from policy.values import MAX_DECIMALS, show

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from policy.compare.cells import Axis, Deck

# Uses listed one by one, where several windows of different length look at them.
MAX_USES = 200
MONTH_DAYS = Fraction(146097, 4800)
# No number of months is further from its average length than this (one month from 1 February is 28 days).
MONTH_SLACK_DAYS = 3


def _put(deck: Deck, axis: Axis, values: Iterable[Any]) -> None:
    """Add values of an ordered type: as text where the request says them, as they are where a counter holds them."""
    deck.add(Cell())
    for value in values:
        deck.add(Cell(value if axis.place is Place.COUNTER else show(value)))


def numbers(deck: Deck, axis: Axis, constants: Sequence[Any]) -> None:
    """Cut at every number, between any two neighbours, and beyond either end."""
    points = sorted(constants)
    lowest, highest = points[0] - 1, points[-1] + 1
    # no value is written with more decimals, so where two are that close there is nothing between them
    middles = [Fraction(int((low + high) * 10**MAX_DECIMALS) // 2, 10**MAX_DECIMALS) for low, high in pairwise(points)]
    floor = Fraction(0) if axis.place is Place.COUNTER else lowest
    _put(deck, axis, [value for value in (Fraction(0), *points, *middles, lowest, highest) if value >= floor])


def counts(deck: Deck, _axis: Axis, constants: Sequence[Any]) -> None:
    """Cut at the uses so far that are just below, at and above each limit, the use asked for counted in."""
    for uses in sorted({0, *(max(0, limit + step) for limit in constants for step in (-2, -1, 0, 1))}):
        deck.add(Cell(uses))


def durations(deck: Deck, axis: Axis, constants: Sequence[Any]) -> None:
    """Cut at every duration and between any two; what only the calendar puts in order is not told."""
    spans = sorted(constants, key=_length)
    days = [_length(span) for span in spans]
    for (short, one), (long, other) in pairwise(zip(days, spans, strict=True)):
        if one.months != other.months and long - short <= MONTH_SLACK_DAYS:
            raise UntoldError(f"whether {one} or {other} is longer depends on the calendar")
    middles = [(short + long) / 2 for short, long in pairwise(days)]
    ends = [days[0] - Fraction(1, 86400), Fraction(0), days[-1] + MONTH_SLACK_DAYS]
    between = [Duration(0, span * 86400) for span in (*middles, *ends) if span >= 0]
    _put(deck, axis, [*(_spans(spans) if axis.place is Place.COUNTER else spans), *between])


def _length(span: Duration) -> Fraction:
    """Tell how many days a duration has, a month taken at its average."""
    return span.months * MONTH_DAYS + span.seconds / 86400


def _spans(constants: Sequence[Duration]) -> list[Duration]:
    """Write what has passed as a counter says it: in seconds, also where the limit is a number of months."""
    return [
        span if not span.months else Duration(0, Fraction(round(_length(span)) + slack) * 86400)
        for span in constants
        for slack in (range(-MONTH_SLACK_DAYS, MONTH_SLACK_DAYS + 1) if span.months else (0,))
    ]


def rates(deck: Deck, axis: Axis, constants: Sequence[Any]) -> None:
    """Cut by how many uses each window holds; a shorter window never holds more than a longer one."""
    windows = sorted({(rate.window.seconds, rate.fixed) for rate in constants})
    counts = sorted({max(0, rate.count + step) for rate in constants for step in (-2, -1, 0, 1)})
    if len(windows) == 1:
        _put(deck, axis, counts)
        return
    if any(fixed for _, fixed in windows) or counts[-1] > MAX_USES:
        raise UntoldError("rates over different windows are only compared where they slide and are small")
    deck.add(Cell())
    for uses in combinations_with_replacement([0, *counts], len(windows)):
        deck.add(Cell(tuple(_ago(windows, uses))))


def _ago(windows: Sequence[tuple[Fraction, bool]], uses: tuple[int, ...]) -> list[timedelta]:
    """Spread uses so that each window, from the shortest, holds so many of them."""
    edges = [Fraction(0), *(seconds for seconds, _ in windows)]
    steps = [later - earlier for earlier, later in pairwise((0, *uses))]
    return [timedelta(seconds=float(edge)) for edge, step in zip(edges, steps, strict=False) for _ in range(step)]


def versions(deck: Deck, axis: Axis, constants: Sequence[tuple[int, ...]]) -> None:
    """Cut at every version, between any two neighbours, and beyond either end."""
    points = sorted(constants)
    between = [_version_between(low, high) for low, high in pairwise(points)]
    _put(deck, axis, [*points, (0,), *between, (points[-1][0] + 1,)])


def _version_between(low: tuple[int, ...], high: tuple[int, ...]) -> tuple[int, ...]:
    middle = (*low, 1)
    while not middle < high:
        middle = (*middle[:-1], 0, 1)
    return middle
