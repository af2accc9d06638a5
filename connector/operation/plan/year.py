"""A year of each role in a space of a given size: cores, memory, disk, network, gas and money.

Law: what is multiplied was measured (`measured`) or asked (`Asked`); prices are whoever asks', in whole minor units,
and every sum of money is rounded up. The model knows no congestion: where it needs more than there is, `walls` says so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from connector.operation.plan.measured import MEASURED, value

DAYS, DAY_SECONDS, MONTHS = 365, 86_400, 12
KIB_IN_GIB, MIB_IN_GIB = 1 << 20, 1 << 10
GWEI_IN_COIN: Final = 10**9
# the members of the space in which a day of rest was measured, the exchange aside
MEMBERS_MEASURED = 3
# of what size the transfer was whose windows were counted
WINDOWED_GIB = 4
# the busiest hour of a day has so many times the work of a mean one
PEAK = 4
# who has a part in an order
SIDES: Final = ("provider", "buyer", "exchange")
# what is taken where nobody says: one member of so many sells, and has so many products
MEMBERS_OF_PROVIDER, PRODUCTS_OF_PROVIDER = 10, 10


@dataclass(frozen=True, slots=True)
class Prices:
    """What things cost, in minor units: a core, a GiB of memory or disk a month, a GiB sent, a coin of the chain."""

    core_month: int = 15_000
    memory_month: int = 3_000
    disk_month: int = 50
    sent: int = 50
    coin: int = 2_000_000
    gas_gwei: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Asked:
    """A space: members, orders a day in all of it, MiB of each, who of the members sells and how many products."""

    members: int
    deals: int
    mib: int
    providers: int
    products: int

    @classmethod
    def of(cls, members: int, deals: int, mib: int, providers: int | None = None, products: int | None = None) -> Asked:
        """Return a space of which the last two need not be said."""
        selling = providers or max(1, members // MEMBERS_OF_PROVIDER)
        return cls(members, deals, mib, selling, products or selling * PRODUCTS_OF_PROVIDER)

    @property
    def buyers(self) -> int:
        """Return how many members buy."""
        return max(1, self.members - self.providers)

    @property
    def events(self) -> float:
        """Return the events that all logs together get a day."""
        return self.all_sides("events")

    @property
    def windows(self) -> float:
        """Return the windows of an order: those of a small one, and as many more as its bytes take."""
        return value("order windows") + self.mib / MIB_IN_GIB * value("windows") / WINDOWED_GIB

    def of_order(self, side: str, what: str) -> float:
        """Return what an order costs a side: what a small one does, and more for each window more."""
        return of_windows(side, what, self.windows)

    def all_sides(self, what: str) -> float:
        """Return what the orders of a day cost all sides together."""
        return self.deals * sum(self.of_order(side, what) for side in SIDES)


def of_windows(side: str, what: str, windows: float) -> float:
    """Return what an order of so many windows costs a side."""
    each = f"{side} window {what}"
    more = value(each) * (windows - value("order windows")) if each in MEASURED else 0.0
    return value(f"{side} {what}") + more


@dataclass(frozen=True, slots=True)
class Year:
    """What one participant of a role needs: cores in the busiest hour, GiB at the end of a year, gas of a year."""

    role: str
    count: int
    cores: float
    memory_gib: float
    disk_gib: float
    sent_gib: float
    gas: int

    def money(self, prices: Prices) -> int:
        """Return the minor units of the year, rounded up."""
        months = (
            Fraction(self.cores) * prices.core_month
            + Fraction(self.memory_gib) * prices.memory_month
            + Fraction(self.disk_gib) * prices.disk_month
        )
        gas = Fraction(self.gas) * prices.gas_gwei / GWEI_IN_COIN * prices.coin
        return math.ceil(months * MONTHS + Fraction(self.sent_gib) * prices.sent + gas)


def of(asked: Asked) -> list[Year]:
    """Return a year of one participant of each role."""
    return [provider(asked), _buyer(asked), exchange(asked), _regulator(asked)]


def provider(asked: Asked) -> Year:
    """Return a provider's year."""
    deals = asked.deals / asked.providers
    gib = deals * asked.mib / MIB_IN_GIB
    stock = asked.products / asked.providers * asked.mib / MIB_IN_GIB
    return Year(
        "provider",
        asked.providers,
        _cores("provider", deals, gib),
        value("provider memory") / MIB_IN_GIB,
        _tables(asked, "provider", deals) + stock,
        gib * DAYS,
        _gas("provider", deals),
    )


def _buyer(asked: Asked) -> Year:
    deals = asked.deals / asked.buyers
    gib = deals * asked.mib / MIB_IN_GIB
    memory = value("provider memory") / MIB_IN_GIB
    disk = _tables(asked, "buyer", deals) + gib * DAYS
    return Year("buyer", asked.buyers, _cores("buyer", deals, gib), memory, disk, 0.0, _gas("buyer", deals))


def exchange(asked: Asked) -> Year:
    """Return the exchange's year; its rest is what its members ask it, mostly of the chain that it hosts.

    It holds all members in memory.
    """
    rest = value("regulator rest") + polls(asked)
    cores = (rest + PEAK * asked.deals * value("exchange CPU")) / DAY_SECONDS
    catalogue = asked.products / 1e6 * (value("million products") + value("million indexed")) / MIB_IN_GIB
    members = asked.members / KIB_IN_GIB
    disk = _tables(asked, "exchange", asked.deals) + catalogue + members * value("exchange member tables")
    memory = value("exchange memory") / MIB_IN_GIB + members * value("exchange member memory")
    return Year("exchange", 1, cores, memory, disk, 0.0, _gas("exchange", asked.deals))


def polls(asked: Asked) -> float:
    """Return the exchange's CPU seconds of a day for members that ask what is new."""
    return (value("exchange rest") - value("regulator rest")) / MEMBERS_MEASURED * asked.members


def _regulator(asked: Asked) -> Year:
    """Return the supervisor's: each day it reads what is new and proves all of it, of all members at once."""
    read = asked.events * value("audit read") / value("audited events") / MIB_IN_GIB
    cores = (value("regulator rest") + audit_seconds(asked.events)) / DAY_SECONDS
    member = (value("audit memory of a country") - value("audit memory")) / value("members of a country")
    memory = (value("audit memory") + asked.members * member) / MIB_IN_GIB
    return Year("regulator", 1, cores, memory, read * DAYS, read * DAYS, 0)


def audit_seconds(events: float) -> float:
    """Return the CPU seconds that proving so many events takes."""
    return events * value("audit") / value("audited events")


def _cores(role: str, deals: float, gib: float) -> float:
    work = deals * value(f"{role} CPU") + gib * value(f"{role} GiB")
    return (value(f"{role} rest") + PEAK * work) / DAY_SECONDS


def _tables(asked: Asked, role: str, deals: float) -> float:
    kib = asked.of_order(role, "database") + asked.of_order(role, "objects of the log")
    return deals * DAYS * kib / KIB_IN_GIB


def _gas(role: str, deals: float) -> int:
    return math.ceil(deals * DAYS * value(f"{role} gas"))
