"""The tables of docs/tariffs.md, written from the tables that every bill is made by."""

from __future__ import annotations

from connector.licence.pricing import MEASURES, measured
from contracts import price_words
from contracts.records import Run
from contracts.tariff import Tariff
from contracts.tiers import Tier
from contracts.units import COMPUTED, PLAIN, QUOTAS, SCANNED, UNITS
from docs.generate.tables import table

MIB, GIB = 1 << 20, 1 << 30
# one price of each unit, as an agreement would say it
EXAMPLES = {
    "byte": Tariff("byte", 500, MIB, "CNY", (Tier(100 * GIB, 8000),)),
    "row": Tariff("row", 300, 1000, "CNY", records=(Run(1, 1, 1, 1),)),
    "piece": Tariff("piece", 400, 1, "CNY"),
    "opening": Tariff("opening", 25_000, 1, "CNY"),
    "call": Tariff("call", 10, 1, "CNY"),
    "message": Tariff("message", 1, 1, "CNY"),
    "query": Tariff("query", 50, 1, "CNY"),
    "epsilon": Tariff("epsilon", 200, 100, "CNY"),
    "scanned": Tariff("scanned", 5, 1000, "CNY", records=(Run(1, 1, 1, 1),)),
    "second": Tariff("second", 20, 10, "CNY"),
    "match": Tariff("match", 50, 1, "CNY"),
    "flat": Tariff("flat", 90_000, GIB, "CNY"),
    "advance": Tariff("advance", 90_000, 1, "CNY"),
    "subscription": Tariff("subscription", 90_000, 10, "CNY", (Tier(10, 12_000),), "opening", "month"),
    "free": Tariff("free", 0, 1, "CNY"),
}


def units() -> str:
    """Return every unit: what is counted, where it may be agreed, how it is said to `publish`."""
    rows = [
        (
            f"`{name}`",
            row.words,
            ", ".join(sorted(row.tiers)) or "as its quota",
            "yes" if row.graduated else "no",
            _said(name),
        )
        for name, row in UNITS.items()
    ]
    return table(
        ("unit", "the quantity is", "tiers it may be agreed for", "steps", "`penstock publish --price …`"), rows
    )


def words() -> str:
    """Return one price of each unit in both languages."""
    rows = [(price_words.price(EXAMPLES[name]), price_words.price(EXAMPLES[name], "zh")) for name in UNITS]
    return table(("English", "Chinese"), rows)


def _said(name: str) -> str:
    spoken = [f"`--unit {said}`" for said in MEASURES if measured(said, PLAIN)[0] == name]
    spoken += [f"`--unit {said}`" for said in MEASURES if name == SCANNED == measured(said, COMPUTED)[0]]
    return ", ".join(spoken) or f"`--every month --quota 10 --unit …` with one of {', '.join(sorted(QUOTAS))}"
