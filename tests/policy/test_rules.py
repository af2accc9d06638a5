"""What a rule covers: several actions and targets, refinements, collections, sequences."""

from __future__ import annotations

from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every

BUYER, TARGET = "did:web:buyer.example", "urn:penstock:dataset:flights"


def ask(policy, action="read", target=TARGET, context=None, **world):
    request = Request.from_json({"assignee": BUYER, "action": action, "target": target, "context": context or {}})
    return decide(compile_policy(policy), request, World.from_json({"now": "2026-06-10T00:00:00Z", **world}))


def outcome(policy, *args, **more):
    return ask(policy, *args, **more).outcome.value


def test_a_rule_may_name_several_actions_targets_and_parties(agreement):
    rule = {"action": ["read", "odrl:print"], "target": ["urn:a", "urn:b"], "assignee": [BUYER, "did:web:c.example"]}
    policy = parse(agreement(permission=[rule], target=None, assignee=None))
    assert [outcome(policy, action, target) for action, target in (("read", "urn:a"), ("print", "urn:b"))] == [
        "allow"
    ] * 2
    assert [outcome(policy, action, target) for action, target in (("play", "urn:a"), ("read", "urn:c"))] == [
        "default-deny"
    ] * 2
    assert [rule.id for rule in ask(policy, target="urn:a").rules] == ["permission/0"]


def test_an_action_on_the_policy_holds_for_every_rule(agreement):
    policy = parse(agreement(action="read", permission=[{"constraint": []}]))
    assert (outcome(policy), outcome(policy, "print")) == ("allow", "default-deny")


def test_a_refinement_of_the_action_is_asked_of_the_request(agreement, atom):
    printing = {"rdf:value": {"@id": "odrl:print"}, "refinement": [atom("resolution", "lteq", 1200)]}
    policy = parse(agreement(permission=[{"action": [printing]}]))
    assert outcome(policy, "print", context={"resolution": 600}) == "allow"
    assert outcome(policy, "print", context={"resolution": 2400}) == "deny"
    decision = ask(policy, "print")
    assert (decision.outcome.value, decision.rules[0].constraints[0].satisfied) == ("deny", None)
    assert decision.rules[0].constraints[0].id == "permission/0/action/refinement/0"


def test_refined_collections_of_assets_and_parties(agreement, atom):
    target = {"@type": "AssetCollection", "source": "urn:c", "refinement": [atom("dataClass", "isNoneOf", ["health"])]}
    assignee = {
        "@type": ["PartyCollection", "vcard:Group"],
        "source": "urn:y",
        "refinement": [atom("role", "eq", "lead")],
    }
    policy = parse(
        agreement(target=None, assignee=None, permission=[{"action": "use", "target": target, "assignee": assignee}])
    )
    part_of = {"urn:c1": ["urn:c"], BUYER: ["urn:y"]}
    fit = {"dataClass": "traffic", "role": "lead"}
    assert outcome(policy, target="urn:c1", context=fit, partOf=part_of) == "allow"
    assert outcome(policy, target="urn:c1", context={**fit, "dataClass": "health"}, partOf=part_of) == "deny"
    assert outcome(policy, target="urn:c1", context={"dataClass": "traffic"}, partOf=part_of) == "deny"
    assert outcome(policy, target="urn:c1", context=fit) == "default-deny"


def act(at, **context):
    return {"action": "read", "by": BUYER, "target": TARGET, "at": at, "context": context}


PAID, SIGNED = {"environmentState": "paid"}, {"role": "signed"}


@every(
    ("acts", "context", "expected"),
    [
        ([act("2026-06-01T00:00:00Z", **PAID), act("2026-06-02T00:00:00Z", **SIGNED)], {}, "allow"),
        ([act("2026-06-02T00:00:00Z", **PAID), act("2026-06-01T00:00:00Z", **SIGNED)], {}, "deny"),
        ([act("2026-06-02T00:00:00Z", **PAID), act("2026-06-01T00:00:00Z", **SIGNED)], SIGNED, "allow"),
        ([act("2026-06-01T00:00:00Z", **PAID)], SIGNED, "allow"),
        ([act("2026-06-01T00:00:00Z", **SIGNED)], PAID, "deny"),
        ([act("2026-06-01T00:00:00Z", **PAID)], {}, "deny"),
        ([], {**PAID, **SIGNED}, "allow"),
        ([act("2026-06-11T00:00:00Z", **PAID)], SIGNED, "deny"),
    ],
)
def test_a_sequence_never_goes_back(agreement, atom, acts, context, expected):
    parts = [atom("environmentState", "eq", "paid"), atom("role", "eq", "signed")]
    policy = parse(agreement(constraint=[{"andSequence": {"@list": parts}}]))
    assert outcome(policy, context=context, performed=acts) == expected


def test_one_of_two_alternatives_counted(agreement, atom):
    either = {"xone": [atom("payAmount", "gteq", "100", unit="CNY"), atom("count", "lteq", "1")]}
    policy = parse(agreement(constraint=[either]))
    paid = {"payAmount": "100", "unit": "CNY"}
    assert outcome(policy, context=paid, counters={"permission/0": {"count": 1}}) == "allow"
    assert ask(policy, context=paid, counters={"permission/0": {"count": 1}}).reservations == ()
    first = ask(policy, context={"payAmount": "0", "unit": "CNY"})
    assert [held.operand for held in first.reservations] == ["count"]
    assert outcome(policy, context=paid) == "deny"  # exactly one
