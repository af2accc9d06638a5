"""What a year of three spaces costs each role, and their next walls, as `penstock plan` works it out."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from connector.operation.plan import walls, year
from contracts.price_words import money
from docs.generate.tables import table

SIZES = (100, 1_000, 100_000)
DEALS_A_MEMBER, MIB, CURRENCY = 10, 100, "CNY"
GWEI = (Fraction(0), Fraction(1, 100), Fraction(10))
WALLS = 3


def years() -> str:
    """Return a row for each size and role."""
    prices = year.Prices()
    rows = []
    for asked in map(_asked, SIZES):
        for one in year.of(asked):
            costs = [money(one.money(replace(prices, gas_gwei=gwei)), CURRENCY) for gwei in GWEI]
            gib = [f"{value:,.1f}" for value in (one.memory_gib, one.disk_gib, one.sent_gib)]
            rows.append((f"{asked.members:,}", one.role, f"{one.cores:,.3f}", *gib, f"{one.gas / 1e9:,.1f}", *costs))
    prices_of_gas = [f"at {float(gwei):g} gwei" for gwei in GWEI]
    return table(("members", "role", "cores", "memory", "disk", "sent", "10⁹ gas", *prices_of_gas), rows)


def ahead() -> str:
    """Return the next walls of each size."""
    rows = []
    for asked in map(_asked, SIZES):
        for wall in walls.of(asked)[:WALLS]:
            need = f"{wall.need:,.1f} of {wall.limit:,.0f} {wall.unit}"
            rows.append((f"{asked.members:,}", wall.name, need, f"{100 * wall.share:,.1f} %", f"{wall.members:,}"))
    return table(("members", "wall", "needed", "share", "binds at members"), rows)


def _asked(members: int) -> year.Asked:
    return year.Asked.of(members, members * DEALS_A_MEMBER, MIB)
