"""A period has one number for good: a restored back-up counts on in the period that it was in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import periods
from tests.contracts.refusal import refused
from tests.every import every

SUNDAY, MONDAY = "2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z"
NUMBERS = [
    ("day", "0001-01-01T00:00:00Z", 1),
    ("week", "0001-01-01T00:00:00Z", 0),
    ("month", "0001-01-01T00:00:00Z", 12),
    ("year", "0001-01-01T00:00:00Z", 1),
    ("day", MONDAY, 739_677),
    ("week", MONDAY, 105_668),
    ("month", MONDAY, 24_314),
    ("year", MONDAY, 2026),
]


@every(("kind", "at", "number"), NUMBERS)
def test_the_number_of_a_period_never_changes(kind, at, number):
    """Accounts of a subscription are kept under these numbers."""
    assert periods.number(kind, datetime.fromisoformat(at)) == number


@given(st.sampled_from(sorted(periods.PERIODS)), st.integers(0, 2 * 10**9), st.data())
def test_periods_are_counted_one_after_the_other_in_utc(kind, at, data):
    at = datetime.fromtimestamp(at, UTC)
    later = at + timedelta(minutes=data.draw(st.integers(0, 60 * 24)))
    assert periods.number(kind, later) - periods.number(kind, at) in (0, 1)
    assert periods.number(kind, at) == periods.number(kind, at.astimezone(timezone(timedelta(hours=8))))
    assert periods.between(kind, at, at) == 1


@pytest.mark.parametrize(
    ("kind", "last", "first"),
    [
        ("day", SUNDAY, MONDAY),
        ("week", SUNDAY, MONDAY),
        ("month", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
        ("year", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_period_ends_where_the_calendar_says(kind, last, first):
    before, after = (datetime.fromisoformat(each) for each in (last, first))
    assert periods.number(kind, after) == periods.number(kind, before) + 1
    assert periods.between(kind, before, after) == 2


def test_an_agreement_touches_its_first_and_its_last_period_and_none_when_it_ends_before_it_begins():
    start, end = datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    assert periods.between("month", start, end) == 4
    assert periods.between("month", end, start) == 0
    assert periods.between("month", datetime(2026, 5, 1, tzinfo=UTC), end) == 0


def test_an_unknown_period_is_refused_with_the_known_ones():
    with refused("unknown-period", "`fortnight` is not a period; use one of day, week, month, year"):
        periods.number("fortnight", datetime(2026, 1, 1, tzinfo=UTC))
