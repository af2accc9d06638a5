"""What lies in what: pairs written by hand, laws, and random pairs against random requests."""

from __future__ import annotations

import os
import random

import pytest

from policy.compare.compare import Relation, compare, implied
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.purposes import BASE
from tests.every import every
from tests.policy.compare import pairs

PAIRS = int(os.environ.get("PENSTOCK_TEST_COMPARE", "3000")) // 20
REQUESTS_A_PAIR = 20
LAWFUL_PAIRS = 40
MAX_UNTOLD_SHARE = 0.01
RESEARCH, TRANSPORT, MARKETING = (BASE + name for name in ("Research", "TransportResearch", "Marketing"))
SAME, A_IN_B, B_IN_A, SOME, NONE, UNTOLD = (
    Relation.EQUIVALENT,
    Relation.A_IMPLIES_B,
    Relation.B_IMPLIES_A,
    Relation.OVERLAPPING,
    Relation.DISJOINT,
    Relation.CANNOT_TELL,
)


def atom(text, unit=""):
    left, operator, right = text.split(" ", 2)
    return {
        "leftOperand": left,
        "operator": operator,
        "rightOperand": right.split(" | "),
        **({"unit": unit} if unit else {}),
    }


def permits(*texts, **members):
    """A permission to use under constraints, each `left operator right | right`."""
    return {"action": "use", "constraint": [atom(text) for text in texts], **members}


def policy(*permissions, **members):
    return parse({"permission": list(permissions), "conflict": "prohibit", **members})


def pay(operator, amount):
    return {"action": "compensate", "constraint": [atom(f"payAmount {operator} {amount}", "EUR")]}


def rent(amount, every):
    duty = pay("eq", amount)
    return {**duty, "constraint": [{**duty["constraint"][0], "every": every}]}


def in_sequence(*texts):
    return {"action": "use", "constraint": [{"andSequence": [atom(text) for text in texts]}]}


def delete_within(span):
    return {"action": "delete", "constraint": [atom(f"delayPeriod lteq {span}")]}


# constraints of a permission to use -> constraints of another -> how they lie
CONSTRAINTS = [
    ([], ["purpose isA " + RESEARCH], B_IN_A),
    (["purpose isA " + TRANSPORT], ["purpose isA " + RESEARCH], A_IN_B),
    (["purpose eq " + TRANSPORT], ["purpose isA " + TRANSPORT], A_IN_B),
    (["purpose isA " + RESEARCH], ["purpose isA " + MARKETING], NONE),
    (["purpose isA " + RESEARCH], ["purpose isNoneOf " + MARKETING], A_IN_B),
    (["purpose isA " + RESEARCH], ["purpose isNoneOf " + TRANSPORT], SOME),
    # of several purposes at once, isAnyOf asks that all of them are among those named
    ([f"purpose isAnyOf {RESEARCH} | {MARKETING}"], ["purpose isA " + RESEARCH], B_IN_A),
    ([f"purpose isAllOf {RESEARCH} | {MARKETING}"], ["purpose isA " + RESEARCH], NONE),
    (["spatial isPartOf CN-44"], ["spatial isPartOf CN"], A_IN_B),
    (["spatial isPartOf 440300"], ["spatial isPartOf CN-GD"], A_IN_B),
    (["spatial isPartOf CN-GD"], ["spatial isPartOf 440000"], SAME),
    (["spatial isPartOf CN"], ["spatial isPartOf US"], NONE),
    (["spatial isPartOf CN"], ["spatial isPartOf urn:zone"], SOME),
    (["spatial isPartOf HK"], ["spatial isPartOf CN"], SOME),  # only where the world says so
    (["recipient isPartOf urn:a"], ["recipient isPartOf urn:b"], SOME),  # one may belong to both
    (["recipient isAnyOf urn:a"], ["recipient isAnyOf urn:a | urn:b"], A_IN_B),
    (["recipient eq urn:a"], ["recipient eq urn:b"], NONE),
    (["dateTime lteq 2027-01-01T00:00:00Z"], ["dateTime lteq 2027-01-01T08:00:00+08:00"], SAME),
    (["dateTime lt 2027-01-01T00:00:00Z"], ["dateTime lteq 2027-01-01T00:00:00Z"], A_IN_B),
    (["dateTime lt 2027-01-01T00:00:00Z"], ["dateTime gteq 2027-01-01T00:00:00Z"], NONE),
    (["dateTime eq 2027-01-01T00:00:00Z"], ["dateTime neq 2027-01-01T00:00:00Z"], NONE),
    # 1 January 2027 is a Friday: two operands, one clock
    (
        ["dateTime gteq 2027-01-01T00:00:00Z", "dateTime lt 2027-01-02T00:00:00Z"],
        ["timeWindow eq Fr-Sa 00:00-24:00 UTC"],
        A_IN_B,
    ),
    (
        ["dateTime gteq 2027-01-01T00:00:00Z", "dateTime lt 2027-01-02T00:00:00Z"],
        ["timeWindow eq Mo-Th 00:00-24:00 UTC"],
        NONE,
    ),
    (["timeWindow eq Mo-Fr 09:00-12:00 Asia/Shanghai"], ["timeWindow eq Mo-Fr 01:00-09:00 UTC"], A_IN_B),
    (["timeWindow eq Mo 09:00-17:00 Europe/Berlin"], ["timeWindow eq Mo 08:00-16:00 UTC"], SOME),  # summer time
    (["timeWindow eq Mo 22:00-06:00 UTC"], ["timeWindow eq Tu 00:00-06:00 UTC"], B_IN_A),
    (["count lteq 3"], ["count lt 4"], SAME),
    (["count lteq 3"], ["count lteq 5"], A_IN_B),
    (["count lteq 0"], ["count lteq 5"], A_IN_B),
    (["frequency lteq 10/PT1M"], ["frequency lteq 20/PT1M"], A_IN_B),
    (["frequency lteq 10/PT1M"], ["frequency lteq 20/PT1H"], SOME),
    (["frequency lteq 10/PT1H"], ["frequency lteq 20/PT1M"], A_IN_B),
    (["elapsedTime lteq P1D"], ["elapsedTime lteq PT24H"], SAME),
    (["elapsedTime lteq P1M"], ["elapsedTime lteq P2M"], A_IN_B),
    (["elapsedTime lteq P1W"], ["elapsedTime lteq P1M"], A_IN_B),
    (["elapsedTime lteq P3W"], ["elapsedTime lteq P1M"], A_IN_B),
    (["elapsedTime lteq P4W"], ["elapsedTime lteq P1M"], UNTOLD),
    (["elapsedTime lteq P30D"], ["elapsedTime lteq P1M"], UNTOLD),
    (["elapsedTime lteq P1M30D"], ["elapsedTime lteq P2M"], UNTOLD),
    (["elapsedTime lteq P1M2D"], ["elapsedTime lteq P1M3D"], A_IN_B),
    (["timeInterval gteq PT2H"], ["timeInterval gteq PT1H"], A_IN_B),
    (["meteredTime lteq PT1H"], ["meteredTime lteq PT2H"], A_IN_B),
    (["absoluteSize lteq 10"], ["absoluteSize lteq 10.5"], A_IN_B),
    (["percentage lt 50"], ["percentage gteq 50"], NONE),
    (["privacyBudget lteq 1"], ["privacyBudget lteq 1.0"], SAME),
    (["version gteq 1.4"], ["version gt 1.4"], B_IN_A),
    (["version gt 1.4", "version lt 1.4.1"], ["version eq 2"], NONE),
    (["resolution lteq 300"], ["resolution lteq 300.0"], SAME),
    (["resolution lteq 0.000000000000000001"], ["resolution lteq 0.000000000000000002"], A_IN_B),
    (["resolution gt 0.000000000000000001"], ["resolution gteq 0.000000000000000002"], SAME),
    (["resolution gt -5"], ["resolution gteq -3.5"], B_IN_A),
    (["language isA en-GB"], ["language isA en"], A_IN_B),
    (["language isA en"], ["language isA zh"], NONE),
    (["fileFormat eq text/csv"], ["fileFormat isA text/*"], A_IN_B),
    (["fileFormat isA image/*"], ["fileFormat isA text/*"], NONE),
    (["networkAddress isPartOf 10.1.0.0/16"], ["networkAddress isPartOf 10.0.0.0/8"], A_IN_B),
    (["networkAddress isPartOf 10.0.0.0/9"], ["networkAddress isPartOf 10.128.0.0/9"], NONE),
    (["executionEnv eq 05"], ["executionEnv eq tee"], SAME),
    (["executionEnv isNoneOf mpc"], ["executionEnv eq tee"], B_IN_A),
    (["event gt urn:e:opening"], ["event lt urn:e:opening"], NONE),
    (["event eq urn:e:opening"], ["event gt urn:e:opening"], SOME),
    (["purpose isA " + RESEARCH], ["spatial isPartOf CN"], SOME),
    (["industry eq J", "industry eq K"], ["industry eq L"], A_IN_B),  # what never holds lies in everything
]


@every(("one", "other", "relation"), CONSTRAINTS, ids=lambda value: str(value).replace(BASE, ""))
def test_permissions_to_use_under_constraints(one, other, relation):
    found = compare(policy(permits(*one)), policy(permits(*other)))
    assert found.relation is relation, found
    assert bool(found.reason) == (relation is UNTOLD)
    mirrored = {A_IN_B: B_IN_A, B_IN_A: A_IN_B}
    assert compare(policy(permits(*other)), policy(permits(*one))).relation is mirrored.get(relation, relation)


NOT_PASSED_ON = [{"action": "distribute"}]
# what a pair shows -> (first, second, how they lie)
POLICIES = {
    "an action below": (policy({"action": "read"}), policy({"action": "use"}), A_IN_B),
    "actions beside": (policy({"action": "read"}), policy({"action": "sell"}), NONE),
    "several actions": (policy({"action": ["read", "print"]}), policy({"action": "read"}, {"action": "print"}), SAME),
    "a target": (policy(permits(target="urn:t")), policy(permits()), A_IN_B),
    "two targets, one of which may lie in the other": (
        policy(permits(target="urn:t")),
        policy(permits(target="urn:s")),
        SOME,
    ),
    "an assignee": (policy(permits(assignee="urn:p")), policy(permits(assignee=["urn:p", "urn:q"])), A_IN_B),
    "a prohibition": (policy(permits(), prohibition=NOT_PASSED_ON), policy(permits()), A_IN_B),
    "a prohibition that takes nothing": (
        policy({"action": "read"}, prohibition=NOT_PASSED_ON),
        policy({"action": "read"}),
        SAME,
    ),
    "a prohibition that permissions go before": (
        policy(permits(), prohibition=NOT_PASSED_ON, conflict="perm"),
        policy(permits()),
        SAME,
    ),
    "a prohibition on a member reaches the whole": (
        policy(permits(), prohibition=[{"action": "use", "target": "urn:t"}]),
        policy(permits(target="urn:whole")),
        SOME,
    ),
    "two halves make a whole": (
        policy(permits("dateTime lt 2027-01-01T00:00:00Z"), permits("dateTime gteq 2027-01-01T00:00:00Z")),
        policy(permits()),
        SAME,
    ),
    "a duty": (policy(permits(duty=[pay("eq", 5)])), policy(permits()), A_IN_B),
    "the same duty": (policy(permits(duty=[pay("eq", 5)])), policy(permits(duty=[pay("eq", "5.00")])), SAME),
    "a dearer duty": (policy(permits(duty=[pay("gteq", 7)])), policy(permits(duty=[pay("gteq", 5)])), A_IN_B),
    "other prices": (policy(permits(duty=[pay("eq", 7)])), policy(permits(duty=[pay("eq", 5)])), SOME),
    "a rent": (policy(permits(duty=[rent(5, "P1M")])), policy(permits(duty=[pay("eq", 5)])), A_IN_B),
    "a rent paid more often": (policy(permits(duty=[rent(5, "P1M")])), policy(permits(duty=[rent(5, "P3M")])), A_IN_B),
    "the same rent": (policy(permits(duty=[rent(5, "P1M")])), policy(permits(duty=[rent("5.0", "monthly")])), SAME),
    "a duty on the policy": (policy(permits(), obligation=[pay("eq", 5)]), policy(permits(duty=[pay("eq", 5)])), SAME),
    "a shorter term": (
        policy(permits(duty=[delete_within("P30D")])),
        policy(permits(duty=[delete_within("P60D")])),
        A_IN_B,
    ),
    "a remedy": (
        policy(permits(), prohibition=[{**NOT_PASSED_ON[0], "remedy": [{"action": "inform"}]}]),
        policy(permits(), prohibition=NOT_PASSED_ON),
        A_IN_B,
    ),
    "alternatives": (
        policy(permits("executionEnv eq tee"), permits("executionEnv eq mpc")),
        policy({"action": "use", "constraint": [{"or": [atom("executionEnv eq tee"), atom("executionEnv eq mpc")]}]}),
        SAME,
    ),
    "one of two": (
        policy({"action": "use", "constraint": [{"xone": [atom("count lteq 2"), atom("version eq 1")]}]}),
        policy({"action": "use", "constraint": [{"or": [atom("count lteq 2"), atom("version eq 1")]}]}),
        A_IN_B,
    ),
    "a sequence": (policy(in_sequence("executionEnv eq tee", "version eq 1")), policy(permits()), A_IN_B),
    "a sequence may have been done before": (
        policy(permits("executionEnv eq tee", "version eq 1")),
        policy(in_sequence("executionEnv eq tee", "version eq 1")),
        A_IN_B,
    ),
    "what is counted in a sequence holds now": (
        policy(in_sequence("executionEnv eq tee", "count lteq 3")),
        policy(permits("count lteq 3")),
        A_IN_B,
    ),
    "the same sequence": (
        policy(in_sequence("executionEnv eq tee", "version eq 1"), **{"@id": "urn:1"}),
        policy(in_sequence("executionEnv eq tee", "version eq 1"), **{"@id": "urn:2"}),
        SAME,
    ),
    "another remedy": (
        policy(permits(), prohibition=[{**NOT_PASSED_ON[0], "remedy": [pay("gteq", 9)]}]),
        policy(permits(), prohibition=[{**NOT_PASSED_ON[0], "remedy": [pay("gteq", 5)]}]),
        A_IN_B,
    ),
}


@every("name", POLICIES)
def test_policies(name):
    one, other, relation = POLICIES[name]
    found = compare(one, other)
    assert found.relation is relation, found


def test_a_counterexample_is_a_request_that_the_two_policies_decide_differently():
    found = compare(policy(permits("purpose isA " + RESEARCH)), policy(permits("purpose isA " + TRANSPORT)))
    assert found.forward.as_json()["request"]["context"] == {"purpose": RESEARCH}
    assert found.backward is None


def test_a_sub_licence_lies_within_its_parent():
    parent = policy(permits("count lteq 5", "spatial isPartOf CN"), prohibition=NOT_PASSED_ON)
    child = policy(permits("count lteq 3", "spatial isPartOf CN-44", duty=[pay("eq", 5)]), prohibition=NOT_PASSED_ON)
    assert implied(child, parent).holds
    wider = implied(parent, child)
    assert wider.holds is False
    assert wider.example is not None
    assert implied(policy(permits("elapsedTime lteq P30D")), policy(permits("elapsedTime lteq P1M"))).holds is None


# ---- random pairs


@pytest.fixture(scope="module")
def sampled():
    """Compare random pairs once; each row is (seed, first, second, comparison)."""
    rows = []
    for seed in range(PAIRS):
        one, other = (parse(document) for document in pairs.pair(random.Random(seed)))
        rows.append((seed, one, other, compare(one, other)))
    return rows


def test_no_random_request_contradicts_a_comparison(sampled):
    for seed, one, other, found in sampled:
        rng = random.Random(-seed - 1)
        first, second = compile_policy(one), compile_policy(other)
        for _ in range(REQUESTS_A_PAIR):
            facts, request = pairs.facts(rng), pairs.request(rng)
            by_one = decide(first, request, pairs.world(facts, one)).allowed
            by_other = decide(second, request, pairs.world(facts, other)).allowed
            assert not (by_one and not by_other and found.relation in {SAME, A_IN_B}), seed
            assert not (by_other and not by_one and found.relation in {SAME, B_IN_A}), seed
            assert not (by_one and by_other and found.relation is NONE), seed


def test_every_example_is_what_it_says(sampled):
    for seed, one, other, found in sampled:
        first, second = compile_policy(one), compile_policy(other)
        for example, wanted in (
            (found.forward, (True, False)),
            (found.backward, (False, True)),
            (found.common, (True, True)),
        ):
            if example is not None:
                by_one = decide(first, example.request, example.worlds[0]).allowed
                by_other = decide(second, example.request, example.worlds[1]).allowed
                assert (by_one, by_other) == wanted, seed


def test_hardly_any_pair_cannot_be_told(sampled):
    untold = [(seed, found.reason) for seed, _one, _other, found in sampled if found.relation is UNTOLD]
    assert len(untold) <= MAX_UNTOLD_SHARE * len(sampled), untold


def test_a_policy_is_equivalent_to_itself_and_the_order_of_a_pair_only_turns_the_answer(sampled):
    turned = {A_IN_B: B_IN_A, B_IN_A: A_IN_B}
    for seed, one, other, found in sampled[:LAWFUL_PAIRS]:
        assert compare(one, one).relation is SAME, seed
        assert compare(other, one).relation is turned.get(found.relation, found.relation), seed


def test_one_more_constraint_or_prohibition_makes_a_policy_that_lies_within():
    for seed in range(LAWFUL_PAIRS):
        rng = random.Random(seed)
        document, _ = pairs.pair(rng)
        rule = document["permission"][0]
        more = {**rule, "constraint": [*rule["constraint"], pairs.condition(rng, pairs.PERMITTED)]}
        narrower = {**document, "permission": [more, *document["permission"][1:]]}
        barred = {
            **document,
            "prohibition": [*document["prohibition"], pairs.rule(rng, pairs.EVERYWHERE, permits=False)],
        }
        for changed in (narrower, barred):
            assert implied(parse(changed), parse(document)).holds, seed
