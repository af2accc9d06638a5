"""What a year of three spaces costs each role, and their next walls, as `penstock plan` works it out."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from fractions import Fraction

from connector.operation.plan import walls, year
from contracts.price_words import money
from docs.generate.programs import RECORDED
from docs.generate.tables import table

SIZES = (100, 1_000, 100_000)
DEALS_A_MEMBER, MIB, CURRENCY = 10, 100, "CNY"
GWEI = (Fraction(0), Fraction(1, 100), Fraction(10))
WALLS = 3
ROUNDS_A_DAY = 24 * 6  # every ten minutes, as `log.anchor_interval_seconds` says unless somebody changes it


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


def anchored() -> str:
    """Return what anchoring costs a member that does it itself, and one of many whose heads the exchange anchors."""
    prices, recorded = year.Prices(), json.loads(RECORDED.read_text("utf-8"))
    once = float(recorded["anchor a head, quorum 2, next"]) * ROUNDS_A_DAY
    rows = []
    for members in (1, *SIZES):
        asked = _asked(members)
        gas = once / members
        costs = [_year_money(gas, replace(prices, gas_gwei=gwei)) for gwei in GWEI]
        who = "by itself" if members == 1 else f"one of {members:,} by the exchange"
        rows.append((who, f"{gas:,.0f}", f"{gas / (asked.events / members):,.2f}", *costs))
    prices_of_gas = [f"a year at {float(gwei):g} gwei" for gwei in GWEI]
    return table(("whose log", "gas of a member and day", "of an event", *prices_of_gas), rows)


def _year_money(gas_a_day: float, prices: year.Prices) -> str:
    spent = Fraction(gas_a_day) * year.DAYS * prices.gas_gwei / year.GWEI_IN_COIN * prices.coin
    return money(math.ceil(spent), CURRENCY)


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
