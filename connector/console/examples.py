"""What some quantities cost under a tariff, in words: examples, and a quantity that somebody typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.console import language, showing
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
EXAMPLES = {
    "byte": (MIB, 100 * MIB),
    "row": (1, 1_000),
    "piece": (1, 100),
    "opening": (1, 10),
    "call": (1, 1_000),
    "message": (1, 10_000),
    "query": (1, 100),
    "epsilon": (100, 1_000),
    "scanned": (1_000, 1_000_000),
    "second": (10, 600),
    "match": (1, 100),
}
# what a person counts a unit in → its key among the words, and how many of the unit one is
TYPED = {"byte": ("MiB", MIB), **{name: (name, unit.parts) for name, unit in UNITS.items() if unit.parts > 1}}
DIGITS_MAX = 12
# a slider's places: hundredths of all there is, or so many of what has no end
SHARE, MANY, SHARES = "share", "many", 100
COUNTED = {"opening": 100, "call": 10_000, "message": 100_000}
DEFAULT_MANY = 10


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


def slid(tariff: Tariff, whole: Mapping[str, int], told: str) -> JsonObject | None:
    """Return a slider over what can be chosen, with what the chosen costs; None where every choice costs the same.

    Of what is counted in bytes, rows and pieces one chooses a share of all there is (`whole`), of openings and calls a
    number. Raises InvalidInput for a place that the slider does not have.
    """
    unit = counting(tariff)
    if not UNITS[tariff.unit].graduated or not tariff.minor:
        return None
    if unit in COUNTED:
        most = min(COUNTED[unit], tariff.per * (2 if tariff.tiers else 1)) if tariff.period else COUNTED[unit]
        at = _place(told, most) if told else min(most, DEFAULT_MANY)
        return _slider(MANY, most, at, tariff, at)
    if tariff.period or not whole.get(unit):
        return None
    at = _place(told, SHARES) if told else SHARES
    return _slider(SHARE, SHARES, at, tariff, max(1, whole[unit] * at // SHARES))


def _slider(name: str, most: int, at: int, tariff: Tariff, many: int) -> JsonObject:
    """Return the slider with its place in words, by language, and what that costs; `cost` is None beyond a quota."""
    cost, text = _cost(tariff, many), dict[str, str]()
    for lang in language.LANGUAGES:
        told = showing.size(many) if counting(tariff) == "byte" else price_words.quantity(tariff, many, lang)
        said = f"{at} % ({told})" if name == SHARE else told
        money = "" if cost is None else price_words.money(int(cost["amount"]), cost["currency"], lang)
        text[lang] = f"{said}: {money}" if money else said
    return {"name": name, "most": most, "at": at, "many": str(many), "text": text, "cost": cost}


def _place(told: str, most: int) -> int:
    if not (told.isascii() and told.isdecimal()) or len(told) > DIGITS_MAX or not 1 <= int(told) <= most:
        raise InvalidInput(f"`{told[:40]}` is no place of the slider", f"a whole number from 1 to {most}")
    return int(told)


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
