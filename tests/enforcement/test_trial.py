"""A policy tried on samples is decided as a connector decides it, and how far each rule is kept is said as it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connector.console.describing import kept
from connector.enforcement.keeping import DUTIES
from connector.enforcement.supply import Kept
from connector.enforcement.trial import Sample, tried
from connector.licence.duties import PERFORMERS, TRANSFORM
from policy.errors import PolicyError
from policy.purposes import resolve
from tests.every import every

NOW = datetime(2026, 11, 20, 4, tzinfo=UTC)  # noon in Shanghai, a Friday
RESEARCH, MARKETING = resolve("Research"), resolve("Marketing")


def atom(left, operator, right, **more):
    return {"leftOperand": left, "operator": operator, "rightOperand": right, **more}


def only(*constraints, **more):
    return {"permission": [{"action": "use", "constraint": list(constraints), **more}]}


PAY = {"action": "compensate", "constraint": [atom("payAmount", "eq", "1.00", unit="CNY")]}
TRIED = {
    "nothing is asked": (only(), {}, "allow"),
    "another action": (only(), {"action": "sell"}, "default-deny"),
    "the purpose": (only(atom("purpose", "isA", "Research")), {"purpose": RESEARCH}, "allow"),
    "another purpose": (only(atom("purpose", "isA", "Research")), {"purpose": MARKETING}, "deny"),
    "no purpose": (only(atom("purpose", "isA", "Research")), {}, "deny"),
    "the region": (only(atom("spatial", "isPartOf", "CN-44")), {"region": "440300"}, "allow"),
    "another region": (only(atom("spatial", "isPartOf", "CN-44")), {"region": "US-NY"}, "deny"),
    "the buyer": (only(atom("recipient", "eq", "did:web:a.example")), {"by": "did:web:a.example"}, "allow"),
    "another buyer": (only(atom("recipient", "eq", "did:web:a.example")), {}, "deny"),
    "the last use": (only(atom("count", "lteq", "3")), {"used": 2}, "allow"),
    "one too many": (only(atom("count", "lteq", "3")), {"used": 3}, "deny"),
    "the hours": (only(atom("timeWindow", "isPartOf", "Mo-Fr 09:00-17:00 Asia/Shanghai")), {}, "allow"),
    "so much": (only(atom("absoluteSize", "lteq", "10", unit="byte")), {"size": 10}, "allow"),
    "more": (only(atom("absoluteSize", "lteq", "10", unit="byte")), {"size": 11}, "deny"),
    "sealed": (only(atom("encryptMode", "eq", "ciphertext")), {"tier": "kept"}, "allow"),
    "in plain": (only(atom("encryptMode", "eq", "ciphertext")), {"tier": "plain"}, "deny"),
    "what is said": (only(atom("application", "eq", "sheet")), {"said": {"application": "sheet"}}, "allow"),
    "what is not": (only(atom("application", "eq", "sheet")), {}, "deny"),
    "what is measured is not said": (only(atom("count", "lteq", "0")), {"said": {"count": "0"}}, "deny"),
    "a release pays": (only(duty=[PAY]), {}, "allow"),
}


@every("name", TRIED)
def test_a_sample_is_decided(name):
    policy, sample, outcome = TRIED[name]
    assert tried(policy, Sample(NOW, **sample)).outcome.value == outcome


def test_whoever_it_names_it_is_tried_on_the_sample():
    named = {
        "@type": "Agreement",
        "assignee": "did:web:x.example",
        "assigner": "did:web:y.example",
        "target": "urn:x:1",
    }
    assert tried(named | only(), Sample(NOW)).outcome.value == "allow"
    with pytest.raises(PolicyError):
        tried(only(atom("mood", "eq", "good")), Sample(NOW))


KEPT = {
    "leased": ["technique", "promised", "technique", "watched", "technique", "promised"],
    "kept": ["watched", "promised", "technique", "watched", "technique", "promised"],
    "plain": ["promised", "promised", "technique", "watched", "technique", "promised"],
}


@every("tier", KEPT)
def test_each_rule_is_kept_as_far_as_its_weakest_part(tier):
    duties = [{"action": "inform"}, {"action": "delete", "constraint": [atom("delayPeriod", "lteq", "P1D")]}]
    mixed = {"or": [atom("count", "lteq", "9"), atom("application", "eq", "sheet")]}
    policy = only(atom("count", "lteq", "3"), mixed, duty=duties) | {
        "prohibition": [{"action": "grantUse"}, {"action": "distribute"}],
        "conflict": "prohibit",
    }
    found = kept(policy, "p", tier)
    assert [one["kept"] for one in found] == KEPT[tier]
    assert all(one["words"]["en"] and one["words"]["zh"] and one["how"]["zh"] for one in found)


def test_every_duty_that_is_done_here_says_how_far():
    assert DUTIES.keys() == {action for action, one in PERFORMERS.items() if one.step != TRANSFORM}
    assert set(DUTIES.values()) <= set(Kept)
