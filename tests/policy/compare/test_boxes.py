"""Boxes against sets of points, one by one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.compare.boxes import MAX_BOXES, NOWHERE, Region, TooManyBoxesError

CELLS = 3
BOXES = st.tuples(*[st.integers(1, 2**CELLS - 1)] * 3)
REGIONS = st.builds(lambda boxes: Region(tuple(boxes)), st.lists(BOXES, max_size=4))


def points(region):
    return {
        point
        for point in product(range(CELLS), repeat=3)
        if any(all(mask >> cell & 1 for mask, cell in zip(box, point, strict=True)) for box in region.boxes)
    }


@given(REGIONS, REGIONS)
def test_regions_are_sets_of_points(one, other):
    assert points(one & other) == points(one) & points(other)
    assert points(one | other) == points(one) | points(other)
    assert points(one - other) == points(one) - points(other)
    assert bool(one) == bool(points(one))


@given(REGIONS)
def test_what_is_left_of_a_region_without_itself_is_nothing(region):
    assert region - region == NOWHERE


def test_too_many_boxes_are_refused_and_not_counted_out():
    joined = MAX_BOXES.bit_length()
    full = (0b11,) * (2 * joined)
    region = Region((full,))
    # each step says `this or that` of two further dimensions, and doubles the boxes
    with pytest.raises(TooManyBoxesError):
        for place in range(0, 2 * joined, 2):
            this, that = (*full[:place], 0b1, *full[place + 1 :]), (*full[: place + 1], 0b1, *full[place + 2 :])
            region = region & Region((this, that))
