"""Indicators: what is divided by what, and what nothing divides by nothing is."""

from __future__ import annotations

from dataclasses import fields, replace

from hypothesis import given
from hypothesis import strategies as st

from catalog.indicators import INDICATORS, NONE, Market, told

MARKET = Market(
    listed=8, listed_with_deal=2, listed_bytes=1000, listed_table_bytes=250, members=7, providers=2, buyers=4,
    buyers_with_deal=3, deals=5, turnover=12_345, demands=4, demands_met=1,
    trades=10, trades_priced=5, complaints=2, complaints_closed=1, complaints_late=1,
)  # fmt: skip


def test_each_figure_is_its_formula():
    assert {row["key"]: row["value"] for row in told(MARKET)} == {
        "deal-rate": "25.0",
        "demand-supply": "2.00",
        "buyers-with-deal": "75.0",
        "structured": "25.0",
        "demands-met": "25.0",
        "trades-priced": "50.0",
        "complaints": "40.0",
        "complaints-closed": "50.0",
        "complaints-late": "50.0",
        "members": "7",
        "listed": "8",
        "deals": "5",
        "turnover": "12345",
    }


def test_an_empty_market_has_no_ratios():
    empty = Market(**dict.fromkeys((field.name for field in fields(Market)), 0))
    assert {row["value"] for row in told(empty)} == {NONE, "0"}


def test_every_row_says_where_it_comes_from():
    assert len({one.key for one in INDICATORS}) == len(INDICATORS)
    assert all(one.en and one.zh and one.formula and one.source for one in INDICATORS)


@given(st.integers(1, 10**6), st.data())
def test_a_share_is_between_nothing_and_all(listed, data):
    sold = data.draw(st.integers(0, listed))
    row = next(row for row in told(replace(MARKET, listed=listed, listed_with_deal=sold)) if row["key"] == "deal-rate")
    assert 0 <= float(row["value"]) <= 100
    assert abs(float(row["value"]) - 100 * sold / listed) <= 0.051
