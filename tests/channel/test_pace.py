"""Windows grow while round trips cost too much of the time, and never beyond a batch."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import plan
from connector.channel.pace import FIRST_ROWS, TRIP_SHARE, Pace, Paces
from connector.channel.window import MAX_BATCH_ROWS
from tests.channel.rig import CHANNEL_ID, KEPT, Pair


@pytest.mark.parametrize(
    ("trip", "window", "grows"),
    [
        (0.1, 0.1, True),
        (0.1, 0.11 / TRIP_SHARE, False),
        (0.1, 0.09 / TRIP_SHARE, True),
        (0.0, 0.0, False),
    ],
)
def test_a_window_doubles_while_round_trips_take_too_much_of_the_time(trip, window, grows):
    pace = Pace()
    pace.released(trip, window)
    assert pace.rows == FIRST_ROWS * (2 if grows else 1)


def test_no_window_is_larger_than_a_batch():
    pace = Pace()
    for _ in range(20):
        pace.released(1, 1)
    assert pace.rows == MAX_BATCH_ROWS


def test_a_purchase_begins_where_windows_of_its_provider_have_come_to():
    paces = Paces()
    assert paces.begin("one").rows == FIRST_ROWS
    for rows in (4 * FIRST_ROWS, 1):
        paces.delivered("one", rows)
    assert (paces.begin("one").rows, paces.begin("other").rows) == (4 * FIRST_ROWS, FIRST_ROWS)
    paces.disappointed("one")
    assert paces.begin("one").rows == FIRST_ROWS


@pytest.mark.parametrize(("most", "rows"), [(1, 1), (3, 3), (12, 6)])
def test_a_plan_has_at_most_so_many_rows(most, rows):
    """The index first and by itself; with twelve to go the taper allows six."""
    pair = Pair(replace(KEPT, max_exposure=5000), rows=13)
    pair.window()
    request = pair.payer_db.act(lambda tx: plan.plan(tx, pair.buyer, CHANNEL_ID, [pair.want()], pair.now, most))
    assert sum(one.count for order in request.orders for one in order.ranges) == rows


@pytest.mark.parametrize(("exposure", "rows"), [(None, 4), (150, 2), (10_000, 4)])
def test_a_lower_exposure_of_the_payers_own_holds(exposure, rows):
    pair = Pair(KEPT)
    pair.window()
    want = replace(pair.want(), exposure=exposure)
    request = pair.payer_db.act(lambda tx: plan.plan(tx, pair.buyer, CHANNEL_ID, [want], pair.now))
    assert sum(one.count for order in request.orders for one in order.ranges) == rows
