"""What one order, one GiB, one event and one day of rest cost: figures that were measured, each with its row.

Law: a figure is a row of a benchmark's record (`make bench-growth` and others write it to `bench/results/`); a test
holds both together, so that no plan is made of what is measured no more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value in the unit of its record: the benchmark, its row."""

    value: float
    record: str
    row: str


def _order(role: str, events: float, database: float, objects: float, cpu: float, gas: float) -> dict[str, Figure]:
    told = {"events": events, "database": database, "objects of the log": objects, "CPU": cpu, "gas": gas}
    return {f"{role} {name}": Figure(value, "order", f"an order, {role}: {name}") for name, value in told.items()}


def _window(role: str, events: float, database: float, objects: float) -> dict[str, Figure]:
    told = {"events": events, "database": database, "objects of the log": objects}
    return {
        f"{role} window {name}": Figure(value, "order", f"a window more, {role}: {name}")
        for name, value in told.items()
    }


def _rest(role: str, cpu: float) -> dict[str, Figure]:
    return {f"{role} rest": Figure(cpu, "order", f"a day of rest, {role}: CPU")}


MEASURED: Final[Mapping[str, Figure]] = {
    **_order("exchange", 1.0, 3.0, 0.0, 0.143, 0),
    **_order("provider", 21.0, 37.9, 30.1, 0.128, 355_490),
    **_order("buyer", 12.0, 22.3, 14.3, 0.14, 430_483),
    "order windows": Figure(2.0, "order", "an order: windows"),
    **_window("provider", 5.0, 7.2, 9.4),
    **_window("buyer", 1.0, 4.2, 0.34),
    **_rest("exchange", 153.6),
    **_rest("regulator", 76.8),
    **_rest("provider", 57.6),
    **_rest("buyer", 67.2),
    "provider memory": Figure(142, "growth", "memory of the provider, 1,000 agreements"),
    "exchange memory": Figure(166, "growth", "memory of the exchange, 1,000 products"),
    "exchange member memory": Figure(6.0, "growth", "memory of the exchange by members: a member more"),
    "exchange member tables": Figure(1.7, "growth", "tables of the exchange by members: a member more"),
    "provider GiB": Figure(0.4375, "transfer", "disk: opened to disk: CPU of the server"),
    "windows": Figure(90, "transfer", "disk: windows paid in a transfer"),
    "buyer GiB": Figure(1.125, "transfer", "disk: opened to disk: CPU of the client"),
    "audited events": Figure(1_000_022, "audit", "events"),
    "audit": Figure(132.1, "audit", "audited, processors"),
    "audit memory": Figure(402.5, "audit", "audited, memory"),
    "audit memory of a country": Figure(2_713.0, "nation", "audit, memory"),
    "members of a country": Figure(100_004, "nation", "members"),
    "audit read": Figure(3_590.5, "audit", "to be read"),
    "million products": Figure(2_262.0, "federation", "database"),
    "million indexed": Figure(140.2, "catalog", "index"),
}


def value(name: str) -> float:
    """Return a measured value."""
    return MEASURED[name].value
