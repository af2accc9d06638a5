"""How growth is told: an exponent is that of a power, and its error what is left of a straight line."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from bench import growth
from bench.axes import AGREEMENTS, AXES


@pytest.mark.parametrize("power", [0.0, 0.1, 0.5, 1.0, 2.0])
def test_the_exponent_of_a_power_is_that_power(power):
    slope, error = growth.exponent({size: 3 * size**power for size in (10, 100, 1_000, 10_000)})
    assert slope == pytest.approx(power)
    assert error == pytest.approx(0, abs=1e-6)


def test_what_is_no_power_has_an_error():
    slope, error = growth.exponent({100: 1.0, 1_000: 1.0, 10_000: 8.0})
    assert 0.4 < slope < 0.5
    assert error > 0.2


def test_rows_judge_growth_and_the_start_at_the_largest_size():
    names = [work.name for work in AGREEMENTS.works]
    curves = {size: dict.fromkeys(names, 1.0) for size in (100, 1_000)}
    curves[1_000] |= {"tables of the buyer": 46.0, "a deal": 2.0, "start of the provider": 4.0}
    found = {row.work: row for row in growth.rows(AGREEMENTS, curves)}
    assert found["a deal by agreements: exponent"].met is False
    assert found["an opening by agreements: exponent"].met is True
    assert found["start of the provider, 1,000 agreements"].met is False
    assert found["start of the provider, 100 agreements"].met is None
    assert found["tables of the buyer by agreements: an order more"].value == pytest.approx(45 * 1024 / 900)


def test_an_axis_measured_anew_takes_its_rows_out_of_a_record_and_leaves_those_of_others():
    names = [work.name for axis in AXES for work in axis.works]
    before = [row for axis in AXES for row in growth.rows(axis, dict.fromkeys((10, 100), dict.fromkeys(names, 1.0)))]
    found = growth.rows(AXES[1], {size: dict.fromkeys(names, 2.0) for size in (10, 1_000)})
    after = growth.merged(before, found, AXES[1:2])
    assert [row for row in after if row in found] == found
    assert [row for row in after if row not in found] == [
        row for row in before if not re.search(f"( |by ){AXES[1].of}", row.work)
    ]
    assert set(growth.merged(before, before, AXES)) == set(before)


def test_a_record_has_the_axes_in_their_order_whichever_was_measured_last():
    names = [work.name for axis in AXES for work in axis.works]
    rows = [row for axis in AXES for row in growth.rows(axis, dict.fromkeys((10, 100), dict.fromkeys(names, 1.0)))]
    deals = [row.work for row in growth.merged([], rows[::-1], AXES) if row.work.startswith("a deal, 10 ")]
    assert deals == [f"a deal, 10 {axis.of}" for axis in AXES]


def test_each_axis_has_steps_of_ten_and_names_its_works_once():
    for axis in AXES:
        assert [larger / smaller for smaller, larger in pairwise(axis.sizes)] == [10] * (len(axis.sizes) - 1)
        assert len({work.name for work in axis.works}) == len(axis.works)
