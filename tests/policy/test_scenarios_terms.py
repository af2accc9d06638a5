"""Scenarios 23 to 33: derived data, refinements, logic, terms that are refused, environments, and failing closed."""

from __future__ import annotations

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.inherit import digest
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every
from tests.policy.oracle.door import decided
from tests.policy.oracle.evaluator import evaluate
from tests.policy.scenario import BUYER, DATA, NOW, PURPOSE, act, agreement, asked, atom, check, only

# derived data, refinements, logic ------------------------------------------------------------------------------------


DERIVED = agreement(
    [{"uid": "p", "action": "read"}],
    prohibition=[{"uid": "q", "action": "distribute"}],
)
OWN = {
    "@id": "urn:agreement:2",
    "@type": "Set",
    "permission": [{"uid": "own", "action": "distribute", "target": "urn:derived"}],
    "prohibition": [{"uid": "q", "action": "distribute", "target": [DATA, "urn:data:ships"]}],
}


@pytest.mark.parametrize(
    ("policy", "part_of", "outcome", "code", "active"),
    [
        (DERIVED, {"urn:derived": [DATA]}, "deny", "prohibited", ["q"]),
        (DERIVED, {}, "default-deny", "no-permission", []),
        # what was derived belongs to who derived it, unless it is still a part of one of its sources
        (OWN, {}, "allow", "permitted", ["own"]),
        (OWN, {"urn:derived": [DATA]}, "deny", "policy-void", ["own", "q"]),
        (OWN, {"urn:derived": ["urn:mixed"], "urn:mixed": ["urn:data:ships"]}, "deny", "policy-void", ["own", "q"]),
    ],
)
def test_23_what_is_derived_carries_the_policy_while_it_is_part_of_the_data(policy, part_of, outcome, code, active):
    request = asked("distribute") | {"target": "urn:derived"}
    check(policy, request, NOW | {"partOf": part_of}, outcome, code, active)


PRINTED = agreement(
    {"action": [{"rdf:value": {"@id": "odrl:print"}, "refinement": [atom("resolution", "lteq", "720")]}]}
)


@pytest.mark.parametrize(
    ("context", "outcome", "code", "active"),
    [
        ({}, "deny", "context-missing", []),
        ({"resolution": "720"}, "allow", "permitted", ["p"]),
        ({"resolution": "720.5"}, "deny", "manner-not-allowed", []),
        ({"resolution": "sharp"}, "deny", "context-unclear", []),
    ],
)
def test_24_a_refined_action_must_be_done_in_its_manner(context, outcome, code, active):
    decision = check(PRINTED, asked("print", **context), NOW, outcome, code, active)
    assert decision["rules"][0]["constraints"][0]["id"] == "permission/0/action/refinement/0"


@pytest.mark.parametrize(
    ("fields", "outcome", "code", "active"),
    [
        (["a", "b"], "allow", "permitted", ["p"]),
        (["a"], "allow", "permitted", ["p"]),
        (["a", "c"], "deny", "data-not-allowed", []),
        (["a", "b", "c"], "deny", "data-not-allowed", []),  # what `*` stands for
        (None, "deny", "context-missing", []),
    ],
)
def test_24_every_field_must_be_among_those_agreed(fields, outcome, code, active):
    policy = only(atom("dataField", "isPartOf", ["a", "b"]))
    check(policy, asked(**({} if fields is None else {"dataField": fields})), NOW, outcome, code, active)


EITHER = [atom("purpose", "isA", PURPOSE + "Research"), atom("recipient", "eq", BUYER)]


@every(
    ("operator", "context", "outcome", "code", "active"),
    [
        ("xone", {"purpose": PURPOSE + "Research", "recipient": BUYER}, "deny", "no-alternative", []),
        ("xone", {"purpose": PURPOSE + "Research", "recipient": "urn:other"}, "allow", "permitted", ["p"]),
        ("xone", {"purpose": PURPOSE + "Research"}, "deny", "no-alternative", []),
        ("and", {"purpose": PURPOSE + "Research"}, "deny", "context-missing", []),
        ("or", {"purpose": PURPOSE + "Research"}, "allow", "permitted", ["p"]),
        ("or", {"purpose": PURPOSE + "Marketing"}, "deny", "no-alternative", []),
    ],
)
def test_25_alternatives_are_three_valued(operator, context, outcome, code, active):
    check(only({operator: EITHER}), asked(**context), NOW, outcome, code, active)


SEQUENCE = only({"andSequence": [atom("event", "eq", "urn:paid"), atom("event", "eq", "urn:signed")]})


@pytest.mark.parametrize(
    ("events", "outcome", "active"),
    [
        (["urn:paid", "urn:signed"], "allow", ["p"]),
        (["urn:signed", "urn:paid"], "deny", []),
        (["urn:signed", "urn:paid", "urn:signed"], "allow", ["p"]),
        (["urn:paid"], "deny", []),
    ],
)
def test_25_a_sequence_must_be_in_order(events, outcome, active):
    done = [act("use", f"2026-11-20T10:00:0{n}Z", context={"event": name}) for n, name in enumerate(events)]
    decision = decided(SEQUENCE, asked(), NOW | {"performed": done})
    assert decision["outcome"] == outcome == evaluate(SEQUENCE, asked(), NOW | {"performed": done})["outcome"]
    assert [rule["id"] for rule in decision["rules"] if rule["active"]] == active


# inheritance ---------------------------------------------------------------------------------------------------------

PARENT = agreement(None, prohibition=[{"uid": "q", "action": "reproduce"}]) | {"@id": "urn:parent"}


def child(parent, **pinned):
    return agreement(inheritFrom=[{"@id": "urn:parent", "digest": digest(parent), **pinned}])


def test_26_a_child_cannot_do_what_its_parent_prohibits():
    policy = compile_policy(parse(child(PARENT), {"urn:parent": PARENT}))
    world = World.from_json(NOW)
    assert decide(policy, Request.from_json(asked("reproduce")), world).outcome == "deny"
    assert decide(policy, Request.from_json(asked("read")), world).outcome == "allow"


def test_26_a_parent_that_changed_is_unknown_or_inherits_itself_is_refused_when_written():
    changed = PARENT | {"prohibition": []}
    looped = PARENT | {"inheritFrom": [{"@id": "urn:parent", "digest": digest(PARENT)}]}
    for parents, parent in (({"urn:parent": changed}, PARENT), ({}, PARENT), ({"urn:parent": looped}, looped)):
        with pytest.raises(PolicyError) as refused:
            parse(child(parent), parents)
        assert refused.value.path.startswith("/inheritFrom/0")
    with pytest.raises(PolicyError):
        parse(agreement(inheritFrom=["urn:parent"]), {"urn:parent": PARENT})


# what is refused when it is written ----------------------------------------------------------------------------------


@every(
    ("policy", "code", "path"),
    [
        (agreement(profile="https://example.org/profile"), "unknown-profile", "/profile/0"),
        (agreement({"action": "teleport"}), "unknown-term", "/permission/0/action"),
        (only(atom("phaseOfTheMoon", "eq", "full")), "unknown-term", "/permission/0/constraint/0/leftOperand"),
        (
            only(atom("purpose", "resembles", PURPOSE + "Research")),
            "unknown-term",
            "/permission/0/constraint/0/operator",
        ),
        (agreement(weather="fine"), "unknown-term", "/weather"),
        (agreement({"weather": "fine"}), "unknown-term", "/permission/0/weather"),
        (agreement(conflict="toss"), None, "/conflict"),
        (
            only({"leftOperand": "dateTime", "operator": "lt", "rightOperandReference": "https://example.org/when"}),
            None,
            "/permission/0/constraint/0/rightOperandReference",
        ),
        (only(atom("valueExpression", "eq", "a > 1")), None, "/permission/0/constraint/0/leftOperand"),
        (only(atom("unitOfCount", "eq", "user")), None, "/permission/0"),
        (only(atom("meteredTime", "lteq", "P1M")), "bad-value", "/permission/0/constraint/0/rightOperand"),
        (only(atom("payAmount", "lteq", "100")), "missing", "/permission/0/constraint/0"),
    ],
)
def test_27_what_is_not_understood_is_refused_by_name(policy, code, path):
    with pytest.raises(PolicyError) as refused:
        parse(policy)
    assert refused.value.path == path
    assert code in (None, refused.value.code)


# where, with what, when ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("context", "outcome", "code", "active"),
    [
        ({"executionEnv": "tee"}, "allow", "permitted", ["p"]),
        ({"executionEnv": "05"}, "allow", "permitted", ["p"]),
        ({"executionEnv": "sandbox"}, "deny", "environment-not-allowed", []),
        ({"executionEnv": "simulated"}, "deny", "context-unclear", []),  # none of the environments there are
        ({}, "deny", "context-missing", []),  # nothing fresh was attested
    ],
)
def test_28_the_environment_is_what_was_attested(context, outcome, code, active):
    check(only(atom("executionEnv", "isA", "tee")), asked(**context), NOW, outcome, code, active)


def test_29_an_algorithm_is_its_digest():
    policy = only(atom("algorithm", "eq", "sha256:aa"))
    check(policy, asked(algorithm="sha256:aa"), NOW, "allow", "permitted", ["p"])
    assert decided(policy, asked(algorithm="sha256:bb"), NOW)["outcome"] == "deny"


def test_32_what_was_allowed_is_decided_again_when_it_is_released():
    policy = only(atom("dateTime", "lt", "2026-11-20T12:00:01Z"))
    check(policy, asked(), NOW, "allow", "permitted", ["p"])
    check(policy, asked(), {"now": "2026-11-20T12:00:02Z"}, "deny", "outside-time")


def test_33_without_the_counters_nothing_is_allowed():
    check(only(atom("count", "lteq", "3")), asked(), NOW | {"counters": None}, "deny", "state-unavailable")
