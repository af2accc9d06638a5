"""A plan to leave binds until the last of what it names; who is not heard of is shown as that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import connectors, leaving
from catalog.connectors import CAPABILITIES, LIVE_SECONDS, STALE_SECONDS, Heartbeat, node_beat, state
from catalog.errors import CatalogError
from catalog.leaving import BECOMES, NOTICE_DAYS, TABLE, Item, Move, State
from tests.every import every

NOW = datetime(2026, 11, 21, tzinfo=UTC)
moments = st.none() | st.integers(0, 900).map(lambda days: NOW + timedelta(days=days))
things = st.lists(st.builds(Item, st.sampled_from(sorted(BECOMES)), st.text(max_size=9), moments), max_size=9).map(
    tuple
)


@given(things, st.integers(-5, 900))
def test_a_plan_ends_no_earlier_than_what_it_names(items, days):
    least = leaving.earliest(items, NOW)
    assert least >= NOW + timedelta(days=NOTICE_DAYS)
    wanted = NOW + timedelta(days=days)
    if wanted < least:
        with pytest.raises(CatalogError, match="cannot end before"):
            leaving.planned("why", wanted, items, NOW)
        return
    plan = leaving.planned("why", wanted, items, NOW)
    assert all(one.until is None or one.until <= plan.until for one in plan.items)
    assert leaving.from_json(plan.json(), NOW) == plan
    assert leaving.planned("why", None, items, NOW).until == least


@every(
    "change",
    [
        {"items": [{"kind": "house", "id": "x", "until": None}]},
        {"items": [{"kind": "sold", "id": "x", "until": "2099-01-01T00:00:00+00:00"}]},
        {"items": "all"},
        {"until": "soon"},
        {"until": "2099-01-01T00:00:00"},
        {"until": "2020-01-01T00:00:00+00:00"},
        {"more": 1},
    ],
)
def test_what_is_no_plan_is_refused(change):
    document = leaving.planned("why", None, (), NOW).json()
    with pytest.raises(CatalogError):
        leaving.from_json(document | change, NOW)


def test_every_cell_of_the_table_is_somebodys_and_the_rest_is_refused():
    for at in State:
        for move in Move:
            for role in ("member", "exchange"):
                if (at, move) in TABLE and TABLE[at, move].role == role:
                    assert leaving.moved(at, move, role) == TABLE[at, move].to
                else:
                    with pytest.raises(CatalogError):
                        leaving.moved(at, move, role)


@pytest.mark.parametrize(
    ("age", "expected"),
    [(None, "silent"), (0, "live"), (LIVE_SECONDS, "live"), (LIVE_SECONDS + 1, "stale"), (STALE_SECONDS + 1, "silent")],
)
def test_silence_has_a_name(age, expected):
    assert state(age) == expected


@pytest.mark.parametrize(("members", "seconds"), [(0, 5), (1000, 5), (1001, 6), (4000, 20), (12_000, 60), (10**6, 60)])
def test_a_node_of_many_members_hears_of_each_less_often(members, seconds):
    assert node_beat(members) == seconds
    assert state(3 * seconds, seconds) == "live"
    assert state(3 * seconds + 1, seconds) == "stale"


@given(st.lists(st.sampled_from(sorted(CAPABILITIES)), unique=True), st.integers(0, 10**6))
def test_a_heartbeat_is_read_as_it_is_told(able, alarms):
    told = Heartbeat("0.1.0", tuple(able), alarms)
    assert connectors.from_json(told.json()) == told


@pytest.mark.parametrize(
    "change", [{"capabilities": ["flies"]}, {"alarms": 3}, {"alarms": "-1"}, {"version": "v" * 41}, {"more": ""}]
)
def test_what_is_no_heartbeat_is_refused(change):
    with pytest.raises(CatalogError):
        connectors.from_json(Heartbeat("0.1.0", ("dsp",), 0).json() | change)
