"""Price information: what was paid for data of a class, from trades that the chain settled, and what is kept quiet.

Law: trades lie in cells that do not overlap, and no sum over cells is published, so no cell follows from others. A cell
shows its first n trades where n is a multiple of TRADES_LEAST, so two looks at it differ by none or by that many; and
only if they are of BUYERS_LEAST buyers. Every figure names the entries of the exchange's log that it was made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.quartiles import quartiles

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction

# trades that a figure is made of, at least; and by how many it grows
TRADES_LEAST = 5
BUYERS_LEAST = 3
NAMES = ("topic", "grade", "form", "tier", "unit", "currency")


@dataclass(frozen=True, slots=True)
class TradeClass:
    """What is compared: topic code and delivery form (empty where the listing says none), security grade 1 to 5.

    `unit` is that of the price (`contracts.unit_price`), `currency` that of the tariff.
    """

    topic: str
    grade: str
    form: str
    tier: str
    unit: str
    currency: str

    def json(self) -> dict[str, str]:
        """Return the members by name."""
        return {name: getattr(self, name) for name in NAMES}


@dataclass(frozen=True, slots=True)
class Trade:
    """One settled agreement: the unit price in minor units, who bought, and its entry in the exchange's log."""

    kind: TradeClass
    price: Fraction
    buyer: str
    entry: int


@dataclass(frozen=True, slots=True)
class Cell:
    """The figures of a class; `entries` prove each trade in it."""

    kind: TradeClass
    n: int
    low: Fraction
    median: Fraction
    high: Fraction
    entries: tuple[int, ...]

    def json(self) -> dict[str, Any]:
        """Return the JSON form; prices are fractions of minor units as text, such as `4000` or `8001/2`."""
        figures = {"n": str(self.n), "q1": str(self.low), "median": str(self.median), "q3": str(self.high)}
        return {**self.kind.json(), **figures, "entries": [str(entry) for entry in self.entries]}


def cells(trades: Iterable[Trade]) -> tuple[list[Cell], int]:
    """Return the cells that may be shown, in the order of their classes, and how many are kept quiet."""
    found: dict[TradeClass, list[Trade]] = {}
    for trade in sorted(trades, key=lambda one: one.entry):
        found.setdefault(trade.kind, []).append(trade)
    shown = [cell for kind in sorted(found, key=lambda one: tuple(one.json().values())) if (cell := _cell(kind, found))]
    return shown, len(found) - len(shown)


def _cell(kind: TradeClass, found: Mapping[TradeClass, list[Trade]]) -> Cell | None:
    counted = found[kind][: len(found[kind]) // TRADES_LEAST * TRADES_LEAST]
    if len({trade.buyer for trade in counted}) < BUYERS_LEAST:
        return None
    low, median, high = quartiles(trade.price for trade in counted)
    return Cell(kind, len(counted), low, median, high, tuple(trade.entry for trade in counted))
