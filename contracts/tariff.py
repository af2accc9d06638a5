"""What a quantity costs (spec 3.6).

Law: `A(q) = ceil(exact(q))` is taken of the *whole* quantity paid so far and an order costs `A(after) - A(before)`.
So the amounts of any sequence of orders add up to `A` of their union: nothing is billed twice and nothing drifts. `A`
never falls. What is negotiated is `minor` alone: every other member is the shape of the price, and every amount grows
with `minor`. A subscription is one such account for each period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts import records as runs
from contracts import tiers as graduated
from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.periods import PERIODS
from contracts.tiers import FULL_BPS, Tier
from contracts.units import QUOTAS, UNITS, Unit

if TYPE_CHECKING:
    from contracts.records import Run

MAX_PER = (1 << 63) - 1
MAX_MINOR = (1 << 127) - 1
MAX_QUANTITY = graduated.MAX_ABOVE
CURRENCY_CHARACTERS = 12
MEMBERS = frozenset({"unit", "minor", "per", "currency"})


@dataclass(frozen=True, slots=True)
class Tariff:
    """`minor` minor units of `currency` for every `per` units; the price is the exact fraction of the two.

    `per` of a flat price is all the plain bytes it is spread over, that of a subscription the quota of one `period`,
    counted in the unit `of`. `tiers` price what is beyond; `records` says which pieces hold how many rows.
    """

    unit: str
    minor: int
    per: int
    currency: str
    tiers: tuple[Tier, ...] = ()
    of: str = ""
    period: str = ""
    records: tuple[Run, ...] = ()

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ContractError("unknown-unit", f"`{self.unit}` is not a tariff unit", f"use one of {', '.join(UNITS)}")
        if not (0 <= self.minor <= MAX_MINOR and 0 < self.per <= MAX_PER):
            raise ContractError("tariff", f"the price `{self.minor}` per `{self.per}` is out of range")
        if not (len(self.currency) <= CURRENCY_CHARACTERS and self.currency.isalnum() and self.currency.isascii()):
            raise ContractError("tariff", f"`{self.currency}` is not a currency code")
        if self.unit == "free" and self.minor:
            raise ContractError("tariff", f"what is free has no price `{self.minor}`")
        if UNITS[self.unit].whole and not self.period and self.per != 1:
            raise ContractError("tariff", f"a price in advance is for the whole, not for `{self.per}`")
        self._check_shape()

    def _check_shape(self) -> None:
        row = UNITS[self.unit]
        own = {name for name in ("of", "period", "records") if getattr(self, name)}
        if own != row.members or (self.tiers and not row.graduated):
            raise ContractError("tariff", f"a tariff per `{self.unit}` has other members: {_named(row)}")
        graduated.check(self.tiers)
        if "records" in own:
            runs.check(self.records)
        if "period" not in own:
            return
        if self.of not in QUOTAS or self.period not in PERIODS:
            raise ContractError("tariff", f"`{self.per}` of `{self.of}` in each `{self.period}` is no quota")
        if self.tiers and self.tiers[0].above != self.per:
            raise ContractError("tariff", f"the first tier is not above the quota of `{self.per}`")

    @property
    def counted(self) -> Unit:
        """Return the row of what is counted: its own, or that of the quota."""
        return UNITS[self.of or self.unit]

    @property
    def limit(self) -> int | None:
        """Return the largest quantity that may be had, None without one: a quota with no price beyond it is the end."""
        return self.per if self.period and not self.tiers else None

    @classmethod
    def from_json(cls, value: Any) -> Tariff:
        """Read what `json` writes; numbers are decimal strings. Unknown units and members are refused."""
        unit = value.get("unit") if isinstance(value, Mapping) else None
        row = UNITS.get(unit) if isinstance(unit, str) else None
        if row is None:
            raise ContractError(
                "unknown-unit", f"`{unit!s:.40}` is not a tariff unit", f"use one of {', '.join(UNITS)}"
            )
        if set(value) - {"tiers"} != MEMBERS | row.members:
            raise ContractError("tariff", f"a tariff per `{unit}` has exactly {_named(row)}")
        if not all(isinstance(value[name], str) for name in {"currency"} | (row.members - {"records"})):
            raise ContractError("tariff", "`unit`, `currency`, `of` and `period` of a tariff are strings")
        read: dict[str, Any] = {name: value[name] for name in ("of", "period") if name in row.members}
        if "tiers" in value:
            read["tiers"] = graduated.read(value["tiers"])
        if "records" in row.members:
            read["records"] = runs.read(value["records"])
        minor, per = read_decimal(value["minor"], "minor"), read_decimal(value["per"], "per")
        return cls(value["unit"], minor, per, value["currency"], **read)

    def json(self) -> dict[str, Any]:
        """Return the JSON form; members that say nothing are left out."""
        said: dict[str, Any] = {"unit": self.unit, "minor": str(self.minor), "per": str(self.per)}
        said |= {"currency": self.currency}
        said |= {name: getattr(self, name) for name in ("of", "period") if getattr(self, name)}
        if self.tiers:
            said["tiers"] = [tier.json() for tier in self.tiers]
        return said | ({"records": [run.json() for run in self.records]} if self.records else {})


def asked(offer: Mapping[str, Any]) -> Tariff:
    """Return the tariff of an offer's terms at the price that it asks."""
    return Tariff.from_json({**offer["terms"]["tariff"], "minor": offer["ask"]})


def _parts(tariff: Tariff, quantity: int) -> tuple[int, int, int]:
    """Return the unrounded price (spec 3.6) as a whole number and a fraction that is not reduced."""
    row = UNITS[tariff.unit]
    tiers = (Tier(tariff.per, 0),) if row.ends else tariff.tiers
    weight = graduated.weight(tiers, quantity, first_bps=0 if row.whole else FULL_BPS)
    whole = tariff.minor if row.whole and quantity else 0
    return whole, tariff.minor * weight, tariff.per * FULL_BPS


def amount(tariff: Tariff, quantity: int) -> int:
    """Return `A(q)` in minor units, in one period of a subscription: one rounding up, of the whole quantity."""
    if not 0 <= quantity <= MAX_QUANTITY:
        raise ContractError("quantity", f"the quantity `{quantity}` is not 0 to {MAX_QUANTITY}")
    if tariff.limit is not None and quantity > tariff.limit:
        raise ContractError(
            "over-quota", f"`{quantity}` is more than the quota of `{tariff.limit}`", "wait for the next"
        )
    whole, over, under = _parts(tariff, quantity)
    return whole - (-over // under)  # rounded up; a plan asks for this dozens of times


def order_amount(tariff: Tariff, before: int, after: int) -> int:
    """Return `A(after) - A(before)`, what moving the paid quantity from `before` to `after` costs."""
    if after < before:
        raise ContractError("quantity", f"the paid quantity cannot fall from `{before}` to `{after}`")
    return amount(tariff, after) - amount(tariff, before)


def _named(row: Unit) -> str:
    tiers = " and maybe `tiers`" if row.graduated else ""
    return ", ".join(f"`{name}`" for name in sorted(MEMBERS | row.members)) + tiers
