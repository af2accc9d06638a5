"""Graduated prices: each unit weighs what its step says, and steps that one cannot read are refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import tiers
from contracts.tiers import Tier
from tests.contracts.refusal import refused
from tests.every import every

LARGEST = (1 << 62) - 1
STEPS = (Tier(10, 8_000), Tier(15, 0), Tier(20, 15_000))


def test_a_weight_is_that_of_each_unit_in_its_own_step():
    assert tiers.weight((), 7) == 70_000
    weights = [tiers.weight(STEPS, quantity) for quantity in (0, 1, 10, 11, 15, 16, 20, 21, 30)]
    assert weights == [0, 10_000, 100_000, 108_000, 140_000, 140_000, 140_000, 155_000, 290_000]
    assert [tiers.weight(STEPS, quantity, first_bps=0) for quantity in (9, 12)] == [0, 16_000]


@given(st.integers(0, 60), st.dictionaries(st.integers(1, 50), st.integers(0, 100_000), max_size=8))
def test_a_weight_is_the_sum_of_its_units(quantity, steps):
    rising = tuple(Tier(above, bps) for above, bps in sorted(steps.items()))
    tiers.check(rising)
    each = (next((tier.bps for tier in reversed(rising) if unit >= tier.above), 10_000) for unit in range(quantity))
    assert tiers.weight(rising, quantity) == sum(each)


@pytest.mark.parametrize("tier", [Tier(1, 0), Tier(1, 100_000), Tier(LARGEST, 1)])
def test_the_outermost_steps_are_still_steps(tier):
    tiers.check([tier])


@pytest.mark.parametrize("tier", [Tier(0, 1), Tier(-1, 1), Tier(LARGEST + 1, 1), Tier(1, -1), Tier(1, 100_001)])
def test_a_step_out_of_range_is_refused(tier):
    with refused("tiers", f"the tier of `{tier.bps}` ten-thousandths above `{tier.above}` is out of range"):
        tiers.check([Tier(1, 1), tier])


def test_a_price_has_eight_steps_and_no_more():
    nine = [Tier(above, 1) for above in range(1, 10)]
    tiers.check([])
    tiers.check(nine[:8])
    assert tiers.read([tier.json() for tier in nine[:8]]) == tuple(nine[:8])
    with refused("tiers", "`9` tiers are more than 8"):
        tiers.check(nine)
    for value in ([tier.json() for tier in nine], [], None, (Tier(1, 1).json(),), "all"):
        with refused("tiers", "`tiers` are a list of 1 to 8"):
            tiers.read(value)


@pytest.mark.parametrize("above", [(2, 2), (3, 2), (1, 4, 4), (1, 4, 3)])
def test_steps_rise(above):
    with refused("tiers", "the tiers do not rise; list them by what they are above"):
        tiers.check([Tier(each, 1) for each in above])
    tiers.check([Tier(1, 1), Tier(2, 1), Tier(3, 1)])


def test_a_step_is_read_as_it_is_written():
    assert Tier(10, 8000).json() == {"above": "10", "bps": 8000}
    assert tiers.read([{"above": str(LARGEST), "bps": 8000}]) == (Tier(LARGEST, 8000),)


@every(
    "value",
    [
        None, [], "above", {"above": "1"}, {"bps": 1}, {"above": "1", "bps": "1"}, {"above": "1", "bps": True},
        {"above": "1", "bps": 1, "currency": "CNY"},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_step_is_refused(value):
    with refused("tiers", "a tier has exactly `above`, a decimal string, and `bps`, a number"):
        tiers.read([value])


def test_where_a_step_begins_is_a_decimal_string_within_all_quantities():
    with refused("not-decimal", "`above`"):
        tiers.read([{"above": 10, "bps": 1}])
    with refused("out-of-range", f"more than {LARGEST}"):
        tiers.read([{"above": str(LARGEST + 1), "bps": 1}])
