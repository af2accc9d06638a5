"""What some quantities cost under a tariff, in words: examples, and a quantity that somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console import language
from connector.runtime.errors import InvalidInput
from contracts import price_words
from contracts.errors import ContractError
from contracts.tariff import amount
from contracts.unit_price import MIB
from contracts.units import UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.canonical import JsonObject
    from contracts.tariff import Tariff

# quantities that a price is shown for, besides all that there is
EXAMPLES = {"byte": (MIB, 100 * MIB), "row": (1, 1_000), "piece": (1, 100), "opening": (1, 10), "call": (1, 1_000)}
# what a person counts a unit in → its key among the words, and how many of the unit one is
TYPED = {"byte": ("MiB", MIB)}
DIGITS_MAX = 12


def examples(tariff: Tariff, whole: Mapping[str, int]) -> list[JsonObject]:
    """Return what some quantities cost, and all there is by unit (`whole`); what a quota forbids is left out."""
    unit = counting(tariff)
    told = {*EXAMPLES.get(unit, ()), *([whole[unit]] if whole.get(unit) else [])}
    return [found for many in sorted(told) if (found := _cost(tariff, many)) is not None]


def calculated(tariff: Tariff, told: str) -> JsonObject:
    """Return what a typed quantity costs, `amount` empty for none; raises InvalidInput for what is no quantity."""
    name, size = TYPED.get(counting(tariff), (counting(tariff), 1))
    asked: JsonObject = {"many": told[:DIGITS_MAX], "unit": name, "cost": None}
    if not told:
        return asked
    if not (told.isascii() and told.isdecimal()) or len(told) > DIGITS_MAX:
        raise InvalidInput(f"`{told[:40]}` is no quantity", f"a whole number of up to {DIGITS_MAX} digits")
    return {**asked, "cost": _cost(tariff, int(told) * size)}


def counting(tariff: Tariff) -> str:
    """Return the unit in which a tariff counts."""
    return tariff.of or (tariff.unit if UNITS[tariff.unit].graduated else "byte")


def _cost(tariff: Tariff, many: int) -> JsonObject | None:
    try:
        cost = str(amount(tariff, many))
    except ContractError:  # beyond the quota nothing is sold
        return None
    words = {lang: price_words.quantity(tariff, many, lang) for lang in language.LANGUAGES}
    return {**words, "amount": cost, "currency": tariff.currency}
