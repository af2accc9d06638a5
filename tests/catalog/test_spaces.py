"""The rules of a space: what they let in, who sees what, and that nothing unknown makes a rule."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import spaces
from catalog.classes import DIMENSIONS
from catalog.codes import TIERS
from catalog.dataset import Dataset, distributions_of
from catalog.errors import CatalogError
from catalog.profile import FileProfile
from catalog.protection import Least, stronger
from catalog.roles import ROLES, Doing, does, played, trades
from catalog.spaces import OTHERS, Rules, from_json
from policy.offer import offer_rules
from policy.parse import parse
from policy.vocabulary.operands import OPERANDS
from tests.every import every

MEMBER = "did:web:p.example"
WHERE = datetime(2027, 1, 1, tzinfo=UTC)


def dataset(grade=2, **classes):
    files = (FileProfile("a.csv", "text/csv", 10),)
    return Dataset("a", "A", "", (), files, distributions_of("kept"), grade, classes=classes)


def policy(**more):
    return parse({"@type": "Set", "target": "a", **offer_rules(purpose="Research", until=WHERE, region=None, **more)})


def faults(rules, data=None, tier="kept", said=None, suite="international"):
    return from_json(rules).faults(data or dataset(), tier, said or policy(), MEMBER, suite)


@every(
    ("rules", "given", "said"),
    [
        ({}, {}, ""),
        ({"classes": {"topic": ["B0000"]}}, {"data": dataset(topic="B0300")}, ""),
        ({"classes": {"topic": ["B0000"]}}, {"data": dataset(topic="A0100")}, "its topic must lie in `B0000`"),
        ({"classes": {"topic": ["B0000"]}}, {}, "`not said`"),
        ({"grade": 2}, {"data": dataset(3)}, "grade is 3, and the highest here is 2"),
        ({"tiers": ["leased"]}, {}, "tier `kept`"),
        ({"suites": ["sm"]}, {}, "sealed by the suite `international`, and here by `sm`"),
        ({"suites": ["sm"]}, {"suite": "sm"}, ""),
        ({"suites": ["sm"]}, {"suite": ""}, ""),
        ({"suites": ["sm", "international"]}, {}, ""),
        ({"least": [{"grade": 2, "tier": "leased"}]}, {}, "grade 2 or higher are delivered here by `leased`"),
        (
            {"least": [{"grade": 2, "tier": "kept"}]},
            {"tier": "plain"},
            "`leased` or `computed`, and it is of grade 2",
        ),
        ({"least": [{"grade": 2, "tier": "kept"}]}, {"tier": "leased"}, ""),
        ({"least": [{"grade": 3, "tier": "leased"}]}, {}, ""),
        ({"least": [{"grade": 1, "tier": "leased", "classes": {"topic": ["B0000"]}}]}, {}, ""),
        (
            {"least": [{"grade": 1, "tier": "leased", "classes": {"topic": ["B0000"]}}]},
            {"data": dataset(topic="B0300")},
            "topic `B0000`",
        ),
        ({"least": [{"grade": 1, "tier": "leased"}]}, {"tier": "service"}, ""),
        ({"actions": ["read"]}, {}, "permits `use`"),
        ({"operands": ["purpose", "dateTime"]}, {}, ""),
        ({"operands": ["purpose"]}, {}, "constrains `dateTime`"),
        ({"needs": ["count"]}, {}, "does not constrain `count`"),
        ({"needs": ["count"]}, {"said": policy(openings=3)}, ""),
        ({"members": ["did:web:other.example"]}, {}, "only the members"),
        ({"members": [MEMBER]}, {}, ""),
    ],
)
def test_what_a_rule_lets_in(rules, given, said):
    found = "; ".join(faults(rules, **given))
    assert bool(found) is bool(said)
    assert said in found


@every(
    "rules",
    [
        {"colour": ["blue"]},
        {"classes": {"topic": ["Z0000"]}},
        {"classes": {"colour": []}},
        {"tiers": ["cloud"]},
        {"suites": ["des"]},
        {"least": {"grade": 3, "tier": "kept"}},
        {"least": [{"grade": 3}]},
        {"least": [{"grade": 0, "tier": "kept"}]},
        {"least": [{"grade": 3, "tier": "cloud"}]},
        {"least": [{"grade": 3, "tier": ["kept"]}]},
        {"least": [{"grade": 3, "tier": "kept", "classes": {"topic": ["Z0000"]}}]},
        {"least": [{"grade": 3, "tier": "kept", "colour": "blue"}]},
        {"actions": ["shout"]},
        {"operands": ["mood"]},
        {"grade": 6},
        {"grade": True},
        {"sees": {"visitor": 3}},
        {"sees": {"buyer": "3"}},
        {"members": "everybody"},
        [],
    ],
)
def test_what_names_no_row_of_a_table_is_no_rule(rules):
    with pytest.raises(CatalogError):
        from_json(rules)


LEAST = st.builds(
    Least,
    grade=st.integers(1, 5),
    tier=st.sampled_from(sorted(TIERS)),
    classes=st.just({}) | st.just({"topic": ("B0000",)}),
)
RULES = st.builds(
    Rules,
    classes=st.none() | st.fixed_dictionaries({"topic": st.tuples(st.sampled_from(sorted(DIMENSIONS["topic"].named)))}),
    grade=st.none() | st.integers(1, 5),
    tiers=st.none() | st.lists(st.sampled_from(sorted(TIERS)), unique=True).map(tuple),
    suites=st.none() | st.just(("sm",)),
    least=st.none() | st.lists(LEAST, max_size=4).map(tuple),
    needs=st.none() | st.lists(st.sampled_from(sorted(OPERANDS)), unique=True).map(tuple),
    members=st.none() | st.just((MEMBER,)),
    sees=st.none() | st.dictionaries(st.sampled_from([*ROLES, OTHERS]), st.integers(0, 5)),
)


@given(RULES)
def test_rules_are_read_as_they_are_written_and_said_in_two_languages(rules):
    assert from_json(rules.json()) == rules
    assert all(en and zh for en, zh in spaces.words(rules))


@given(st.lists(LEAST, max_size=4).map(tuple), st.integers(1, 5), st.sampled_from(["", "B0300", "A0100"]))
def test_where_a_tier_is_enough_a_stronger_one_and_a_lower_grade_are_too(least, grade, topic):
    rules = Rules(least=least)
    about = {"topic": topic} if topic else {}
    let_in = {
        (tier, below)
        for tier in TIERS
        for below in range(1, grade + 1)
        if not rules.faults(dataset(below, **about), tier, policy(), MEMBER, "sm")
    }
    assert all(
        (above, lower) in let_in for tier, below in let_in for above in stronger(tier) for lower in range(1, below + 1)
    )


@given(RULES, st.sampled_from(sorted(ROLES)))
def test_who_is_out_sees_nothing_and_who_is_in_what_its_role_may(rules, role):
    if rules.members is not None:
        assert rules.sight(role, "did:web:other.example") == 0
    most = 5 if rules.sees is None else rules.sees.get(role, rules.sees.get(OTHERS, 0))
    assert rules.sight(role, MEMBER) == most


@every("told", ["", "Main", "a b", "-a", "a" * 41, "a/b"])
def test_what_is_no_id_of_a_space(told):
    with pytest.raises(CatalogError):
        spaces.identifier(told)


def test_a_broker_lists_nothing_and_a_service_party_trades_on_both_sides():
    assert not does("broker", Doing.LIST)
    assert does("broker", Doing.DEMAND)
    assert not does("arbitrator", Doing.DEMAND)
    assert not does("nobody", Doing.FIND)
    assert played(("service",)) == {"service", "provider", "buyer"}
    assert played(("broker",)) == {"broker"}


def test_whoever_plays_a_trader_takes_contracts():
    assert {role for role in ROLES if trades(role)} == {"provider", "buyer", "service"}
    assert not trades("unheard of")
