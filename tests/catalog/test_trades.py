"""Price information: what may be shown, and what nobody can work out of two looks at it."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from catalog.trades import BUYERS_LEAST, TRADES_LEAST, Trade, TradeClass, cells
from contracts.quartiles import quartiles

KIND = TradeClass("B0300", "1", "", "kept", "MiB", "CNY")
BUYERS = [f"did:web:buyer-{number}" for number in range(BUYERS_LEAST)]


def trades(prices, kind=KIND, buyers=BUYERS, first=0):
    return [
        Trade(kind, Fraction(price), buyers[number % len(buyers)], first + number)
        for number, price in enumerate(prices)
    ]


def test_a_class_with_too_few_trades_or_buyers_is_kept_quiet():
    assert cells(trades([1] * (TRADES_LEAST - 1))) == ([], 1)
    assert cells(trades([1] * 20, buyers=BUYERS[:-1])) == ([], 1)
    [cell], quiet = cells(trades([1, 2, 3, 4, 100]))
    assert (cell.n, cell.low, cell.median, cell.high, quiet) == (5, 2, 3, 4, 0)
    assert cell.json()["entries"] == ["0", "1", "2", "3", "4"]


def test_classes_do_not_mix():
    other = TradeClass("B0500", "1", "", "kept", "MiB", "CNY")
    found, quiet = cells([*trades([1] * 5), *trades([9] * 5, other, first=5), *trades([7], KIND, first=10)])
    assert [(cell.kind, cell.n, cell.median) for cell in found] == [(KIND, 5, 1), (other, 5, 9)]
    assert quiet == 0


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=40), st.data())
def test_two_looks_differ_by_none_or_by_so_many_that_none_is_known(prices, data):
    cut = data.draw(st.integers(0, len(prices)))
    before, after = (cells(trades(prices[:end]))[0] for end in (cut, len(prices)))
    counts = [found[0].n if found else 0 for found in (before, after)]
    assert (counts[1] - counts[0]) % TRADES_LEAST == 0
    if counts[0] == counts[1]:
        assert before == after


@given(st.lists(st.fractions(0, 10**6), min_size=1))
def test_quartiles_are_in_order_and_within(values):
    low, median, high = quartiles(values)
    assert min(values) <= low <= median <= high <= max(values)
    assert 2 * sum(value <= median for value in values) >= len(values)
    assert 2 * sum(value >= median for value in values) >= len(values)
