"""The six qualities by their rules, and the letter they come to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.codes import FREQUENCIES, QUALITY_GRADES
from catalog.dataset import Dataset, distributions_of
from catalog.profile import Column, FileProfile
from catalog.quality import FRESH_DAYS, LETTERS, QUALITIES, letter, qualities
from tests.every import every

AT = datetime(2026, 3, 10, tzinfo=UTC)
NUMBERS = (Column("x", "integer", 0),)


def dataset(*files, frequency="irregular"):
    return Dataset("d", "t", "", (), files, distributions_of("kept"), 1, "", frequency)


def table(path="a.csv", *, rows=100, columns=NUMBERS, note="", **quality):
    return FileProfile(path, "text/csv", 1, rows, columns, quality, note)


def day(name, newest, kind="date"):
    return Column(name, kind, 0, None, "2013-01-01", newest)


def test_shares_are_weighed_by_cells():
    two = Column("x", "integer", 0), Column("y", "integer", 0)
    found = qualities(dataset(table(completeness=10_000), table("b.csv", columns=two, completeness=7_000)), AT)
    assert found["completeness"] == (10_000 * 100 + 7_000 * 200) // 300


@pytest.mark.parametrize(
    ("kinds", "bps"),
    [(("integer", "integer"), 10_000), (("integer", "text"), 0), (("integer",), None)],
)
def test_a_column_in_several_tables_is_of_one_kind(kinds, bps):
    files = [table(f"{at}.csv", columns=(Column("x", kind, 0),)) for at, kind in enumerate(kinds)]
    assert qualities(dataset(*files), AT).get("consistency") == bps


@every(
    ("frequency", "newest", "bps"),
    [
        ("daily", "2026-03-09", 10_000),
        ("daily", "2026-03-06", 5_000),
        ("daily", "2026-04-01", 10_000),
        ("monthly", "2026-01-08T12:00:00+00:00", 10_000),
        ("annual", "2013-12-30", 732 * 10_000 // 4453),
        ("historical", "2013-12-30", None),
        ("daily", "yesterday", None),
    ],
)
def test_how_old_the_newest_moment_may_be(frequency, newest, bps):
    kind = "time" if "T" in newest else "date"
    found = qualities(dataset(table(columns=(day("d", newest, kind),)), frequency=frequency), AT)
    assert found.get("timeliness") == bps


def test_a_file_that_is_not_what_its_name_says():
    found = qualities(dataset(table(), FileProfile("b.csv", "text/csv", 1, note="not read as a table: …")), AT)
    assert found == {"accessibility": 5_000}
    assert letter(dataset(table(), FileProfile("b.csv", "text/csv", 1, note="not read as a table: …")), AT) == "D"


def test_the_letter_is_that_of_the_worst():
    for name, least in LETTERS.items():
        assert letter(dataset(table(completeness=least, conformity=10_000)), AT) == name
    assert letter(dataset(FileProfile("a.bin", "application/octet-stream", 1)), AT) == ""
    assert set(LETTERS) == set(QUALITY_GRADES)


def test_accuracy_has_a_rule_and_no_figure():
    assert [quality.zh for quality in QUALITIES] == ["规范", "完整", "准确", "一致", "时效", "可访问"]
    assert "accuracy" not in qualities(dataset(table(completeness=1, conformity=1)), AT)
    assert set(FRESH_DAYS) < set(FREQUENCIES)


@given(st.integers(0, 10_000), st.sampled_from(sorted(FRESH_DAYS)), st.integers(0, 4000))
def test_a_quality_is_a_share_and_age_never_helps(bps, frequency, age):
    def of(days):
        newest = (AT - timedelta(days=days)).date().isoformat()
        return qualities(dataset(table(columns=(day("d", newest),), completeness=bps), frequency=frequency), AT)

    assert all(0 <= value <= 10_000 for value in of(age).values())
    assert of(age + 1)["timeliness"] <= of(age)["timeliness"]
