"""What listed products are narrowed by: facets (a product has a few values of each) and measures (one number of each).

One row each; who asks for another is refused and told these. A place stands for all that lies in it: a product about
`440305` is also one about `440300`, `CN-44` and `CN`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalog import places
from catalog.classes import DIMENSIONS
from catalog.codes import CURRENCIES, FREQUENCIES, PRICED_BY, QUALITY_GRADES, SECURITY_GRADES, TIERS
from catalog.quality import letter
from catalog.source import OWN
from catalog.spaces import MAIN
from contracts.units import UNITS
from policy import regions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from catalog.classes import Dimension
    from catalog.dataset import Dataset
    from contracts.tariff import Tariff


@dataclass(frozen=True, slots=True)
class Listed:
    """What of a listed product facets and measures are read from; `sources` are where it was found."""

    dataset: Dataset
    provider: str
    tariff: Tariff
    updated: datetime
    sources: tuple[str, ...] = (OWN,)
    space: str = MAIN


@dataclass(frozen=True, slots=True)
class Facet:
    """`values` of a product; `words` are what a value is called in English and 中文, None for what is none.

    `codes` are those of its values that can be listed.
    """

    key: str
    en: str
    zh: str
    values: Callable[[Listed], tuple[str, ...]]
    words: Callable[[str], tuple[str, str] | None]
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Measure:
    """A number of a product, in `unit`; questions give a range of it."""

    key: str
    unit: str
    value: Callable[[Listed], int]


def place(region: str) -> tuple[str, ...]:
    """Return all that a region lies in, itself too; nothing for an empty one."""
    return tuple(sorted(regions.line(region))) if region else ()


def _letter(listed: Listed) -> tuple[str, ...]:
    found = letter(listed.dataset, listed.updated)
    return (found,) if found else ()


def _free(value: str) -> tuple[str, str]:
    return value, value


def _source(value: str) -> tuple[str, str]:
    return ("listed here", "本所目录") if value == OWN else (value, value)


def _coded(
    key: str, en: str, zh: str, called: Mapping[str, tuple[str, str]], values: Callable[[Listed], tuple[str, ...]]
) -> Facet:
    return Facet(key, en, zh, values, called.get, tuple(called))


def _class(dimension: Dimension) -> Facet:
    def values(listed: Listed) -> tuple[str, ...]:
        return dimension.line(listed.dataset.classes.get(dimension.key, ""))

    return Facet(dimension.key, dimension.en, dimension.zh, values, dimension.words, tuple(dimension.named))


_TIERS = {key: (row.en, row.zh) for key, row in TIERS.items()}
_GRADES = {str(grade): (code.en, code.zh) for grade, code in SECURITY_GRADES.items()}
_LETTERS = {key: (code.en, code.zh) for key, code in QUALITY_GRADES.items()}
_FREQUENCIES = {key: (code.en, code.zh) for key, code in FREQUENCIES.items()}

_PRICES = {key: (code.en, code.zh) for key, code in PRICED_BY.items()}
_CURRENCIES = {key: (code.en, code.zh) for key, code in CURRENCIES.items()}
assert set(_PRICES) == set(UNITS)

# what is listed, as DCAT calls it
DATASET, DATA_SERVICE, APPLICATION = "dataset", "service", "application"
_KINDS = {
    DATASET: ("data set", "数据集"),
    DATA_SERVICE: ("data service", "数据服务"),
    APPLICATION: ("application", "数据应用"),
}

FACETS: Mapping[str, Facet] = {
    facet.key: facet
    for facet in (
        _coded(
            "kind",
            "what it is",
            "类别",
            _KINDS,
            lambda of: (DATASET if of.dataset.application is None else APPLICATION,),
        ),
        *map(_class, DIMENSIONS.values()),
        _coded(
            "tier", "delivery", "交付方式", _TIERS, lambda of: tuple({way.tier for way in of.dataset.distributions})
        ),
        _coded("grade", "security grade", "安全等级", _GRADES, lambda of: (str(of.dataset.grade),)),
        _coded("quality", "quality", "质量", _LETTERS, _letter),
        _coded("frequency", "update frequency", "更新频率", _FREQUENCIES, lambda of: (of.dataset.frequency,)),
        Facet("region", "region", "地区", lambda of: place(of.dataset.region), places.words, tuple(places.COUNTRIES)),
        Facet("space", "space", "空间", lambda of: (of.space,), _free),
        Facet("provider", "provider", "提供方", lambda of: (of.provider,), _free),
        _coded("unit", "priced by", "计价单位", _PRICES, lambda of: (of.tariff.unit,)),
        _coded("currency", "currency", "币种", _CURRENCIES, lambda of: (of.tariff.currency,)),
        Facet("source", "source", "来源目录", lambda of: of.sources, _source, (OWN,)),
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
