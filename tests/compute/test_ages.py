"""How old cells are: days of UTC back from the sealing, whatever type a column has, and what is no date at all."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute.ages import ages, fresh

SEALED = date(2026, 11, 30)
BEIJING = timezone(timedelta(hours=8))


TYPES = [pa.date32(), pa.date64(), pa.timestamp("s"), pa.timestamp("ns"), pa.timestamp("us", "UTC")]


@pytest.mark.parametrize("kind", TYPES)
def test_days_and_moments_of_any_type_are_counted_back_from_the_sealing(kind):
    days = [date(2026, 11, 30), date(2026, 11, 29), date(2025, 11, 30), date(1969, 12, 31), None]
    texts = pa.array([None if one is None else one.isoformat() for one in days])
    column = texts.cast(pa.timestamp("us")).cast(kind) if pa.types.is_timestamp(kind) else texts.cast(kind)
    assert ages(pa, column, SEALED) == [0, 1, 365, (SEALED - date(1969, 12, 31)).days, None]


def test_a_moment_is_of_its_day_in_utc():
    moments = [datetime(2026, 11, 30, 7, 59, tzinfo=BEIJING), datetime(2026, 11, 30, 8, tzinfo=BEIJING)]
    assert ages(pa, pa.array(moments, pa.timestamp("us", "Asia/Shanghai")), SEALED) == [1, 0]
    assert ages(pa, pa.array([one.isoformat() for one in moments]), SEALED) == [1, 0]
    late = pa.array(
        [datetime(1969, 12, 31, 23, 59, tzinfo=UTC)], pa.timestamp("s")
    )  # before 1970, and not of the day after
    assert ages(pa, late, SEALED) == [(SEALED - date(1969, 12, 31)).days]


def test_texts_are_read_as_far_as_they_are_days():
    texts = ["2026-11-18", " 2026-11-18 ", "2026-11-18T23:59:59Z", "18.11.2026", "soon", "", None]
    texts.append("0001-01-01T00:00+14:00")  # before the first day of the calendar
    assert ages(pa, pa.array(texts), SEALED) == [12, 12, 12, None, None, None, None, None]
    assert ages(pa, pa.array(texts).dictionary_encode(), SEALED)[:4] == [12, 12, 12, None]


def test_what_is_ahead_of_the_sealing_by_more_than_a_day_is_no_date():
    ahead = [SEALED + timedelta(days) for days in (0, 1, 2, 400)]
    assert ages(pa, pa.array(ahead), SEALED) == [0, 0, None, None]


def test_other_columns_have_no_date():
    assert ages(pa, pa.array([20_261_118, None]), SEALED) == [None, None]
    assert ages(pa, pa.array([True]), SEALED) == [None]
    assert ages(pa, pa.nulls(2), SEALED) == [None, None]


@given(st.lists(st.one_of(st.none(), st.datetimes(timezones=st.just(UTC))), max_size=30))
def test_a_text_and_a_moment_say_the_same(moments):
    texts = pa.array([None if one is None else one.isoformat() for one in moments], pa.string())
    assert ages(pa, texts, SEALED) == ages(pa, pa.array(moments, pa.timestamp("us", "UTC")), SEALED)


def test_the_newest_row_of_a_subject_says_how_fresh_it_is():
    names, aged = ["a", "a", "b", None, "c"], [400, 20, 31, 0, None]
    assert [set(fresh(names, aged, days)) - {None} for days in (20, 30, 31)] == [{"a"}, {"a"}, {"a", "b"}]
