"""Graduated prices: beyond a quantity every further unit costs another part of the tariff's price (spec 3.6).

Law: a quantity is weighed in whole ten-thousandths, step by step, and priced once; the steps never overlap, so the
weight of a quantity is the sum of the weights of its units, however it was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from contracts.decimals import read_decimal
from contracts.errors import ContractError

FULL_BPS = 10_000  # the price itself
MAX_TIER_BPS = 10 * FULL_BPS  # what goes up further than ten times is another price
MAX_TIERS = 8  # a person still reads them in one sentence
MAX_ABOVE = (1 << 62) - 1  # the largest quantity that is ever priced


@dataclass(frozen=True, slots=True)
class Tier:
    """Each unit beyond the first `above` ones costs `bps` ten-thousandths of the price."""

    above: int
    bps: int

    def json(self) -> dict[str, Any]:
        """Return `{above, bps}`."""
        return {"above": str(self.above), "bps": self.bps}


def check(tiers: Sequence[Tier]) -> None:
    """Refuse more tiers than one reads, and tiers that do not rise."""
    if len(tiers) > MAX_TIERS:
        raise ContractError("tiers", f"`{len(tiers)}` tiers are more than {MAX_TIERS}")
    for tier in tiers:
        if not (0 < tier.above <= MAX_ABOVE and 0 <= tier.bps <= MAX_TIER_BPS):
            raise ContractError(
                "tiers", f"the tier of `{tier.bps}` ten-thousandths above `{tier.above}` is out of range"
            )
    if any(low.above >= high.above for low, high in pairwise(tiers)):
        raise ContractError("tiers", "the tiers do not rise", "list them by what they are above")


def read(value: Any) -> tuple[Tier, ...]:
    """Read `[{above, bps}, …]`, at least one: a tariff without tiers does not name them."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_TIERS:
        raise ContractError("tiers", f"`tiers` are a list of 1 to {MAX_TIERS}")
    return tuple(map(_read_tier, value))


def weight(tiers: Sequence[Tier], quantity: int, *, first_bps: int = FULL_BPS) -> int:
    """Return the sum over the units of a quantity of the ten-thousandths each costs; `first_bps` before any tier."""
    total, bps = first_bps * quantity, first_bps
    for tier in tiers:  # each changes what all units beyond it cost
        total += (tier.bps - bps) * max(0, quantity - tier.above)
        bps = tier.bps
    return total


def _read_tier(value: Any) -> Tier:
    if not isinstance(value, Mapping) or set(value) != {"above", "bps"} or type(value["bps"]) is not int:
        raise ContractError("tiers", "a tier has exactly `above`, a decimal string, and `bps`, a number")
    return Tier(read_decimal(value["above"], "above", limit=MAX_ABOVE), value["bps"])
