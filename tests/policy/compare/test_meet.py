"""The nearest policy within a template: what comes out lies in both, and says no more than it must."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from policy.calendar import duration
from policy.compare.compare import Relation, compare, implied
from policy.compare.document import write
from policy.compare.meet import nearest
from policy.offer import offer_rules
from policy.parse import parse
from tests.policy.compare import pairs
from tests.policy.compare.test_compare import RESEARCH, TRANSPORT, atom, pay, permits, policy, rent

PAIRS = 30


def test_what_is_written_reads_as_the_same_policy():
    for seed in range(PAIRS):
        for document in pairs.pair(random.Random(seed)):
            read = parse(document)
            again = parse(write(read))
            assert compare(read, again).relation is Relation.EQUIVALENT, seed
            assert write(again) == write(read), seed


def test_a_written_policy_keeps_its_ids_and_everything_a_duty_says():
    consequence = {"action": "compensate", "constraint": [atom("payAmount eq 9", "EUR")], "compensatedParty": "urn:p"}
    late = {"uid": "d", "action": "delete", "constraint": [atom("delayPeriod lteq P1M")], "consequence": [consequence]}
    rule = permits("count lteq 3", uid="r", duty=[late], target="urn:t", assignee=["urn:a", "urn:b"])
    narrowed = {"action": {"value": "print", "refinement": [atom("resolution lteq 300", "dpi")]}}
    read = policy(
        rule,
        narrowed,
        permits("version eq 1", duty=[rent(5, "P1M")]),
        **{"@id": "urn:policy", "prohibition": [{"action": "sell", "remedy": [pay("eq", 1)]}]},
    )
    again = parse(write(read))
    assert again.permissions[0].id == "r"
    assert again.permissions[0].duties[0].id == "d"
    assert again.permissions[0].duties[0].mode == read.permissions[0].duties[0].mode
    assert again.permissions[0].duties[0].consequences[0].parties == (("compensatedParty", "urn:p"),)
    assert again.permissions[2].duties[0].terms[0].every == duration("P1M")
    assert compare(read, again).relation is Relation.EQUIVALENT


def test_the_nearest_policy_lies_in_the_template_and_in_the_offer():
    for seed in range(PAIRS):
        offer, template = (parse(document) for document in pairs.pair(random.Random(seed)))
        found = nearest(offer, template)
        if found is not None:
            met = parse(found)
            assert compare(met, template).relation in {Relation.EQUIVALENT, Relation.A_IMPLIES_B}, seed
            assert implied(without_duties(met), without_duties(offer)).holds, seed
        if implied(offer, template).holds:
            assert found == write(offer), seed


def without_duties(read):
    """Duties are the template's to ask; what is permitted must be the offer's."""
    return replace(read, permissions=tuple(replace(rule, duties=()) for rule in read.permissions), obligations=())


def test_the_template_says_the_price():
    met = nearest(policy(permits("count lteq 5", duty=[pay("eq", 5)])), policy(permits(duty=[pay("eq", 7)])))
    assert [duty["constraint"][0]["rightOperand"] for duty in met["permission"][0]["duty"]] == ["7"]


def test_the_nearest_policy_keeps_the_stricter_of_two_and_drops_what_is_said_twice():
    offer = policy(permits("purpose isA " + RESEARCH, "count lteq 10", duty=[pay("gteq", 5)]))
    template = policy(
        permits("purpose isA " + TRANSPORT, "count lteq 20", "spatial isPartOf CN", duty=[pay("gteq", 7)])
    )
    met = parse(nearest(offer, template))
    (rule,) = met.permissions
    assert [(one.left, one.operator, one.right) for one in rule.constraints] == [
        ("count", "lteq", (10,)),
        ("purpose", "isA", (TRANSPORT,)),
        ("spatial", "isPartOf", ("CN",)),
    ]
    assert [duty.terms[0].right for duty in rule.duties] == [(7,)]


@pytest.mark.parametrize(
    ("offer", "template"),
    [
        (policy({"action": "sell"}), policy({"action": "read"})),
        (policy(permits(target="urn:s")), policy(permits(target="urn:t"))),
        (policy(permits("executionEnv eq tee")), policy(permits("executionEnv eq mpc"))),
        (policy({"action": "read"}), policy(permits(), prohibition=[{"action": "use"}])),
    ],
)
def test_where_nothing_is_common_there_is_no_nearest_policy(offer, template):
    assert nearest(offer, template) is None


def test_an_offer_for_more_openings_is_met_with_the_openings_there_are(until):
    template = offer_rules(purpose="TransportResearch", until=until, region="CN", openings=3, price=("5", "EUR"))
    wanted = offer_rules(purpose="Research", until=until, region="CN", openings=30, price=("5", "EUR"))
    met = parse(nearest(parse({"@type": "Offer", **wanted}), parse({"@type": "Offer", **template})))
    assert compare(met, parse({"@type": "Offer", **template})).relation is Relation.EQUIVALENT
