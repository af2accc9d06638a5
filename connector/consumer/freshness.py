"""How old what covered subjects have is: the share of them within each age, and the median, from counts with limits.

Law: (1) shares are of the subjects that are covered; one without a readable date is older than any age. (2) Counts of
two questions err by themselves, so their errors add up by their squares. (3) The median is interpolated between two
ages; its limits are ages that were asked for, because how days lie between two of them nobody has told.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, Any

from connector.compute.marks import DEVIATIONS, Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from contracts.canonical import JsonObject
    from contracts.freshness import Freshness

# a median may err on one side at a time: 95 of a hundred need fewer deviations than an estimate with its two sides
ONE_SIDE = 1.645 / DEVIATIONS
SHARE_DIGITS = 3
# of a day, beyond which its fraction is an error of the arithmetic
DAY_DIGITS = 6


def told(fresh: Freshness, sealed: str, rows: Iterable[Sequence[Any]]) -> list[JsonObject]:
    """Return for each group of a list how old it is; `rows` are those of an answer, each with its age at the end."""
    groups: dict[str, dict[tuple[str, int | None], Estimate]] = {}
    for label, column, _, covered, low, high, days in rows:
        groups.setdefault(label, {})[column, days] = Estimate(covered, low, high)
    return [_group(fresh, sealed, label, counts) for label, counts in groups.items()]


def _group(fresh: Freshness, sealed: str, label: str, counts: Mapping[tuple[str, int | None], Estimate]) -> JsonObject:
    covered, within = counts["", None], {days: counts[fresh.column, days] for days in fresh.days}
    about = {"group": label, "column": fresh.column, "sealed": sealed}
    if covered.low < 1:  # perhaps nobody is covered, and of nobody there is no share
        return {**about, "ages": [], "median": None, "low": 0, "high": None}
    shares = [{"days": days, **_share(count, covered)} for days, count in within.items()]
    middle = median(within, covered)
    return {**about, "ages": shares, "median": middle[0], "low": middle[1], "high": middle[2]}


def _share(part: Estimate, covered: Estimate) -> dict[str, float]:
    """Return the share of a count in another, with its limits."""
    share = min(part.count / covered.count, 1.0)
    below = sqrt((part.count - part.low) ** 2 + (share * (covered.high - covered.count)) ** 2) / covered.count
    above = sqrt((part.high - part.count) ** 2 + (share * (covered.count - covered.low)) ** 2) / covered.count
    limits = {"share": share, "low": max(share - below, 0.0), "high": min(share + above, 1.0)}
    return {name: round(one, SHARE_DIGITS) for name, one in limits.items()}


def median(within: dict[int, Estimate], covered: Estimate) -> tuple[int | None, int, int | None]:
    """Return the median age in days, and its limits: with 95 per cent more than the first (0: any), at most the second.

    `within` are the counts of each age, ascending. None: older than the greatest age.
    """
    ahead = {days: count.count - covered.count / 2 for days, count in within.items()}
    return _crossing(ahead, -covered.count / 2), _least(within, ahead, covered), _most(within, ahead, covered)


def _crossing(ahead: Mapping[int, float], lacking: float) -> int | None:
    """Return the day by which half of all are reached, on the line between two ages; `lacking` are those at none."""
    before = 0
    for days, more in ahead.items():
        if more >= 0:
            return before + ceil(round((days - before) * lacking / (lacking - more), DAY_DIGITS))
        before, lacking = days, more
    return None


def _least(within: Mapping[int, Estimate], ahead: Mapping[int, float], covered: Estimate) -> int:
    """Return the greatest age up to which surely fewer than half are fresh, 0 for none."""
    found = 0
    for days, count in within.items():
        wide = sqrt((count.high - count.count) ** 2 + ((covered.count - covered.low) / 2) ** 2)
        if ahead[days] + ONE_SIDE * wide >= 0:
            break
        found = days
    return found


def _most(within: dict[int, Estimate], ahead: Mapping[int, float], covered: Estimate) -> int | None:
    """Return the least age from which on surely half are fresh, None for none."""
    found = None
    for days, count in reversed(within.items()):
        wide = sqrt((count.count - count.low) ** 2 + ((covered.high - covered.count) / 2) ** 2)
        if ahead[days] - ONE_SIDE * wide < 0:
            break
        found = days
    return found
