"""Each outcome and each operand, one small agreement at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations
from pathlib import Path

import pytest

from policy.decision import REASONS, Outcome

PURPOSE = "https://w3id.org/penstock/purpose#"
PAY = {"uid": "pay", "action": "compensate"}


def at(text):
    return datetime.fromisoformat(text)


# the four outcomes -------------------------------------------------------------------------------------------------


def test_permission_that_holds_allows_what_lies_below_its_action(agreement, ask, codes):
    decision = ask(agreement(), action="read")
    assert decision.outcome is Outcome.ALLOW
    assert codes(decision) == ["permitted"]
    assert decision.rules[0].active


@pytest.mark.parametrize(
    ("permitted", "asked", "outcome"),
    [
        ("use", "read", "allow"),
        ("use", "extract", "allow"),  # extract < reproduce < use
        ("odrl:use", "http://www.w3.org/ns/odrl/2/read", "allow"),
        ("reproduce", "extract", "allow"),
        ("read", "use", "default-deny"),
        ("read", "reproduce", "default-deny"),
        ("use", "sell", "default-deny"),  # sell < transfer
        ("transfer", "sell", "allow"),
        ("use", "teleport", "default-deny"),
    ],
)
def test_action_hierarchy(agreement, ask, permitted, asked, outcome):
    assert ask(agreement(permission=[{"action": permitted}]), action=asked).outcome.value == outcome


def test_nothing_permitted_is_default_deny_with_the_reason(agreement, ask, codes):
    assert codes(ask(agreement(), action="sell")) == ["no-permission"]
    assert codes(ask(agreement(), action="teleport")) == ["unknown-action"]
    assert codes(ask(agreement(), target="urn:other")) == ["other-target"]
    assert codes(ask(agreement(), assignee="did:web:other.example")) == ["other-party"]


def test_prohibition_overrides_permission(agreement, ask, codes):
    document = agreement(prohibition=[{"action": "distribute"}], conflict="prohibit")
    decision = ask(document, action="distribute")
    assert decision.outcome is Outcome.DENY
    assert codes(decision) == ["prohibited"]
    assert decision.reasons[0].path == "/prohibition/0"
    assert ask(document, action="read").outcome is Outcome.ALLOW


def test_prohibition_that_may_hold_denies(agreement, atom, ask, codes):
    marketing = atom("purpose", "isA", PURPOSE + "Marketing")
    document = agreement(prohibition=[{"action": "use", "constraint": [marketing]}], conflict="prohibit")
    assert codes(ask(document)) == ["prohibition-possible"]
    assert codes(ask(document, context={"purpose": PURPOSE + "Commercial"})) == ["prohibition-possible"]
    assert codes(ask(document, context={"purpose": PURPOSE + "EmailMarketing"})) == ["prohibited"]
    assert ask(document, context={"purpose": PURPOSE + "Research"}).outcome is Outcome.ALLOW


def test_offer_is_never_decided(agreement, ask, codes):
    decision = ask(agreement(**{"@type": "Offer"}))
    assert decision.outcome is Outcome.DEFAULT_DENY
    assert codes(decision) == ["offer-not-decided"]


def test_pre_duty_makes_the_outcome_conditional_until_it_is_fulfilled(agreement, ask, codes):
    document = agreement(permission=[{"action": "use", "duty": [PAY]}])
    open_duty = ask(document)
    assert open_duty.outcome is Outcome.CONDITIONAL
    assert codes(open_duty) == ["duty-outstanding"]
    assert [duty.id for duty in open_duty.outstanding] == ["pay"]
    assert open_duty.rules[0].active
    assert ask(document, duties={"pay": "fulfilled"}).outcome is Outcome.ALLOW
    assert ask(document, duties={"pay": "nonsense"}).outcome is Outcome.CONDITIONAL
    violated = ask(document, duties={"pay": "violated"})
    assert (violated.outcome, codes(violated)) == (Outcome.DENY, ["duty-violated"])
    assert not violated.rules[0].active


def test_obligation_of_the_policy_is_a_pre_duty_of_every_permission(agreement, ask, codes):
    document = agreement(obligation=[{"uid": "tell", "action": "inform"}])
    assert ask(document).outcome is Outcome.CONDITIONAL
    assert ask(document, duties={"tell": "fulfilled"}).outcome is Outcome.ALLOW
    assert codes(ask(document, duties={"tell": "violated"})) == ["duty-violated"]


def test_permission_without_open_duty_is_preferred(agreement, atom, ask):
    counted = {"uid": "a", "action": "use", "constraint": [atom("count", "lteq", "3")]}
    paid = {"uid": "b", "action": "use", "duty": [PAY]}
    free = {"uid": "c", "action": "read"}
    for order in permutations([counted, paid]):
        assert [held.rule for held in ask(agreement(permission=list(order))).reservations] == ["a"]
    for order in permutations([paid, counted, free]):
        decision = ask(agreement(permission=list(order)))
        assert (decision.outcome, decision.reservations) == (Outcome.ALLOW, ())


# operands ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operator", "before", "same", "after"),
    [
        ("lt", True, False, False),
        ("lteq", True, True, False),
        ("eq", False, True, False),
        ("neq", True, False, True),
        ("gteq", False, True, True),
        ("gt", False, False, True),
    ],
)
def test_date_time_operators(agreement, atom, ask, operator, before, same, after):
    document = agreement(constraint=[atom("dateTime", operator, "2026-01-01T00:00:00Z")])
    moments = ["2025-12-31T23:59:59.999999+00:00", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.000001+00:00"]
    assert [ask(document, now=at(now)).allowed for now in moments] == [before, same, after]


def test_date_time_is_exact_over_time_zones(agreement, atom, ask, codes):
    document = agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00+08:00")])
    assert ask(document, now=at("2025-12-31T15:59:59+00:00")).allowed
    late = ask(document, now=at("2025-12-31T16:30:00+00:00"))  # half past midnight in Beijing
    assert (late.outcome, codes(late)) == (Outcome.DENY, ["outside-time"])
    assert ask(document, now=datetime(2025, 12, 31, 10, 59, tzinfo=timezone(-timedelta(hours=5)))).allowed


def test_the_clock_is_the_worlds_not_the_askers(agreement, atom, ask):
    document = agreement(constraint=[atom("dateTime", "lt", "2026-01-01T00:00:00Z")])
    late = ask(document, now=datetime(2026, 2, 1, tzinfo=UTC), context={"dateTime": "2025-01-01T00:00:00Z"})
    assert late.outcome is Outcome.DENY


@pytest.mark.parametrize(
    ("operator", "right", "given", "code"),
    [
        ("isA", "Research", "AirTrafficResearch", "permitted"),
        ("isA", "Research", "Research", "permitted"),
        ("isA", "Research", "Marketing", "purpose-not-allowed"),
        ("isA", "TransportResearch", "Research", "context-unclear"),
        ("isA", "Research", None, "context-missing"),
        ("isA", "Research", "https://example.org/other", "context-unclear"),
        ("eq", "Research", "Research", "permitted"),
        ("eq", "Research", "AirTrafficResearch", "context-unclear"),
        ("eq", "Research", "Marketing", "purpose-not-allowed"),
        ("isAnyOf", ["Research", "Statistics"], "TradeStatistics", "permitted"),
        ("isAnyOf", ["Research", "Statistics"], "Marketing", "purpose-not-allowed"),
        ("isNoneOf", ["Marketing"], "Research", "permitted"),
        ("isNoneOf", ["Marketing"], "EmailMarketing", "purpose-not-allowed"),
        ("isNoneOf", ["Marketing"], "Commercial", "context-unclear"),
        ("isNoneOf", ["Marketing"], None, "context-missing"),
    ],
)
def test_purpose(agreement, atom, ask, codes, operator, right, given, code):
    iri = [PURPOSE + name for name in right] if isinstance(right, list) else PURPOSE + right
    document = agreement(constraint=[atom("purpose", operator, iri)])
    context = {} if given is None else {"purpose": given if ":" in given else PURPOSE + given}
    assert codes(ask(document, context=context)) == [code]


@pytest.mark.parametrize(
    ("operator", "right", "given", "code"),
    [
        ("isPartOf", "US", "US-NY", "permitted"),
        ("isPartOf", "US", "US", "permitted"),
        ("isPartOf", "US", "CN-GD", "outside-region"),
        ("isPartOf", "US-NY", "US", "context-unclear"),
        ("isPartOf", "US", None, "context-missing"),
        ("isPartOf", "US", "ZZ", "context-unclear"),
        ("isPartOf", "urn:zone:pacific", "US-NY", "permitted"),
        ("isPartOf", "urn:zone:pacific", "DE", "outside-region"),
        ("isPartOf", "US", "urn:site:7", "permitted"),
        ("eq", "US", "US-NY", "context-unclear"),
        ("isAnyOf", ["DE", "US"], "US-NY", "permitted"),
        ("isNoneOf", ["US"], "US-NY", "outside-region"),
        ("isNoneOf", ["US-NY"], "US", "context-unclear"),
        ("isNoneOf", ["US-NY"], "DE", "permitted"),
    ],
)
def test_spatial(agreement, atom, ask, codes, operator, right, given, code):
    document = agreement(constraint=[atom("spatial", operator, right)])
    part_of = {"US": frozenset({"urn:zone:pacific"}), "urn:site:7": frozenset({"US-NY"})}
    assert codes(ask(document, context={} if given is None else {"spatial": given}, part_of=part_of)) == [code]


@pytest.mark.parametrize(
    ("operator", "right", "given", "code"),
    [
        ("eq", "did:web:lab.example", "did:web:lab.example", "permitted"),
        ("isPartOf", "urn:org:y", "did:web:lab.example", "permitted"),
        ("isPartOf", "urn:org:y", "did:web:left.example", "recipient-not-allowed"),
        ("isAnyOf", ["urn:org:y"], "did:web:lab.example", "permitted"),
        ("isNoneOf", ["urn:org:y"], "did:web:lab.example", "recipient-not-allowed"),
        ("isNoneOf", ["did:web:lab.example"], "urn:org:y", "context-unclear"),
        ("eq", "did:web:lab.example", None, "context-missing"),
        ("eq", "did:web:lab.example", "not an iri", "context-unclear"),
    ],
)
def test_recipient(agreement, atom, ask, codes, operator, right, given, code):
    document = agreement(constraint=[atom("recipient", operator, right)])
    part_of = {"did:web:lab.example": frozenset({"urn:group:g"}), "urn:group:g": frozenset({"urn:org:y"})}
    assert codes(ask(document, context={} if given is None else {"recipient": given}, part_of=part_of)) == [code]


@pytest.mark.parametrize(
    ("conflict", "outcome", "code"),
    [
        ("perm", "allow", "permitted"),
        ("prohibit", "deny", "prohibited"),
        ("invalid", "deny", "policy-void"),
        (None, "deny", "policy-void"),
    ],
)
def test_conflict_strategies(agreement, ask, codes, conflict, outcome, code):
    document = agreement(permission=[{"action": "read"}], prohibition=[{"action": "use"}], conflict=conflict)
    decision = ask(document)
    assert (decision.outcome.value, codes(decision)) == (outcome, [code])
    assert codes(ask(document, action="print")) == ["prohibited"]


@pytest.mark.parametrize(("operator", "limit"), [("lteq", 3), ("lt", 4)])
def test_count_includes_the_attempt_and_returns_a_reservation(agreement, atom, ask, codes, operator, limit):
    document = agreement(constraint=[atom("count", operator, str(limit))])
    third = ask(document, counters={("permission/0", "count"): 2})
    assert third.allowed
    assert [tuple(held) for held in third.reservations] == [("permission/0", "count", 1, 3)]
    fourth = ask(document, counters={("permission/0", "count"): 3})
    assert (fourth.outcome, codes(fourth), fourth.reservations) == (Outcome.DENY, ["count-exhausted"], ())
    assert ask(document, counters={("other", "count"): 3}).allowed


def test_counters_that_cannot_be_read_deny(agreement, atom, ask, codes):
    assert codes(ask(agreement(constraint=[atom("count", "lteq", "3")]), counters=None)) == ["state-unavailable"]


def test_two_limits_on_one_counter_take_the_smaller(agreement, atom, ask):
    document = agreement(constraint=[atom("count", "lteq", "5"), {"and": [atom("count", "lteq", "2")]}])
    assert [tuple(held) for held in ask(document).reservations] == [("permission/0", "count", 1, 2)]


def test_conditional_outcome_brings_its_reservation(agreement, atom, ask):
    permission = {"action": "use", "constraint": [atom("count", "lteq", "3")], "duty": [PAY]}
    decision = ask(agreement(permission=[permission]))
    assert decision.outcome is Outcome.CONDITIONAL
    assert len(decision.reservations) == 1


@pytest.mark.parametrize(
    ("operator", "purposes", "allowed"),
    [
        ("or", ["Research", "Statistics"], True),
        ("or", ["Marketing", "Statistics"], False),
        ("and", ["Research", "ScientificResearch"], True),
        ("and", ["Research", "Statistics"], False),
        ("xone", ["Research", "Statistics"], True),
        ("xone", ["Research", "ScientificResearch"], False),
        ("xone", ["Statistics", "Marketing"], False),
    ],
)
def test_logical_constraints(agreement, atom, ask, operator, purposes, allowed):
    parts = [atom("purpose", "isA", PURPOSE + name) for name in purposes]
    context = {"purpose": PURPOSE + "WeatherResearch"}
    assert ask(agreement(constraint=[{operator: parts}]), context=context).allowed is allowed


def test_or_with_one_satisfied_and_one_unknown_holds(agreement, atom, ask, codes):
    parts = [atom("purpose", "isA", PURPOSE + "Research"), atom("spatial", "isPartOf", "US")]
    assert ask(agreement(constraint=[{"or": parts}]), context={"spatial": "US-NY"}).allowed
    assert codes(ask(agreement(constraint=[{"or": parts}]))) == ["no-alternative"]
    assert codes(ask(agreement(constraint=[{"and": parts}]))) == ["context-missing", "context-missing"]


# parties and assets ------------------------------------------------------------------------------------------------


def test_membership_of_party_and_asset_comes_from_the_world(agreement, ask):
    document = agreement(assignee="urn:org:y", target="urn:collection:c")
    member = {"did:web:u.example": frozenset({"urn:org:y"}), "urn:c1": frozenset({"urn:collection:c"})}
    wanted = {"assignee": "did:web:u.example", "target": "urn:c1"}
    assert ask(document, **wanted, part_of=member).allowed
    assert ask(document, **wanted).outcome is Outcome.DEFAULT_DENY


def test_prohibition_on_a_member_stops_the_act_on_the_whole(agreement, ask):
    document = {
        "@type": "Set",
        "permission": [{"action": "read", "target": "urn:collection:c"}],
        "prohibition": [{"action": "read", "target": "urn:c1"}],
    }
    part_of = {name: frozenset({"urn:collection:c"}) for name in ("urn:c1", "urn:c2")}
    outcomes = [
        ask(document, target=name, part_of=part_of).outcome for name in ("urn:c1", "urn:c2", "urn:collection:c")
    ]
    assert outcomes == [Outcome.DENY, Outcome.ALLOW, Outcome.DENY]


def test_membership_in_a_circle_ends(agreement, ask):
    part_of = {"urn:a": frozenset({"urn:b"}), "urn:b": frozenset({"urn:a"})}
    assert ask(agreement(target="urn:b"), target="urn:a", part_of=part_of).allowed


# the record --------------------------------------------------------------------------------------------------------


def test_decision_as_json(agreement, atom, ask):
    document = agreement(
        constraint=[
            {"uid": "n", **atom("count", "lteq", "3")},
            {"uid": "p", **atom("purpose", "isA", PURPOSE + "Audit")},
        ]
    )
    assert ask(document).as_json() == {
        "outcome": "deny",
        "rules": [
            {
                "id": "permission/0",
                "kind": "permission",
                "active": False,
                "constraints": [{"id": "n", "satisfied": True}, {"id": "p", "satisfied": "unknown"}],
            }
        ],
        "duties": [],
        "reasons": [
            {
                "code": "context-missing",
                "text": "required is that the purpose is audit or a kind of it; the purpose was not given",
                "path": "/permission/0/constraint/1",
                "facts": ["purpose", "isA", PURPOSE + "Audit", ""],
            }
        ],
        "reservations": [],
    }


def test_every_reason_code_is_reached_by_a_test_in_this_folder():
    source = "".join(path.read_text(encoding="utf-8") for path in sorted(Path(__file__).parent.glob("test_*.py")))
    assert [code for code in REASONS if f'"{code}"' not in source] == []
