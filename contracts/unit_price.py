"""What a tariff asks for one unit of what it counts, so that two tariffs of one kind can be compared.

Law: an exact fraction of minor units; bytes are priced by the MiB, what is counted in parts by what they are parts of,
what is priced as a whole by the whole, a subscription by one period. Steps beyond the first unit are not in it: it is
the price that the negotiation was about.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from contracts.units import UNITS

if TYPE_CHECKING:
    from contracts.tariff import Tariff

MIB = 1 << 20
WHOLE = frozenset({"flat", "advance", "free"})


def measure(tariff: Tariff) -> str:
    """Return the name of the unit: `MiB`, `row`, `call`, `epsilon`, `whole`, or such as `month of opening`."""
    if tariff.period:
        return f"{tariff.period} of {tariff.of}"
    if tariff.unit == "byte":
        return "MiB"
    return "whole" if tariff.unit in WHOLE else tariff.unit


def unit_price(tariff: Tariff) -> Fraction:
    """Return minor units for one of `measure`."""
    if tariff.period or tariff.unit in WHOLE:
        return Fraction(tariff.minor)
    return Fraction(tariff.minor * (MIB if tariff.unit == "byte" else UNITS[tariff.unit].parts), tariff.per)
