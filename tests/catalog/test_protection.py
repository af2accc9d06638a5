"""The table of protection: which tier a class and grade demand, and that no table can be turned upside down."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from catalog import protection
from catalog.codes import SECURITY_GRADES, TIERS
from catalog.dataset import Dataset, distributions_of
from catalog.profile import FileProfile
from catalog.protection import TABLE, TYPED, Least, stronger
from catalog.spaces import Rules, from_json

WAYS = ("plain", "kept", "leased", "computed")
ASKED = st.builds(
    Least,
    grade=st.integers(1, 5),
    tier=st.sampled_from(WAYS),
    classes=st.just({}) | st.just({"topic": ("B0000",)}) | st.just({"topic": ("A0100",)}),
)
TABLES = st.just(TABLE) | st.lists(ASKED, max_size=5).map(tuple)
TOPICS = st.sampled_from(["", "B0300", "A0100"])


def product(grade, topic=""):
    files = (FileProfile("a.csv", "text/csv", 10),)
    classes = {"topic": topic} if topic else {}
    return Dataset("a", "A", "", (), files, distributions_of("kept"), grade, classes=classes)


def taken(table, grade, topic=""):
    return [tier for tier in WAYS if not protection.fault(table, product(grade, topic), tier)]


def test_what_each_grade_demands_where_a_space_says_nothing():
    assert {grade: taken(TABLE, grade) for grade in SECURITY_GRADES} == {
        1: list(WAYS),
        2: list(WAYS),
        3: ["kept", "leased", "computed"],
        4: ["leased", "computed"],
        5: ["computed"],
    }


def test_the_page_has_the_table_of_the_program():
    page = (Path(__file__).parents[2] / "docs/exchange.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| (\d) \| `(\w+)` \|.*\| (`--tier [^`]+`) \|$", page, re.MULTILINE)
    said = [(str(row.grade), row.tier, TYPED[row.tier]) for row in TABLE]
    assert told == [("1", "plain", "`--tier plain`"), *said]


def test_a_space_that_says_nothing_has_the_table_and_an_empty_one_asks_for_nothing():
    assert from_json({}).table == from_json({"least": None}).table == Rules().table == TABLE
    assert from_json({"least": []}).table == ()
    assert taken((), 5) == list(WAYS)


@given(TABLES, st.integers(1, 5), TOPICS)
def test_a_stronger_tier_is_never_refused_where_a_weaker_one_is_taken(table, grade, topic):
    ways = taken(table, grade, topic)
    assert all(set(stronger(tier)) <= set(ways) for tier in ways)
    assert "computed" in ways  # there is always a way


@given(TABLES, st.integers(1, 4), TOPICS)
def test_a_higher_grade_never_takes_what_a_lower_one_refuses(table, grade, topic):
    assert set(taken(table, grade + 1, topic)) <= set(taken(table, grade, topic))


@given(TABLES, st.integers(1, 5), TOPICS)
def test_what_is_said_to_be_the_least_is_the_weakest_that_is_taken(table, grade, topic):
    assert protection.least(table, product(grade, topic)) == taken(table, grade, topic)[0]


@given(st.lists(ASKED, min_size=1, max_size=5).map(tuple), ASKED, st.integers(1, 5), TOPICS)
def test_one_more_demand_never_lets_in_more(table, more, grade, topic):
    assert set(taken((*table, more), grade, topic)) <= set(taken(table, grade, topic))


def test_a_refusal_says_what_is_asked_for_and_how_it_is_typed():
    for row in TABLE:
        why = protection.fault(TABLE, product(row.grade), "plain")
        assert f"of grade {row.grade} and delivered by the tier `plain`" in why
        assert TYPED[row.tier] in why
    assert list(TYPED) == list(TIERS)[1:] == list(WAYS)[1:]


def test_a_service_has_no_tier_that_could_be_too_weak():
    assert protection.fault(TABLE, product(5), "service") == ""
