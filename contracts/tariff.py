"""What a quantity costs (spec 3.6).

Law: `A(q) = ceil(exact(q))` is taken of the *whole* quantity paid so far and an order costs `A(after) - A(before)`.
So the amounts of any sequence of orders add up to `A` of their union: nothing is billed twice and nothing drifts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType
from typing import Any, Final

from contracts.decimals import read_decimal
from contracts.errors import ContractError

MAX_PER = (1 << 63) - 1
MAX_MINOR = (1 << 127) - 1
CURRENCY_CHARACTERS = 12


@dataclass(frozen=True, slots=True)
class Unit:
    """What a tariff counts, and within what a row paid once stays paid: the `agreement` or one `opening`."""

    counts: str
    paid_within: str


UNITS: Final[Mapping[str, Unit]] = MappingProxyType(
    {
        "byte": Unit("plain bytes of the union of rows paid", "agreement"),
        "opening": Unit("openings counted", "opening"),
    }
)


@dataclass(frozen=True, slots=True)
class Tariff:
    """`minor` minor units of `currency` for every `per` units; the price is the exact fraction of the two."""

    unit: str
    minor: int
    per: int
    currency: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ContractError("unknown-unit", f"`{self.unit}` is not a tariff unit", f"use one of {', '.join(UNITS)}")
        if not (0 <= self.minor <= MAX_MINOR and 0 < self.per <= MAX_PER):
            raise ContractError("tariff", f"the price `{self.minor}` per `{self.per}` is out of range")
        if not (0 < len(self.currency) <= CURRENCY_CHARACTERS and self.currency.isalnum() and self.currency.isascii()):
            raise ContractError("tariff", f"`{self.currency}` is not a currency code")

    @property
    def price(self) -> Fraction:
        """Return minor units per unit, exact."""
        return Fraction(self.minor, self.per)

    @classmethod
    def from_json(cls, value: Any) -> Tariff:
        """Read `{unit, minor, per, currency}`; numbers are decimal strings."""
        if not isinstance(value, Mapping) or set(value) != {"unit", "minor", "per", "currency"}:
            raise ContractError("tariff", "a tariff has exactly `unit`, `minor`, `per` and `currency`")
        if not isinstance(value["unit"], str) or not isinstance(value["currency"], str):
            raise ContractError("tariff", "`unit` and `currency` of a tariff are strings")
        minor, per = read_decimal(value["minor"], "minor"), read_decimal(value["per"], "per")
        return cls(value["unit"], minor, per, value["currency"])

    def json(self) -> dict[str, str]:
        """Return the JSON form."""
        return {"unit": self.unit, "minor": str(self.minor), "per": str(self.per), "currency": self.currency}


def exact(tariff: Tariff, quantity: int) -> Fraction:
    """Return the unrounded price of a whole quantity; tiers, when they come, are a sum of exact parts here."""
    return tariff.price * quantity


def amount(tariff: Tariff, quantity: int) -> int:
    """Return `A(q)` in minor units: one rounding up, of the whole quantity."""
    if quantity < 0:
        raise ContractError("quantity", f"the quantity `{quantity}` is negative")
    return math.ceil(exact(tariff, quantity))


def order_amount(tariff: Tariff, before: int, after: int) -> int:
    """Return `A(after) - A(before)`, what moving the paid quantity from `before` to `after` costs."""
    if after < before:
        raise ContractError("quantity", f"the paid quantity cannot fall from `{before}` to `{after}`")
    return amount(tariff, after) - amount(tariff, before)


def affordable(tariff: Tariff, before: int, money: int) -> int | None:
    """Return the largest `after` whose order costs at most `money`; None when every quantity is free."""
    if tariff.minor == 0:
        return None
    after = math.floor(Fraction(amount(tariff, before) + money) / tariff.price)
    assert order_amount(tariff, before, max(after, before)) <= max(money, 0)
    return max(after, before)
