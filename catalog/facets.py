"""What listed products are narrowed by: facets (a product has a few values of each) and measures (one number of each).

One row each; who asks for another is refused and told these. A place stands for all that lies in it: a product about
`440305` is also one about `440300`, `CN-44` and `CN`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog.codes import FREQUENCIES, SECURITY_GRADES, TIERS
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from catalog.dataset import Dataset
    from contracts.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Listed:
    """What of a listed product facets and measures are read from."""

    dataset: Dataset
    provider: str
    tariff: Tariff
    updated: datetime


@dataclass(frozen=True, slots=True)
class Facet:
    """`values` of a product, and what the codes among them are called, in `(English, 中文)`."""

    key: str
    en: str
    zh: str
    values: Callable[[Listed], tuple[str, ...]]
    called: Mapping[str, tuple[str, str]]

    def words(self, value: str) -> tuple[str, str]:
        """Return what a value is called in both languages: itself if it is no code."""
        return self.called.get(value, (value, value))


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a product, in `unit`; questions give a range of it."""

    key: str
    unit: str
    value: Callable[[Listed], int]


def _place(listed: Listed) -> tuple[str, ...]:
    region = listed.dataset.region
    return tuple(sorted(regions.line(region))) if region else ()


FACETS: Mapping[str, Facet] = {
    facet.key: facet
    for facet in (
        Facet(
            "tier",
            "delivery",
            "交付方式",
            lambda listed: tuple({way.tier for way in listed.dataset.distributions}),
            {key: (row.en, row.zh) for key, row in TIERS.items()},
        ),
        Facet(
            "grade",
            "security grade",
            "安全等级",
            lambda listed: (str(listed.dataset.grade),),
            {str(grade): (code.en, code.zh) for grade, code in SECURITY_GRADES.items()},
        ),
        Facet(
            "frequency",
            "update frequency",
            "更新频率",
            lambda listed: (listed.dataset.frequency,),
            {key: (code.en, code.zh) for key, code in FREQUENCIES.items()},
        ),
        Facet("region", "region", "地区", _place, {}),
        Facet("provider", "provider", "提供方", lambda listed: (listed.provider,), {}),
        Facet("unit", "priced by", "计价单位", lambda listed: (listed.tariff.unit,), {}),
        Facet("currency", "currency", "币种", lambda listed: (listed.tariff.currency,), {}),
    )
}

MEASURES: Mapping[str, Measure] = {
    measure.key: measure
    for measure in (
        Measure("rows", "rows of all tables", lambda listed: listed.dataset.rows),
        Measure("bytes", "bytes of all files", lambda listed: listed.dataset.size),
        Measure("updated", "POSIX seconds", lambda listed: int(listed.updated.timestamp())),
    )
}
