"""Until when an application is to be answered."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.exchange.applications import DAYS_OF, due
from tests.every import every

FRIDAY = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@every(
    ("role", "applied", "days"),
    [
        ("provider", FRIDAY - timedelta(days=1), 1),
        ("provider", FRIDAY, 3),
        ("provider", FRIDAY + timedelta(days=1), 2),
        ("buyer", FRIDAY + timedelta(days=2), 1),
        ("exchange", FRIDAY, 7),
        ("exchange", FRIDAY + timedelta(days=1), 6),
    ],
)
def test_days_off_do_not_count(role, applied, days):
    assert due(role, applied) - applied == timedelta(days=days)


@given(st.sampled_from(["provider", "exchange"]), st.integers(0, 3000))
def test_it_is_due_on_a_working_day_after_so_many(role, day):
    applied = FRIDAY + timedelta(days=day)
    end = due(role, applied)
    between = [applied + timedelta(days=one) for one in range(1, (end - applied).days + 1)]
    assert end.weekday() < 5
    assert sum(one.weekday() < 5 for one in between) == DAYS_OF.get(role, 1)
