"""Complaints: every cell of the table for every role, in time and late, and deadlines in working days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.complaint import CLOCKS, COMPLAINANT, EXCHANGE, RESPONDENT, TABLE, Move, State, due, from_json, moved
from catalog.errors import CatalogError, ComplaintError
from catalog.working_days import after
from tests.every import every

ROLES = (COMPLAINANT, RESPONDENT, EXCHANGE)
DOCUMENT = {"id": "c1", "agreement": "ab" * 32, "words": "no file of March is in it"}


@every("late", [False, True])
@every("role", ROLES)
@every("move", Move)
@every("state", State)
def test_every_cell(state, move, role, late):
    step = TABLE.get((state, move))
    if step is not None and step.role == role and (late or not step.when_late):
        assert moved(state, move, role, late=late) is step.to
    else:
        with pytest.raises(ComplaintError):
            moved(state, move, role, late=late)


def test_what_waits_has_a_clock_and_a_way_on_for_who_is_waited_for():
    ends = set(State) - {state for state, _ in TABLE}
    assert ends == set(State) - set(CLOCKS)
    for state, clock in CLOCKS.items():
        assert any(step.role == clock.whose for (at, _), step in TABLE.items() if at is state)


@every(
    "change",
    [{"words": ""}, {"words": "x" * 4001}, {"agreement": " "}, {"agreement": "a" * 65}, {"id": 1}, {"more": ""}],
)
def test_what_is_no_complaint_is_refused(change):
    assert from_json(DOCUMENT).json() == DOCUMENT
    with pytest.raises(CatalogError):
        from_json(DOCUMENT | change)


def test_days_that_are_no_working_days_do_not_count():
    friday = datetime(2026, 11, 20, 9, tzinfo=UTC)
    assert after(friday, 1) == datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert due(State.FILED, friday) == datetime(2026, 11, 27, 9, tzinfo=UTC)
    assert due(State.SETTLED, friday) is None


@given(st.integers(0, 10**7), st.integers(0, 40))
def test_a_deadline_is_on_a_working_day_and_later_for_more_days(minutes, days):
    begun = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = after(begun, days)
    assert not days or end.weekday() < 5
    assert end - begun >= timedelta(days=days)
    assert after(begun, days + 1) > end
