"""A policy under headings loses nothing: each rule and condition of it stands under one of them, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.errors import PolicyError
from policy.examples import EXAMPLES, example
from policy.model import Constraint
from policy.offer import offer_rules
from policy.parse import parse
from policy.words.headings import APART, HEADINGS, headed
from policy.words.speak import LANGUAGES, phrase
from tests.every import every

UNTIL = datetime(2027, 6, 30, tzinfo=UTC)


def of(**more):
    return parse({"@type": "Set", "target": "tides", **more})


def offered(**more):
    return of(**offer_rules(purpose="Research", until=UNTIL, region="US", openings=20, **more))


def test_the_usual_offer_is_read_at_a_look():
    told = headed(offered(price=("5.00", "CNY")))
    assert told["may"] == [
        "use the data, provided that the purpose is research or a kind of it; and it is done at most 20 times in all"
    ]
    assert told["mustNot"] == ["distribute the data", "grant others the use of the data", "hand over the data"]
    assert told["when"] == ["until 2027-06-30 00:00:00 UTC, this moment included"]
    assert told["where"] == ["in US"]
    assert len(told["must"]) == 1
    assert "payment must be made" in told["must"][0]
    assert told["besides"][-1] == "Whatever is not permitted here is refused."
    assert headed(offered(), "zh")["mustNot"] == ["分发数据", "授权他人使用数据", "转让数据"]


def test_of_several_permissions_each_keeps_its_time():
    """Under a heading of their own nobody could tell whose they are."""
    until = {"leftOperand": "dateTime", "operator": "lteq", "rightOperand": "2027-06-30T00:00:00Z"}
    told = headed(of(permission=[{"action": "read", "constraint": [until]}, {"action": "display"}]))
    assert told["when"] == []
    assert told["may"] == [
        "read the data, provided that the time is 2027-06-30T00:00:00Z at the latest",
        "display the data",
    ]


def test_what_is_somebody_s_or_of_something_else_is_said_whole():
    rules = [{"action": "read", "target": "a", "assignee": "did:web:one"}, {"action": "read", "target": "other"}]
    told = headed(parse({"@type": "Set", "permission": rules}))
    assert all(named in said for said, named in zip(told["may"], ("did:web:one", "other"), strict=True))


def test_a_forbidden_thing_keeps_its_conditions_and_what_follows():
    at = {"leftOperand": "spatial", "operator": "isPartOf", "rightOperand": "US"}
    told = headed(of(permission=[{"action": "use"}], prohibition=[{"action": "print", "constraint": [at]}]))
    assert told["mustNot"] == ["print the data when the place is in US"]
    assert told["where"] == []


@every("lang", sorted(LANGUAGES))
@every("operand", sorted(EXAMPLES))
def test_every_condition_stands_somewhere(operand, lang):
    policy = parse(example(operand)[0])
    told = headed(policy, lang)
    assert list(told) == list(HEADINGS)
    text = "\n".join(one for said in told.values() for one in said)
    for rule in policy.permissions:
        for one in rule.conditions:
            single = isinstance(one, Constraint) and one.left in APART
            assert phrase(one, lang) in text or (single and told[APART[one.left]]), operand
        for duty in rule.duties:
            assert phrase(duty, lang) in told["must"]


def test_an_unknown_language_is_refused():
    with pytest.raises(PolicyError, match="no words in language"):
        headed(offered(), "fr")
