"""The six qualities of data (规范 完整 准确 一致 时效 可访问), the rule of each, and the letter they come to.

Law: what was not measured has no figure. Every figure is made again by anybody who has the dataset's description, in
basis points of what could be, rounded down. The letter is that of the worst quality that was measured.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from catalog.profile import ratio_bps
from contracts.split import WHOLE_BPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from catalog.dataset import Dataset

# letter → the least basis points of the worst quality
LETTERS: Mapping[str, int] = {"A": 9_900, "B": 9_500, "C": 8_000, "D": 0}
# how old the newest moment in the data may be, by how often it is renewed: twice the period; others have no age
FRESH_DAYS: Mapping[str, int] = {
    "realTime": 1,
    "daily": 2,
    "weekly": 14,
    "monthly": 62,
    "quarterly": 184,
    "semiannual": 366,
    "annual": 732,
}
DAY = timedelta(days=1)
MOMENTS = frozenset({"date", "time"})


@dataclass(frozen=True, slots=True)
class Quality:
    """One row; `measured` gives basis points, None when there is nothing to measure."""

    key: str
    en: str
    zh: str
    rule: str
    measured: Callable[[Dataset, datetime], int | None]


def _share(name: str) -> Callable[[Dataset, datetime], int | None]:
    """Return the measure of a share that every table's profile has: over all tables, by their cells."""

    def measured(dataset: Dataset, _: datetime) -> int | None:
        of = [file for file in dataset.files if name in file.quality]
        tables = [(file.quality[name], (file.rows or 0) * len(file.columns)) for file in of]
        cells = sum(weight for _, weight in tables)
        return sum(bps * weight for bps, weight in tables) // cells if cells else None

    return measured


def _consistent(dataset: Dataset, _: datetime) -> int | None:
    kinds: dict[str, set[str]] = defaultdict(set)
    places: dict[str, int] = defaultdict(int)
    for file in dataset.files:
        for column in file.columns:
            kinds[column.name].add(column.kind)
            places[column.name] += 1
    shared = [name for name, count in places.items() if count > 1]
    return ratio_bps(sum(len(kinds[name]) == 1 for name in shared), len(shared)) if shared else None


def _timely(dataset: Dataset, at: datetime) -> int | None:
    days, newest = FRESH_DAYS.get(dataset.frequency), max(_moments(dataset), default=None)
    if days is None or newest is None:
        return None
    age = max(timedelta(), at - newest)
    return WHOLE_BPS if age <= days * DAY else days * DAY * WHOLE_BPS // age


def _accessible(dataset: Dataset, _: datetime) -> int | None:
    """Return the share of files that were read as their name promises."""
    return ratio_bps(sum(not file.note for file in dataset.files), len(dataset.files))


def _unmeasured(_: Dataset, __: datetime) -> int | None:
    return None


def _moments(dataset: Dataset) -> Iterator[datetime]:
    for file in dataset.files:
        for column in file.columns:
            if column.kind in MOMENTS and column.maximum is not None:
                try:
                    found = datetime.fromisoformat(column.maximum)
                except ValueError:
                    continue
                yield found if found.tzinfo is not None else found.replace(tzinfo=UTC)


QUALITIES: tuple[Quality, ...] = (
    Quality("conformity", "conformity", "规范", "rows with as many cells as the head ÷ rows", _share("conformity")),
    Quality("completeness", "completeness", "完整", "cells with a value ÷ cells of all tables", _share("completeness")),
    Quality("accuracy", "accuracy", "准确", "not measured: it needs something true to compare with", _unmeasured),
    Quality(
        "consistency",
        "consistency",
        "一致",
        "columns of one name in several tables that are of one kind ÷ columns in several tables",
        _consistent,
    ),
    Quality(
        "timeliness",
        "timeliness",
        "时效",
        "1 while the newest moment in the data is younger than two periods, then two periods ÷ its age",
        _timely,
    ),
    Quality("accessibility", "accessibility", "可访问", "files read as their name promises ÷ files", _accessible),
)


def qualities(dataset: Dataset, at: datetime) -> dict[str, int]:
    """Return what was measured of a dataset, as of `at`, in basis points."""
    found = ((quality.key, quality.measured(dataset, at)) for quality in QUALITIES)
    return {key: bps for key, bps in found if bps is not None}


def letter(dataset: Dataset, at: datetime) -> str:
    """Return A, B, C or D by the worst measured quality of its tables; empty for a dataset without a table."""
    if not any(file.rows is not None for file in dataset.files):
        return ""
    worst = min(qualities(dataset, at).values())
    return next(name for name, least in LETTERS.items() if worst >= least)
