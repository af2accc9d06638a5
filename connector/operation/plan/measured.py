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
    return {f"{role} {name}": Figure(value, "growth", f"an order, {role}: {name}") for name, value in told.items()}


def _rest(role: str, cpu: float) -> dict[str, Figure]:
    return {f"{role} rest": Figure(cpu, "growth", f"a day of rest, {role}: CPU")}


MEASURED: Final[Mapping[str, Figure]] = {
    **_order("exchange", 1.04, 3.17, 0, 0.156, 2_231),
    **_order("provider", 21.1, 36.9, 29.0, 0.128, 358_748),
    **_order("buyer", 12.0, 27.2, 11.0, 0.145, 434_203),
    **_rest("exchange", 172.8),
    **_rest("regulator", 43.2),
    **_rest("provider", 43.2),
    **_rest("buyer", 86.4),
    "provider memory": Figure(144, "growth", "memory of the provider, 1,000 agreements"),
    "exchange memory": Figure(144, "growth", "memory of the exchange, 1,000 products"),
    "provider GiB": Figure(0.6675, "transfer", "disk: opened to disk: CPU of the server"),
    "buyer GiB": Figure(1.075, "transfer", "disk: opened to disk: CPU of the client"),
    "audited events": Figure(1_000_022, "audit", "events"),
    "audit": Figure(132.1, "audit", "audited, processors"),
    "audit memory": Figure(402.5, "audit", "audited, memory"),
    "audit read": Figure(3_590.5, "audit", "to be read"),
    "million products": Figure(2_917.2, "federation", "database"),
    "million indexed": Figure(140.0, "catalog", "index"),
}


def value(name: str) -> float:
    """Return a measured value."""
    return MEASURED[name].value
