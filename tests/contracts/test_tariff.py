"""Money: no double bill, no drift, whatever the order of the orders."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.split import Split
from contracts.tariff import Tariff, affordable, amount, order_amount

TARIFFS = st.builds(Tariff, st.just("byte"), st.integers(0, 10**6), st.integers(1, 1 << 20), st.just("CNY"))
ROW_BYTES = 1000
ORDERS = st.lists(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), min_size=1, max_size=3).map(RowSet.of), max_size=12
)


@given(TARIFFS, ORDERS)
def test_amounts_of_orders_add_up_to_the_price_of_their_union(tariff, orders):
    paid, total = RowSet(), 0
    for rows in orders:
        after = paid | rows
        total += order_amount(tariff, len(paid) * ROW_BYTES, len(after) * ROW_BYTES)
        paid = after
    union = {row for rows in orders for row in rows}
    assert total == amount(tariff, len(union) * ROW_BYTES)
    exact = Fraction(tariff.minor, tariff.per) * len(union) * ROW_BYTES
    assert 0 <= total - exact < 1


@given(TARIFFS, ORDERS)
def test_rows_already_paid_cost_nothing(tariff, orders):
    paid = RowSet()
    for rows in orders:
        paid = paid | rows
    for rows in orders:
        assert order_amount(tariff, len(paid) * ROW_BYTES, len(paid | rows) * ROW_BYTES) == 0


@given(TARIFFS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_affordable_is_the_largest(tariff, before, money):
    after = affordable(tariff, before, money)
    if after is None:
        assert tariff.minor == 0
    else:
        assert after >= before
        assert order_amount(tariff, before, after) <= money < order_amount(tariff, before, after + 1) or (
            order_amount(tariff, before, after + 1) > money
        )


def test_quantity_never_falls():
    tariff = Tariff("byte", 1, 1, "CNY")
    with pytest.raises(ContractError):
        order_amount(tariff, 2, 1)
    with pytest.raises(ContractError):
        amount(tariff, -1)


@given(TARIFFS)
def test_json_round_trip_keeps_the_spelling(tariff):
    assert Tariff.from_json(tariff.json()) == tariff


GOOD = {"unit": "byte", "minor": "300", "per": "1048576", "currency": "CNY"}


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "row"}, {"unit": 1}, {"minor": 300}, {"minor": "0300"}, {"minor": "-1"}, {"per": "0"},
        {"per": "1.5"}, {"currency": ""}, {"currency": "¥"}, {"currency": "x" * 13}, {"extra": "1"},
    ],
    ids=str,
)  # fmt: skip
def test_other_tariffs_are_refused(change):
    with pytest.raises(ContractError):
        Tariff.from_json(GOOD | change)


# ---- split -------------------------------------------------------------------------------------------------------

SPLITS = (
    st.lists(st.integers(1, 3000), min_size=1, max_size=7)
    .filter(lambda bps: sum(bps) < 10_000)
    .map(lambda bps: Split(tuple((bytes([n + 1]) * 20, each) for n, each in enumerate((10_000 - sum(bps), *bps)))))
)


@given(SPLITS, st.lists(st.integers(0, 10**12), max_size=20).map(sorted))
def test_shares_of_growing_cumulatives_never_lose_a_unit_nor_shrink(split, cumulatives):
    before = split.shares(0)
    for cumulative in cumulatives:
        after = split.shares(cumulative)
        assert sum(after) == cumulative
        assert all(now >= then for now, then in zip(after[1:], before[1:], strict=True))
        before = after


@given(SPLITS)
def test_split_hash_is_that_of_the_abi(split):
    from eth_abi import encode
    from eth_utils import keccak

    payees, bps = zip(*split.parts, strict=True)
    assert split.hash == keccak(encode(["address[]", "uint256[]"], [list(payees), list(bps)]))
    assert Split.from_json(split.json()) == split


A, B = (("0x" + "11" * 20), ("0x" + "22" * 20))


@pytest.mark.parametrize(
    "value",
    [
        [], {}, [{"payee": A, "bps": 9999}], [{"payee": A, "bps": 10001}], [{"payee": A, "bps": 10000.0}],
        [{"payee": A, "bps": 5000}, {"payee": A, "bps": 5000}], [{"payee": A, "bps": 10000}, {"payee": B, "bps": 0}],
        [{"payee": A, "bps": "10000"}], [{"payee": A}], [{"payee": "provider", "bps": 10000}],
    ],
    ids=str,
)  # fmt: skip
def test_other_splits_are_refused(value):
    with pytest.raises(ContractError):
        Split.from_json(value)
