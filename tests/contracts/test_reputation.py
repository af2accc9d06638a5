"""The formula of reputation: bounded, and moved by each count the way it should be."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.reputation import Record

COUNTS = st.builds(Record, *[st.integers(0, 10**6)] * 5)


def test_known_scores():
    assert Record().json()["score"] == "50.0"
    counts = {"deals": "8", "rulings": "0", "upheld": "0", "late": "0", "unpaid": "0"}
    assert Record(deals=8).json() == {**counts, "score": "90.0"}
    assert Record(deals=8, rulings=1).json()["score"] == "64.2"


@given(COUNTS, st.sampled_from(["rulings", "upheld", "late", "unpaid"]))
def test_deals_raise_it_and_everything_else_lowers_it(record, name):
    assert 0 < record.score < 100
    assert replace(record, **{name: getattr(record, name) + 1}).score < record.score
    assert replace(record, deals=record.deals + 1).score > record.score


@pytest.mark.parametrize(("name", "deals"), [("rulings", 4), ("upheld", 3), ("late", 1), ("unpaid", 4)])
def test_weights_are_those_of_the_formula(name, deals):
    assert 100 * (deals + 1) / Record(deals=deals, **{name: 1}).score == deals + 2 + deals
