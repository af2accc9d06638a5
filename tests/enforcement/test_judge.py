"""The judge: what it knows of who asks, which duties a release fulfils, and that its rules are found by their terms."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.enforcement import judge as judges
from connector.enforcement.judge import Judge
from connector.enforcement.membership import Membership
from connector.enforcement.rules import in_force
from connector.runtime.clock import PolicyClock
from policy.request import Request
from tests.channel.rig import LEASED, START

PRODUCT, BUYER = LEASED.product, "did:web:buyer.example"
MEMBER = SimpleNamespace(region="CN-SH", did=BUYER)
PAY, TELL = {"action": "compensate", "uid": "urn:pay"}, {"action": "inform", "uid": "urn:tell"}
LATER = {"action": "compensate", "uid": "urn:later", "constraint": [
    {"leftOperand": "elapsedTime", "operator": "lteq", "rightOperand": "P1D"}]}  # fmt: skip


def judge(*more, members=(), block_time=None, **named):
    space = SimpleNamespace(members={member.did: member for member in members})
    clock = PolicyClock(SimpleNamespace(now=lambda: START))
    return Judge(lambda: space, clock, lambda: block_time, *more, **named)


def world_of(one, document, stage, context=None):
    request = one.request(BUYER, PRODUCT, "use", context or {})
    ruling = one.ruling(in_force(document, PRODUCT, BUYER), request, stage=stage, taken={}, now=START)
    return ruling.document["world"]


def test_what_the_space_knows_of_who_asks_goes_before_what_it_says_and_only_what_is_asked_for_is_taken():
    said = {"purpose": "x", "absoluteSize": "7", "spatial": "FR", "recipient": "did:web:else", "seat": "3"}
    assert judge().request(BUYER, PRODUCT, "read", said) == Request(
        BUYER, "read", PRODUCT, {"purpose": "x", "absoluteSize": "7"}
    )
    known = judge(members=[MEMBER]).request(BUYER, PRODUCT, "read", said)
    assert known.context == {"purpose": "x", "absoluteSize": "7", "spatial": "CN-SH", "recipient": BUYER}


@pytest.mark.parametrize(("promised", "fulfilled"), [((), {"urn:pay"}), (("inform",), {"urn:tell"}), (("use",), set())])
def test_a_release_fulfils_the_duties_that_it_promises_and_an_offer_none(promised, fulfilled):
    one = judge(*([frozenset(promised)] if promised else []))
    document = {"permission": [{"action": "use", "duty": [PAY, LATER]}], "obligation": [TELL]}
    assert set(world_of(one, document, "release")["duties"]) == fulfilled
    assert set(world_of(one, document, "release")["duties"].values()) <= {"fulfilled"}
    assert world_of(one, document, "offer")["duties"] == {}


def test_a_decision_is_told_who_is_in_the_collections_that_its_policy_names():
    document = {"permission": [{"action": "use"}], "prohibition": [{"action": "download", "assignee": "urn:barred"}]}
    assert world_of(judge(), document, "offer")["partOf"] == {}
    told = world_of(judge(membership=Membership([f"urn:barred {BUYER}"])), document, "offer")["partOf"]
    assert told[BUYER] == ["urn:barred"]


def test_it_decides_at_no_time_before_the_newest_block_or_before_one_that_it_was_told():
    late = START + timedelta(hours=1)
    assert judge(block_time=late).time(START) == late
    assert judge().time(late) == late
    assert judge().time(START - timedelta(hours=1)) == START


def test_the_rules_of_signed_terms_are_found_by_their_digest_and_not_for_ever(monkeypatch):
    one, terms = judge(), replace(LEASED, policy={"permission": [{"action": "use"}]})
    found = one.agreed(b"a", terms, BUYER)
    assert found is in_force(terms.policy, PRODUCT, BUYER)
    assert one.agreed(b"a", replace(terms, policy={}), BUYER) is found, "the terms are not read again"
    assert one.agreed(b"a", terms, "did:web:other.example") is not found
    monkeypatch.setattr(judges, "COMPILED_MAX", 2)
    one.agreed(b"b", terms, BUYER)
    assert set(one._rules) == {(b"b", BUYER)}
    one.agreed(b"c", terms, BUYER)
    assert set(one._rules) == {(b"b", BUYER), (b"c", BUYER)}
    one.agreed(b"d", terms, BUYER)
    assert set(one._rules) == {(b"d", BUYER)}
