"""Amounts of an answer as people write them: minor units of the currency that the answer names."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

# how an amount is typed
TYPED = "as 12.50 or 12.50 CNY; digits alone count hundredths (1250: 12.50)"
# what the label of a form says of it
AMOUNT = ("Amount, as 12.50 (digits alone: hundredths)", "金额,如 12.50(只写数字时以分计)")


def money(minor: Any, currency: str) -> str:
    """Return an amount of minor units in words, such as `12.50 CNY`."""
    from contracts import price_words  # noqa: PLC0415  # the help page starts fast

    return price_words.money(int(minor), currency)


def bare(minor: Any) -> str:
    """Return an amount whose currency the answer does not name, such as `12.50`."""
    from contracts import price_words  # noqa: PLC0415  # the help page starts fast

    return price_words.bare(int(minor))


def rate(told: str, currency: str) -> str:
    """Return a fraction of minor units (`8001/2`) in words."""
    from contracts import price_words  # noqa: PLC0415  # the help page starts fast

    return price_words.rate(Fraction(told), currency)
