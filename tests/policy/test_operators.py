"""The operators on values: how ordered ones compare, and how others lie in one another, one value or several."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.hierarchy import HIERARCHIES
from policy.model import Constraint
from policy.operators import count_limit, lying, ordered
from policy.vocabulary.operands import ValueType
from policy.world import World
from tests.every import every

PURPOSE = "https://w3id.org/penstock/purpose#"
NOW = datetime(2026, 6, 1, tzinfo=UTC)
OPPOSITES = {True: False, False: True, None: None}


def ask(kind, operator, right, *left, **part_of):
    """Compare values of a type; one value is asked both as one and as the only one of several."""
    compare = lying(operator, tuple(right.split()), HIERARCHIES[kind])
    world = World(NOW, {member: frozenset(groups) for member, groups in part_of.items()})
    found = compare.many(left, world)
    if len(left) == 1:
        assert compare.one(left[0], world) is found
    return found


@every(
    ("operator", "right", "holds"),
    [
        ("eq", (2,), [2]),
        ("neq", (2,), [1, 3]),
        ("lt", (2,), [1]),
        ("lteq", (2,), [1, 2]),
        ("gt", (2,), [3]),
        ("gteq", (2,), [2, 3]),
        ("isAnyOf", (1, 3), [1, 3]),
        ("isNoneOf", (1, 3), [2]),
    ],
)
def test_ordered_values_compare_as_numbers_do(operator, right, holds):
    assert [left for left in (1, 2, 3) if ordered(operator, right)(left)] == holds


@pytest.mark.parametrize(("operator", "most"), [("lteq", 3), ("lt", 2)])
def test_a_count_lets_so_many_through(operator, most):
    assert count_limit(Constraint("c", "/c", "count", operator, (3,))) == most


REGION, PARTY, SCHEME = ValueType.REGION, ValueType.PARTY, ValueType.PURPOSE
EU = {"DE": ["urn:eu"], "FR": ["urn:eu"]}


@every(
    ("right", "left", "verdict"),
    [
        ("US", ["US"], True),
        ("US", ["DE"], False),
        ("US", ["US-NY"], None),
        ("US-NY", ["US"], None),
        ("US", ["US", "US"], True),
        ("US", ["US", "DE"], False),
        ("urn:eu", ["DE"], None),
        ("DE", ["urn:eu"], None),
        ("urn:eu", ["US"], False),
    ],
)
def test_equal_is_the_same_and_a_near_miss_is_unknown(right, left, verdict):
    assert ask(REGION, "eq", right, *left, **EU) is verdict
    assert ask(REGION, "neq", right, *left, **EU) is OPPOSITES[verdict]


@every("operator", ["isA", "isPartOf"])
@every(
    ("right", "left", "verdict"),
    [
        ("US", ["US"], True),
        ("US", ["US-NY"], True),
        ("US DE", ["US-NY", "DE"], True),
        ("US DE", ["US-NY", "FR"], False),
        ("US", ["DE"], False),
        ("US-NY", ["US"], None),
        ("US-NY", ["US-NY", "US"], None),
        ("US-NY", ["DE", "US"], False),
        ("US", ["urn:unheard"], None),
        ("US", ["urn:unheard", "DE"], False),
    ],
)
def test_each_value_lies_within_one_that_is_wanted(operator, right, left, verdict):
    assert ask(REGION, operator, right, *left) is verdict


def test_the_world_says_what_lies_within_what():
    assert ask(REGION, "isPartOf", "urn:eu", "DE", **EU) is True
    assert ask(REGION, "isPartOf", "urn:eu", "DE") is False
    assert ask(REGION, "isPartOf", "DE", "urn:eu", **EU) is None, "it may be in the part that is wanted"
    assert ask(REGION, "isPartOf", "US", "urn:eu", **EU) is False
    assert ask(REGION, "isPartOf", "US-NY", "US", **EU) is None
    assert ask(PARTY, "isPartOf", "urn:org", "urn:a", **{"urn:a": ["urn:team"], "urn:team": ["urn:org"]}) is True
    assert ask(PARTY, "isPartOf", "urn:org", "urn:a") is False


@every(
    ("right", "left", "verdict"),
    [
        ("US DE", ["US-NY"], True),
        ("US DE", ["US-NY", "DE"], True),
        ("US DE", ["FR"], False),
        ("US DE", ["FR", "CN"], False),
        ("US DE", ["US-NY", "FR"], None),
        ("US-NY", ["US"], None),
        ("US-NY", ["US", "US-NY"], None),
        ("US-NY", ["US", "US"], None),
    ],
)
def test_of_several_values_all_or_none_settle_whether_they_are_among_the_wanted(right, left, verdict):
    assert ask(REGION, "isAnyOf", right, *left) is verdict
    assert ask(REGION, "isNoneOf", right, *left) is OPPOSITES[verdict]


@every(
    ("right", "left", "verdict"),
    [
        ("US DE", ["US-NY", "DE"], True),
        ("US DE", ["US-NY", "DE", "FR"], True),
        ("US DE", ["US-NY"], False),
        ("US", ["US-NY"], True),
        ("US", ["FR"], False),
        ("US-NY DE", ["US", "DE"], None),
        ("US-NY DE", ["US", "FR"], False),
        ("US-NY", ["US", "US-NY"], True),
    ],
)
def test_all_of_the_wanted_are_met_by_something_given(right, left, verdict):
    assert ask(REGION, "isAllOf", right, *left) is verdict


@every(
    ("right", "left", "verdict"),
    [
        ("US-NY", ["US"], True),
        ("US-NY DE", ["US", "DE"], True),
        ("US-NY", ["US", "FR"], True),
        ("US-NY FR", ["US"], False),
        ("US", ["US-NY"], False),
        ("US-NY", ["urn:unheard"], None),
        ("urn:unheard", ["US"], None),
        ("US-NY urn:unheard", ["US"], None),
        ("FR urn:unheard", ["US"], False),
        ("US-NY", ["US", "urn:unheard"], True),
        ("urn:unheard", ["urn:unheard"], True),
    ],
)
def test_what_is_given_has_each_wanted_one_as_its_part(right, left, verdict):
    assert ask(REGION, "hasPart", right, *left) is verdict


def test_a_part_may_be_told_by_the_world():
    assert ask(REGION, "hasPart", "DE", "urn:eu", **EU) is True
    assert ask(REGION, "hasPart", "US", "urn:eu", **EU) is False


def test_a_broader_purpose_than_the_wanted_may_be_the_wanted_one():
    wanted = PURPOSE + "TransportResearch"
    given = [PURPOSE + name for name in ("AirTrafficResearch", "TransportResearch", "Research", "Marketing")]
    assert [ask(SCHEME, "isA", wanted, one) for one in given] == [True, True, None, False]
