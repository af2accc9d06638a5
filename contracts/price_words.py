"""A price in words, in every language of a summary: what a signer, a listing and a bill say of a tariff.

Law: the words are a function of the tariff and a language. They say every part of the price that can change a bill.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from contracts.currencies import DECIMALS, TOKEN_DECIMALS
from contracts.tiers import FULL_BPS
from contracts.units import CALL, UNITS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from contracts.tariff import Tariff

PERCENT_BPS = FULL_BPS // 100
RATE_DECIMALS = 2  # of the smallest coin: a rate such as a median may lie between two amounts
_SIZES = MappingProxyType({1 << 30: "GiB", 1 << 20: "MiB", 1 << 10: "KiB", 1: "B"})

# English and Chinese
_WORDS: Mapping[str, tuple[str, str]] = {
    "price": ("{money} per {per}", "{money} / {per}"),
    "flat": ("{money} in all, spread over what is taken", "总价 {money},按取用量分摊"),
    "advance": ("{money} in all, in advance", "总价 {money},预付"),
    "subscription": ("{money} per {period} for up to {quota}", "{money} / {period},含 {quota}"),
    "free": ("nothing", "免费"),
    "byte": ("{n} bytes", "{n} 字节"),
    "row": ("{n} rows", "{n} 行"),
    "piece": ("{n} pieces", "{n} 块"),
    "opening": ("{n} openings", "{n} 次"),
    "call": ("{n} calls", "{n} 次调用"),
    "message": ("{n} messages", "{n} 条消息"),
    "query": ("{n} statements", "{n} 次查询"),
    "epsilon": ("ε {n}", "ε {n}"),
    "scanned": ("{n} rows looked at", "{n} 行(所查表)"),
    "second": ("{n} CPU seconds", "{n} CPU 秒"),
    "match": ("{n} subjects found", "{n} 个命中主体"),
    "one_row": ("row", "行"),
    "one_piece": ("piece", "块"),
    "one_opening": ("opening", "次"),
    "one_call": ("call", "次调用"),
    "one_message": ("message", "条消息"),
    "one_query": ("statement", "次查询"),
    "one_epsilon": ("ε", "ε"),
    "one_scanned": ("row looked at", "行(所查表)"),
    "one_second": ("CPU second", "CPU 秒"),
    "one_match": ("subject found", "个命中主体"),
    "day": ("day", "日"),
    "week": ("week", "周"),
    "month": ("month", "月"),
    "year": ("year", "年"),
    "end": (", none beyond", ",超出不供"),
    "tier": (", {percent} % of that beyond {above}", ",超过 {above} 的部分按 {percent}%"),
    "over": (", beyond {above} {percent} % of its share for each", ",超过 {above} 的部分按单位均价的 {percent}%"),
    "minor": ("{n} minor units of {currency}", "{n} 个 {currency} 最小单位"),
}
WORDS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {lang: MappingProxyType({name: said[at] for name, said in _WORDS.items()}) for at, lang in enumerate(("en", "zh"))}
)


def price(tariff: Tariff, lang: str = "en") -> str:
    """Return what a tariff says, for example `5.00 CNY per MiB`; `lang` is a key of `WORDS`."""
    words = WORDS[lang]
    if tariff.minor == 0 and not tariff.period:
        return words["free"]
    said = {"money": money(tariff.minor, tariff.currency, lang) if tariff.minor else words["free"]}
    if tariff.period:
        said |= {"period": words[tariff.period], "quota": _quantity(tariff.of, tariff.per, words)}
        return words["subscription"].format(**said) + _beyond(tariff, words)
    if tariff.unit in words and not UNITS[tariff.unit].graduated:
        return words[tariff.unit].format(**said)
    return words["price"].format(**said, per=_per(tariff, words)) + _beyond(tariff, words)


def money(minor: int, currency: str, lang: str = "en") -> str:
    """Return an amount as people write it, `252000` of CNY as `2520.00 CNY`; of a currency not known here its units."""
    decimals = DECIMALS.get(currency)
    if decimals is None:
        return WORDS[lang]["minor"].format(n=minor, currency=currency)
    return f"{_pointed(minor, decimals)} {currency}"


def rate(minor: Fraction, currency: str, lang: str = "en") -> str:
    """Return a fraction of an amount as people write it: money where it is whole, else to a hundredth of a coin."""
    if minor.denominator == 1:
        return money(minor.numerator, currency, lang)
    decimals = DECIMALS.get(currency)
    near = round(minor * 10**RATE_DECIMALS)
    if decimals is None:
        return WORDS[lang]["minor"].format(n=_pointed(near, RATE_DECIMALS), currency=currency)
    return f"{_pointed(near, decimals + RATE_DECIMALS)} {currency}"


def bare(minor: int) -> str:
    """Return an amount of the settlement token as people write it where its currency is not known: `12.50`."""
    return _pointed(minor, TOKEN_DECIMALS)


def _pointed(amount: int, decimals: int) -> str:
    """Return an amount with its last `decimals` digits behind the point."""
    whole, rest = divmod(abs(amount), 10**decimals)
    sign = "-" if amount < 0 else ""
    return f"{sign}{whole}.{rest:0{decimals}}" if decimals else f"{sign}{whole}"


def quantity(tariff: Tariff, amount: int, lang: str = "en") -> str:
    """Return a quantity of what a tariff counts, for example `240 MiB` or `3 openings`."""
    return _quantity(_counting(tariff), amount, WORDS[lang])


def billed(tariff: Tariff, units: int, lang: str = "en") -> str:
    """Return what an answer counts as, for example `ε 1.50` or `0.3 CPU seconds`; empty where answers cost nothing."""
    return quantity(tariff, units, lang) if UNITS[_counting(tariff)].counts == CALL else ""


def _counting(tariff: Tariff) -> str:
    """Return the unit whose words a quantity has; prices of the whole count bytes."""
    return tariff.of or (tariff.unit if UNITS[tariff.unit].graduated else "byte")


def _beyond(tariff: Tariff, words: Mapping[str, str]) -> str:
    if tariff.limit is not None:
        return words["end"]
    shape = words["over" if tariff.period else "tier"]
    unit = _counting(tariff)
    return "".join(
        shape.format(above=_quantity(unit, tier.above, words), percent=percent(tier.bps)) for tier in tariff.tiers
    )


def percent(bps: int) -> str:
    """Return basis points in per cent, for example `12.5`, without zeros that say nothing."""
    whole, rest = divmod(bps, PERCENT_BPS)
    return f"{whole}.{rest:02}".rstrip("0") if rest else str(whole)


def _per(tariff: Tariff, words: Mapping[str, str]) -> str:
    if tariff.unit == "byte" and tariff.per in _SIZES:
        return _SIZES[tariff.per]
    one = words.get(f"one_{tariff.unit}") if tariff.per == UNITS[tariff.unit].parts else None
    return one or words[tariff.unit].format(n=_counted(tariff.unit, tariff.per))


def _quantity(unit: str, amount: int, words: Mapping[str, str]) -> str:
    """Return an amount of a unit; bytes in the largest measure that says them whole."""
    if UNITS[unit].parts > 1:
        return words[unit].format(n=_counted(unit, amount))
    if unit != "byte":
        return f"1 {words[f'one_{unit}']}" if amount == 1 else words[unit].format(n=amount)
    size, name = next(((size, name) for size, name in _SIZES.items() if amount % size == 0), (1, "B"))
    return f"{amount // size} {name}" if amount and size > 1 else words["byte"].format(n=amount)


def _counted(unit: str, amount: int) -> str:
    """Return an amount as people say it, in whole units: `1.50` of what is counted in hundredths."""
    return _pointed(amount, len(str(UNITS[unit].parts)) - 1)
