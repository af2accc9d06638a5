"""Journeys of money drawn by a seed: whatever is lied, lost, restored or mined late, nothing released is lost."""

from __future__ import annotations

import os

import pytest

from tests.money.simulate import draw, play, shrink, told

JOURNEYS, PARTS = 500, 5
# the same journeys every time: `make simulate-money` is what looks for others
SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or 18)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost(part):
    for number in range(part, JOURNEYS, PARTS):
        space, trace = draw(SEED, number)
        broken = play(space, trace)
        if broken is not None:
            less = shrink(space, trace, broken[0])
            pytest.fail(f"journey {number} of seed {SEED}: {broken[0]}\n{told(space, less)}\n{broken[1]}")
