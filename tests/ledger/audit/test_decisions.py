"""A decision made again: from the agreed policy and what was asked, none of it believed that others know better."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from types import SimpleNamespace

import pytest

from contracts.canonical import canonical, sha
from ledger.audit import decisions
from ledger.audit.decisions import DECIDED
from ledger.audit.report import Report
from policy.compile import compile_policy
from policy.decide import decide
from policy.parse import parse
from policy.request import Request
from policy.world import World
from tests.every import every
from tests.ledger.audit.values import AT, book, codes, event, members
from tests.ledger.audit.world import POLICY

SPACE, BY_ROLE = members()
PROVIDER, BUYER = BY_ROLE["provider"], BY_ROLE["buyer"]
FACTS = {"language": "zh", "dataField": ("day", "delay")}
DEAL = SimpleNamespace(
    terms=SimpleNamespace(product="urn:product:1", policy=POLICY, tier="kept", facts=FACTS), buyer=BUYER.did
)
AGREED = {"@type": "Agreement", "target": "urn:product:1", "assignee": BUYER.did, **POLICY}
NEAR, ASIDE = timedelta(minutes=15), timedelta(minutes=15, seconds=1)
TRUE = {"recipient": BUYER.did, "spatial": BUYER.region}


def made(at=AT, context=TRUE, target="urn:product:1", assignee=BUYER.did, now=AT, **changes):
    """Return a decision as its log tells it; `changes` are made to what is disclosed after it was decided."""
    request, world = Request(assignee, "use", target, context), World(now)
    asked = {"scope": "order", "policy": sha256(canonical(AGREED)).hexdigest()}
    asked |= {"request": request.as_json(), "world": world.as_json()} | changes.pop("asked", {})
    told = decide(compile_policy(parse(AGREED)), request, world).as_json()
    fields = {"asked": asked, "outcome": told["outcome"], "place": "release"}
    fields["decisionDigest"] = sha({**asked, "decision": told}).hex()
    return event(DECIDED, "a", "00", did=PROVIDER.did, time=at, **{**fields, **changes})


def checked(*events, space=SPACE, deal=DEAL):
    report = Report()
    decisions.check(space, {PROVIDER.did: book(PROVIDER, *events)}, {"a": deal}, report)
    return report


def test_what_is_decided_alike_again_is_counted_and_clean():
    report = checked(made(), made())
    assert (report.findings, report.decisions_replayed) == ([], 2)


@pytest.mark.parametrize("changes", [{"outcome": "deny"}, {"decisionDigest": "00" * 32}])
def test_another_outcome_or_another_digest_was_not_reproduced(changes):
    report = checked(made(**changes))
    assert codes(report) == [("decision-not-reproduced", PROVIDER.did)]
    assert report.findings[0].facts["theirs"] == made().fields["outcome"]
    assert report.decisions_replayed == 1


def test_a_decision_by_another_policy_is_not_made_again():
    report = checked(made(asked={"policy": "00" * 32}, outcome="deny"))
    assert (codes(report), report.decisions_replayed) == ([("decision-of-another-policy", PROVIDER.did)], 0)


@pytest.mark.parametrize("place", sorted(decisions.AT_USE))
def test_a_use_is_decided_by_the_whole_policy(place):
    report = checked(made(asked={"scope": "catalog"}, place=place, outcome="deny"))
    assert codes(report) == [("decision-too-narrow", PROVIDER.did)]
    assert report.findings[0].facts["scope"] == "catalog"


def test_elsewhere_a_narrower_question_is_nobodys_fault_and_is_not_made_again():
    report = checked(made(asked={"scope": "catalog"}, place="catalog", outcome="deny"))
    assert (report.findings, report.decisions_replayed) == ([], 0)


def test_what_does_not_tell_its_question_is_counted_once_a_log():
    report = checked(made(asked={}), *(event(DECIDED, "a", "00", outcome="allow") for _ in range(3)))
    assert codes(report) == [("decisions-untold", PROVIDER.did)]
    assert report.findings[0].facts["count"] == "3"


def test_a_question_that_is_no_document_is_malformed():
    report = checked(event(DECIDED, "a", "00", did=PROVIDER.did, outcome="allow", place="release", asked="all"))
    assert codes(report) == [("field-malformed", PROVIDER.did)]


def test_what_was_decided_under_no_verified_agreement_is_passed_by():
    strange = event(DECIDED, "b", "00", did=PROVIDER.did, outcome="allow")
    assert checked(strange, made()).findings == []


@every(
    ("changes", "field"),
    [
        ({"context": {**TRUE, "recipient": PROVIDER.did}}, "recipient"),
        ({"context": {**TRUE, "spatial": "CN"}}, "spatial"),
        ({"target": "urn:product:2"}, "target"),
        ({"assignee": PROVIDER.did}, "assignee"),
        ({"context": {**TRUE, "language": "en"}}, "language"),
        ({"context": {**TRUE, "dataField": ["day"]}}, "dataField"),
        ({"context": {**TRUE, "virtualLocation": BUYER.did}}, "virtualLocation"),
        ({"now": AT + ASIDE}, "now"),
        ({"now": AT - ASIDE}, "now"),
    ],
)
def test_what_space_agreement_or_entry_say_otherwise_misinformed_it(changes, field):
    report = checked(made(**changes))
    found = [one.facts["field"] for one in report.findings if one.code == "decision-misinformed"]
    assert found == [field]


SIGNED = {**TRUE, "language": "zh", "dataField": ["day", "delay"], "virtualLocation": SPACE.exchange}


@pytest.mark.parametrize("changes", [{"context": {}}, {"context": SIGNED}, {"now": AT + NEAR}, {"now": AT - NEAR}])
def test_what_is_left_open_and_a_clock_a_little_aside_are_no_fault(changes):
    assert checked(made(**changes)).findings == []


def test_a_buyer_who_is_gone_has_no_place():
    gone = replace(SPACE, members={did: one for did, one in SPACE.members.items() if did != BUYER.did})
    assert [one.facts["field"] for one in checked(made(), space=gone).findings] == ["spatial"]
