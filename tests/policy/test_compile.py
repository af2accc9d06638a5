"""What a policy compiles to: what a use takes from its counters, whom it is counted for, what was an infringement."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from policy.compile import compile_policy
from policy.parse import parse
from policy.request import Request
from policy.world import Act, World
from tests.every import every

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALICE, BOB, DATA = "did:web:alice", "did:web:bob", "urn:data"
HOUR = timedelta(hours=1)


def compiled(**members):
    return compile_policy(parse({"@id": "urn:policy", "permission": [{"uid": "p", "action": "use"} | members]}))


def claims(*constraint):
    """List what a use takes: (operand, limit, whether it must hold anyway)."""
    (rule,) = compiled(constraint=list(constraint)).permissions
    return [(claim.constraint.left, claim.limit, claim.test is None) for claim in rule.claims]


# what a use takes ----------------------------------------------------------------------------------------------------


@every(
    ("constraint", "limit"),
    [
        (("count", "lteq", "3"), 3),
        (("count", "lt", "3"), 2),
        (("percentage", "lteq", "12.5"), Fraction(25, 2)),
        (("percentage", "lt", "10"), 10),
        (("absoluteSize", "gteq", "10"), None),
        (("meteredTime", "lteq", "PT1H"), 3600),
        (("meteredTime", "eq", "PT1H"), None),
        (("elapsedTime", "lteq", "P1D"), None),
        (("timeInterval", "gteq", "P1D"), None),
        (("frequency", "lteq", "40/PT1M"), None),
    ],
)
def test_what_is_remembered_is_taken_from_a_counter(atom, constraint, limit):
    assert claims(atom(*constraint)) == [(constraint[0], limit, True)]


def test_what_is_not_remembered_takes_nothing(atom):
    lasting = [atom("delayPeriod", "gteq", "P1D"), atom("payAmount", "gteq", "5", unit="EUR")]
    assert claims(*lasting, atom("role", "eq", "lead"), atom("dateTime", "gt", "2026-01-01T00:00:00Z")) == []


def test_several_counters_are_in_the_order_of_their_names(atom):
    found = claims(atom("percentage", "lteq", "10"), atom("count", "lteq", "3"), atom("meteredTime", "lteq", "PT1H"))
    assert [operand for operand, _limit, _certain in found] == ["count", "meteredTime", "percentage"]


def test_of_several_limits_on_one_counter_the_smallest_binds(atom):
    five, two = atom("count", "lteq", "5"), atom("count", "lteq", "2")
    assert claims(five, two) == claims(two, five) == [("count", 2, True)]
    from_below, to = atom("percentage", "gteq", "1"), atom("percentage", "lteq", "10")
    assert claims(from_below, to) == claims(to, from_below) == [("percentage", 10, True)]
    assert claims(from_below, from_below) == [("percentage", None, True)]


@pytest.mark.parametrize(
    ("operator", "certain"), [("and", True), ("andSequence", True), ("or", False), ("xone", False)]
)
def test_what_is_one_of_several_ways_is_taken_only_where_it_holds(atom, operator, certain):
    count, lead = atom("count", "lteq", "3"), atom("role", "eq", "lead")
    assert claims({operator: [count, lead]}) == [("count", 3, certain)]
    assert claims({"or": [{operator: [count, lead]}, lead]}) == [("count", 3, False)]
    assert claims({"and": [{operator: [count, lead]}, lead]}) == [("count", 3, certain)]


def test_a_limit_that_binds_anyway_makes_the_counter_bind_anyway(atom):
    sure, perhaps = atom("count", "lteq", "5"), {"or": [atom("count", "lteq", "2"), atom("role", "eq", "lead")]}
    assert claims(sure, perhaps) == claims(perhaps, sure) == [("count", 2, True)]
    assert claims(perhaps, perhaps) == [("count", 2, False)]


def test_a_prohibition_takes_nothing(atom):
    rule = {"action": "print", "constraint": [atom("percentage", "lteq", "10")]}
    policy = compile_policy(parse({"permission": [{"action": "use"}], "prohibition": [rule]}))
    assert policy.prohibitions[0].claims == ()
    assert policy.prohibitions[0].checks[0].facts == ("percentage", "lteq", "10")


# whom it is counted for ----------------------------------------------------------------------------------------------


@every(
    ("unit", "together"),
    [
        (None, True),
        (("eq", "agreement"), True),
        (("eq", "organisation"), True),
        (("isAnyOf", ["agreement", "organisation"]), True),
        (("eq", "user"), False),
        (("eq", "assignee"), False),
        (("isAnyOf", ["agreement", "user"]), False),
    ],
)
def test_uses_of_others_count_unless_each_user_is_counted_apart(atom, unit, together):
    counted = [atom("count", "lteq", "1")] + ([atom("unitOfCount", *unit)] if unit else [])
    (rule,) = compiled(constraint=[*counted, {"or": [atom("role", "eq", "lead")]}]).permissions
    world = World(NOW, performed=(Act("read", NOW - HOUR, BOB),))
    assert [rule.tests[0](Request(asker, "read", DATA), world) for asker in (ALICE, BOB)] == [not together, False]


# reports -------------------------------------------------------------------------------------------------------------


def test_the_report_of_a_rule_that_holds_is_made_beforehand(atom):
    constraint = [{"uid": "a", **atom("role", "eq", "lead")}, {"uid": "b", "or": [atom("role", "eq", "lead")]}]
    report = compiled(constraint=constraint).permissions[0].active
    assert (report.id, report.kind, report.active, report.state) == ("p", "permission", True, "")
    assert [tuple(one) for one in report.constraints] == [("a", True), ("b", True)]


def test_a_check_knows_its_facts_and_its_parts(atom):
    joined = {"uid": "j", "xone": [{"uid": "k", **atom("role", "isAnyOf", ["lead", "staff"])}]}
    (check,) = compiled(constraint=[joined]).permissions[0].checks
    assert (check.id, check.path, check.facts) == ("j", "/permission/0/constraint/0", ("xone", "", ""))
    assert {verdict: tuple(report) for verdict, report in check.reports.items()} == {
        verdict: ("j", verdict) for verdict in (True, False, None)
    }
    (part,) = check.parts
    assert (part.id, part.facts, part.parts) == ("k", ("role", "isAnyOf", "lead, staff"), ())


@pytest.mark.parametrize(
    ("operator", "verdict"), [("and", False), ("or", True), ("xone", True), ("andSequence", False)]
)
def test_parts_are_joined_by_their_operator(atom, operator, verdict):
    parts = [atom("role", "eq", "lead"), atom("media", "eq", "print")]
    (rule,) = compiled(constraint=[{operator: parts}]).permissions
    asked = Request(ALICE, "read", DATA, {"role": "lead", "media": "screen"})
    assert rule.tests[0](asked, World(NOW)) is verdict


def test_duties_are_compiled_with_the_rule_they_stand_on(atom):
    (rule,) = compiled(assignee=[ALICE, BOB], duty=[{"uid": "d", "action": "inform"}]).permissions
    assert [(one.duty.id, one.agreement, one.holders) for one in rule.duties] == [
        ("d", "urn:policy", frozenset({ALICE, BOB}))
    ]
    rules = {"permission": [{"action": "use"}], "obligation": [{"uid": "o", "action": "inform"}]}
    (owed,) = compile_policy(parse({"@id": "urn:policy"} | rules)).obligations
    assert (owed.duty.id, owed.agreement, owed.holders) == ("o", "urn:policy", frozenset())


# infringements -------------------------------------------------------------------------------------------------------


def prohibition(**members):
    rules = {"permission": [{"action": "use"}], "prohibition": [{"action": "print"} | members]}
    return compile_policy(parse(rules)).prohibitions[0]


def printed(before=timedelta(), by=ALICE, target=DATA, **context):
    return Act("print", NOW - before, by, target, context)


def test_an_act_infringes_by_its_own_context_and_time_or_where_these_are_not_known(atom):
    asked = Request(ALICE, "read", DATA, {"role": "lead"})
    by_role = prohibition(constraint=[atom("role", "eq", "lead")])
    found = [
        by_role.infringed_by(act, asked, World(NOW)) for act in (printed(role="lead"), printed(role="x"), printed())
    ]
    assert found == [True, False, True]
    by_time = prohibition(constraint=[atom("dateTime", "lt", "2026-05-31T23:30:00Z")])
    assert [by_time.infringed_by(act, asked, World(NOW)) for act in (printed(HOUR), printed())] == [True, False]


def test_what_came_before_an_act_is_what_others_did_before_it(atom):
    """The act itself is none of those, and an act that names no target was done on what is asked for."""
    rule = prohibition(target=DATA, constraint=[atom("timeInterval", "lt", "P1D")])
    act, unsaid = printed(), printed(target="")
    on_it, elsewhere = Request(ALICE, "print", DATA), Request(ALICE, "print", "urn:other")
    assert rule.infringed_by(act, on_it, World(NOW, performed=(act,))) is False
    assert rule.infringed_by(act, on_it, World(NOW, performed=(printed(HOUR), act))) is True
    assert rule.infringed_by(act, on_it, World(NOW, performed=(printed(48 * HOUR), act))) is False
    assert rule.infringed_by(act, elsewhere, World(NOW, performed=(printed(HOUR, target=""), act))) is True
    assert rule.infringed_by(unsaid, on_it, World(NOW, performed=(printed(HOUR, target=""), unsaid))) is True


def test_what_lies_where_is_as_the_world_says_now(atom):
    rule = prohibition(constraint=[atom("spatial", "isPartOf", "urn:zone")])
    world = World(NOW, {"DE": frozenset({"urn:zone"})})
    assert [
        rule.infringed_by(printed(spatial=place), Request(ALICE, "print", DATA), world) for place in ("DE", "FR")
    ] == [
        True,
        False,
    ]
