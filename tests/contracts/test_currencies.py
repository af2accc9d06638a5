"""Which currencies a space may settle in, and how amounts and rates of them are written."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import currencies, price_words
from contracts.errors import ContractError


@pytest.mark.parametrize("code", ["CNY", "EUR", "USD", "CHF"])
def test_a_currency_of_two_decimals_is_taken(code):
    assert currencies.settled(code) == code


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("JPY", "`JPY` has no decimals, and the settlement token counts hundredths"),
        ("KWD", "`KWD` has 3 decimals"),
        ("PNT", "`PNT` is no currency that is known here"),
        ("cny", "`cny` is no currency that is known here"),
        ("", "`` is no currency that is known here"),
    ],
)
def test_another_one_is_refused_with_words(code, words):
    with pytest.raises(ContractError, match=words.replace("`", ".")):
        currencies.settled(code)


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        (95191, "CNY", "951.91 CNY"), (0, "EUR", "0.00 EUR"), (5, "USD", "0.05 USD"), (-5, "USD", "-0.05 USD"),
        (-250, "EUR", "-2.50 EUR"), (7, "JPY", "7 JPY"), (1500, "KWD", "1.500 KWD"),
    ],
)  # fmt: skip
def test_an_amount_has_the_form_of_its_currency(minor, currency, words):
    assert price_words.money(minor, currency) == words


@pytest.mark.parametrize(
    ("rate", "currency", "words"),
    [
        (Fraction(8001, 2), "CNY", "40.0050 CNY"), (Fraction(400), "CNY", "4.00 CNY"),
        (Fraction(1, 3), "EUR", "0.0033 EUR"),
        (Fraction(7, 2), "JPY", "3.50 JPY"), (Fraction(7, 2), "PNT", "3.50 minor units of PNT"),
    ],
)  # fmt: skip
def test_a_rate_between_two_amounts_is_money_too(rate, currency, words):
    assert price_words.rate(rate, currency) == words


@given(st.integers(min_value=-(10**20), max_value=10**20), st.sampled_from(sorted(currencies.DECIMALS)))
def test_an_amount_can_be_read_again(minor, currency):
    said, code = price_words.money(minor, currency).split()
    assert (int(said.replace(".", "")), code) == (minor, currency)
    assert len(said.partition(".")[2]) == currencies.DECIMALS[currency]
