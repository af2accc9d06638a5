"""Days: what a comparison with a date says of each instant, held against the calendar; what is no day is refused."""

from __future__ import annotations

import operator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.compare.document import write
from policy.errors import PolicyError
from policy.parse import parse
from tests.every import every
from tests.policy.oracle.door import decided

XSD = "http://www.w3.org/2001/XMLSchema#"
PLACE = "/permission/0/constraint/0/rightOperand"
COMPARED = {"lt": operator.lt, "lteq": operator.le, "gt": operator.gt, "gteq": operator.ge}
REQUEST = {"assignee": "did:web:b.example", "action": "read", "target": "urn:a"}

days = st.dates(date(1990, 1, 1), date(2090, 1, 1))
zones = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
near = st.sampled_from([-86_400_000_001, -86_400_000_000, -1, 0, 1, 86_399_999_999, 86_400_000_000, 86_400_000_001])


def policy(compared, value, **more):
    return {
        "permission": [
            {
                "action": "use",
                "constraint": [{"leftOperand": "dateTime", "operator": compared, "rightOperand": value, **more}],
            }
        ]
    }


def written(day, zone):
    return day.isoformat() + datetime(2026, 1, 1, tzinfo=zone).isoformat()[-6:]


def read(document):
    (one,) = parse(document).permissions[0].constraints
    return one.operator, one.right


@given(days, zones, st.sampled_from(sorted(COMPARED)), near | st.integers(-(10**14), 10**14))
def test_a_use_is_compared_by_its_date_in_the_zone_of_the_day(day, zone, compared, microseconds):
    now = datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(microseconds=microseconds)
    outcome = decided(policy(compared, written(day, zone)), REQUEST, {"now": now.isoformat()})["outcome"]
    assert (outcome == "allow") is COMPARED[compared](now.astimezone(zone).date(), day)


@given(days, zones, st.sampled_from(sorted(COMPARED)))
def test_what_is_written_again_is_the_same(day, zone, compared):
    once = parse(policy(compared, written(day, zone)))
    assert parse(write(once)) == once


def test_a_day_is_said_to_be_one_or_looks_like_one():
    noted = ("lt", (datetime(2026, 12, 31, 16, tzinfo=UTC),))
    day = "2026-12-31+08:00"
    for value in (day, {"@value": day, "@type": "xsd:date"}, {"@value": day, "@type": XSD + "date"}):
        assert read(policy("lteq", value)) == noted
    assert read(policy("lteq", day, dataType="xsd:date")) == noted
    assert read(policy("lteq", [day])) == noted


@every(
    ("compared", "value", "code", "hint"),
    [
        ("lteq", {"@value": "2026-12-31", "@type": "xsd:date"}, "no-time-zone", "write it as 2026-01-31+08:00"),
        ("lteq", "2026-12-31", "no-time-zone", "write it as 2026-01-31T18:00:00+08:00"),
        ("lteq", {"@value": "2026-02-30Z", "@type": "xsd:date"}, "bad-value", ""),
        ("lteq", "9999-12-31Z", "bad-value", ""),
        ("gt", "0001-01-01+08:00", "bad-value", ""),
        ("lteq", {"@value": "2026-12-31T00:00:00Z", "@type": "xsd:date"}, "bad-value", "write it as 2026-01-31+08:00"),
        ("lteq", {"@value": None, "@type": "xsd:date"}, "bad-value", "write it as 2026-01-31+08:00"),
        (
            "lteq",
            {"@value": "2026-12-31Z", "@type": "xsd:dateTime"},
            "bad-value",
            "write it as 2026-01-31T18:00:00+08:00",
        ),
        ("eq", "2026-12-31Z", "unsupported", "use one of lt, lteq, gt, gteq; within a day is `gteq` and `lteq` of it"),
        ("lteq", ["2026-12-31Z", "2027-12-31Z"], "bad-type", "use isAnyOf"),
    ],
    ids=range(10),
)
def test_what_is_no_day_is_refused(compared, value, code, hint):
    with pytest.raises(PolicyError) as caught:
        parse(policy(compared, value))
    assert (caught.value.code, caught.value.path, caught.value.hint) == (code, PLACE, hint)


def test_other_operands_have_no_days():
    said = policy("gteq", {"@value": "2026-12-31Z", "@type": "xsd:date"})
    said["permission"][0]["constraint"][0]["leftOperand"] = "version"
    with pytest.raises(PolicyError) as caught:
        parse(said)
    assert caught.value.code == "bad-value"
