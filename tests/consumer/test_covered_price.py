"""What one covered subject costs: never said too low, and not at all where there is no price for the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.client.acts.queries import fitted
from connector.compute.marks import Estimate
from connector.consumer.covered_price import CoveredPrice

QUOTE = {"product": "firms", "tier": "kept", "of": "all", "price": "1.00 CNY per MiB", "sum": "23.57 CNY",
         "amount": "2357", "currency": "CNY"}  # fmt: skip


def told(covered, low, high, **quote):
    return CoveredPrice({**QUOTE, **quote}).told(Estimate(covered, low, high))


def test_the_whole_price_is_shared_by_those_that_are_covered():
    found = told(5_680, 5_400, 5_960, amount="238560")
    assert (found["each"], found["low"], found["high"], found["why"]) == ("42", "41", "45", "")
    assert told(100, 90, 110)["each"] == "24", "23.57 is not said"
    assert told(100, 0, 110)["high"] is None
    assert told(100, 90, 110, amount="0")["each"] == "0"


@given(st.integers(0, 10**15), st.integers(1, 10**6), st.integers(0, 500), st.integers(0, 500))
def test_it_is_never_said_too_low(amount, covered, below, above):
    found = told(covered, max(0, covered - below), covered + above, amount=str(amount))
    assert amount <= int(found["each"]) * covered < amount + covered
    assert int(found["low"]) <= int(found["each"])
    assert found["high"] is None or int(found["each"]) <= int(found["high"])


@pytest.mark.parametrize(
    ("quote", "covered", "why"),
    [
        ({"tier": "computed", "of": "query"}, 100, "stay at their provider"),
        ({"tier": "leased", "of": "opening"}, 100, "for one opening"),
        ({"of": "month"}, 100, "for one month"),
        ({"of": "call", "tier": "plain"}, 100, "for one call"),
        ({}, 0, "perhaps no key is covered"),
    ],
)
def test_where_there_is_no_whole_it_is_said_plainly(quote, covered, why):
    found = told(covered, 0, covered + 10, **quote)
    assert why in found["why"]
    assert (found["each"], found["low"], found["high"]) == (None, None, None)
    assert f"cannot be said: {found['why']}" in fitted({"rows": [], "id": "one", "price": found})[0]


def test_a_person_reads_it_as_money():
    [line, *_] = fitted({"rows": [], "id": "one", "price": told(100, 90, 110)})
    assert line == "0.24 CNY per covered subject (0.22 CNY to 0.27 CNY): 23.57 CNY for all of firms (1.00 CNY per MiB)"
    [line, *_] = fitted({"rows": [], "id": "one", "price": told(100, 0, 110)})
    assert "(0.22 CNY and more)" in line
    last = fitted({"rows": [], "id": "one", "price": told(100, 90, 110)})[-1]
    assert last == "next: penstock get firms --tried one --purpose TERM"
