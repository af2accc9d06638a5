"""Figures of a space beside the national survey's: each with its formula; what cannot be counted yet has no row."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted in a space: from the exchange's listings, its members' orders and the agreements in the logs."""

    listed: int
    listed_with_deal: int
    demand_parties: int
    supply_parties: int


@dataclass(frozen=True, slots=True)
class Indicator:
    """A row: how the figure is made, and the national one with its year."""

    key: str
    formula: str
    national: str
    compute: Callable[[Counts], Fraction | None]


def _ratio(part: int, whole: int) -> Fraction | None:
    assert part >= 0
    assert whole >= 0
    return Fraction(part, whole) if whole else None


INDICATORS: tuple[Indicator, ...] = (
    Indicator(
        "deal rate",
        "listed products with at least one deal / listed products",
        "17.9 % (27 exchanges, 2023)",
        lambda counts: _ratio(counts.listed_with_deal, counts.listed),
    ),
    Indicator(
        "demand to supply",
        "demand side parties / supply side parties",
        "1.75 (2023)",
        lambda counts: _ratio(counts.demand_parties, counts.supply_parties),
    ),
)


def indicators(counts: Counts) -> Mapping[str, Fraction | None]:
    """Return each indicator's exact value, None where nothing was there to divide by."""
    return {row.key: row.compute(counts) for row in INDICATORS}
