"""The rules that do not apply: every one of them, each with why, and none that the decision rests on."""

from __future__ import annotations

import pytest

from policy.compile import compile_policy
from policy.decide import decide
from policy.idle import idle_rules
from policy.parse import parse
from policy.request import Request
from policy.words.idle import idle, idle_json
from policy.words.speak import LANGUAGES
from policy.world import World
from tests.policy.test_laws import law

NOW = {"now": "2026-06-01T00:00:00Z"}
IN_CHINA = {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "CN"}
ASKED = {"assignee": "urn:a", "action": "read", "target": "urn:t", "context": {"spatial": "DE"}}
RESEARCH = {"leftOperand": "purpose", "operator": "isA", "rightOperand": "urn:p"}
COLLECTION = {"@type": "PartyCollection", "@id": "urn:c"}

# a rule → why it does not apply; nothing where it does
PERMISSIONS = [
    ({"action": "use"}, []),
    ({"action": "print"}, ["other-action"]),
    ({"action": "use", "target": "urn:u"}, ["other-target"]),
    ({"action": "use", "assignee": "urn:b"}, ["other-party"]),
    ({"action": "use", "assignee": COLLECTION}, ["unsure-party"]),
    ({"action": "use", "constraint": [IN_CHINA]}, ["not-met"]),
    ({"action": "use", "constraint": [RESEARCH]}, ["not-known"]),
    ({"action": "print", "target": "urn:u", "constraint": [IN_CHINA]}, ["other-action", "other-target", "not-met"]),
    ({"action": "use", "duty": [{"action": "compensate"}]}, []),
]  # fmt: skip


def asked(policy, request=ASKED, world=NOW):
    return compile_policy(parse(policy)), Request.from_json(request), World.from_json(world)


def why(policy, request=ASKED, world=NOW):
    return [[one.code for one in rule.why] for rule in idle_rules(*asked(policy, request, world))]


@pytest.mark.parametrize(("rule", "codes"), PERMISSIONS)
def test_a_permission_says_everything_that_keeps_it_from_applying(rule, codes):
    assert why({"@type": "Set", "permission": [rule]}) == ([codes] if codes else [])


def test_a_prohibition_that_may_apply_is_not_idle():
    maybe = {"action": "use", "assignee": COLLECTION}
    assert why({"@type": "Set", "prohibition": [maybe]}) == []
    assert why({"@type": "Set", "prohibition": [maybe]}, world=NOW | {"partOf": {"urn:b": ["urn:c"]}}) == [
        ["other-party"]
    ]


def test_an_obligation_of_another_is_idle():
    owed = {"action": "delete", "assignee": "urn:b"}
    assert why({"@type": "Set", "obligation": [owed]}) == [["other-party"]]
    assert why({"@type": "Set", "obligation": [owed | {"assignee": "urn:a"}]}) == []


def test_an_offer_has_no_idle_rules():
    offer = {"@type": "Offer", "assigner": "urn:o", "target": "urn:t", "permission": [{"action": "print"}]}
    assert why(offer) == []


def test_an_action_that_nobody_knows_leaves_every_rule_idle():
    assert why({"@type": "Set", "permission": [{"action": "use"}]}, ASKED | {"action": "teleport"}) == [
        ["other-action"]
    ]


@law
def test_what_decides_is_not_idle_and_what_is_idle_does_not_decide(dice, policy, request, world):
    question = asked(policy, request, world)
    decision, resting = decide(*question), idle_rules(*question)
    named = {rule.path for rule in resting}
    if decision.reasons[0].code in {"permitted", "prohibited", "prohibition-possible", "policy-void"}:
        assert not named & {reason.path for reason in decision.reasons}
    assert not {rule.id for rule in resting} & {rule.id for rule in decision.rules if rule.active}
    for rule in resting:
        for lang in LANGUAGES:
            assert rule.id in idle(rule, lang)
            assert len(idle_json(rule, lang)["why"]) == len(rule.why) > 0
