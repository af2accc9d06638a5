"""Each template makes a policy that is read, explained, and offered; what is said another way says which."""

from __future__ import annotations

import re

import pytest

from connector.provider.rules import offered
from policy.errors import PolicyError
from policy.parse import parse
from policy.templates import TEMPLATES, fill
from policy.words.speak import LANGUAGES, explain
from tests.every import every

PIECES = [name for name, row in TEMPLATES.items() if not row.instead[0]]
# 25 classes of the one list and eleven strategies of the other
LISTED = {f"IDS {number}" for number in range(1, 26)} | {f"TC609 {number}" for number in range(1, 12)}


def examples(*names):
    return {one.name: one.example for name in names for one in TEMPLATES[name].parameters}


def test_both_lists_are_there_whole():
    assert {mark for row in TEMPLATES.values() for mark in row.lists} == LISTED


@every("name", PIECES)
def test_its_example_is_a_policy_that_can_be_offered_and_read(name):
    rules = fill([name], examples(name))
    tier = "leased" if name == "metered" else "kept"
    assert offered({"tier": tier, "rules": rules}, None) == rules
    policy = parse({"@type": "Offer", "target": "urn:x:1", **rules})
    told = {lang: explain(policy, lang) for lang in LANGUAGES}
    assert told["en"] != told["zh"]
    assert all(told.values())


@every("name", lambda: [name for name in TEMPLATES if name not in PIECES])
def test_what_is_said_another_way_says_which(name):
    with pytest.raises(PolicyError) as fault:
        fill([name], {})
    assert fault.value.hint == TEMPLATES[name].instead[0]
    assert re.search("[一-鿿]", TEMPLATES[name].instead[1])


def test_all_of_them_together_are_one_permission():
    together = [name for name in PIECES if name not in ("operations", "after-event")]
    rules = fill(together, examples(*together))
    [permission] = rules["permission"]
    assert len(permission["constraint"]) == sum(len(TEMPLATES[name].limits) for name in together)
    assert len(permission["duty"]) == 3
    assert rules["conflict"] == "prohibit"


def test_several_values_stand_between_commas():
    rules = fill(["buyers"], {"buyers": "did:web:a.example, did:web:b.example"})
    assert rules["permission"][0]["constraint"][0]["rightOperand"] == ["did:web:a.example", "did:web:b.example"]


REFUSED = {
    "no such template": (["nothing"], {}, "there is no template `nothing`"),
    "nothing said": (["uses"], {}, "`times` is not said"),
    "an empty value": (["uses"], {"times": " "}, "`times` is a number"),
    "one that is not asked for": (["uses"], {"times": "3", "colour": "red"}, "no `colour` is filled in"),
    "no number": (["uses"], {"times": "often"}, "often"),
    "no duration": (["duration"], {"duration": "a month"}, "a month"),
    "no instant": (["until"], {"until": "2030-01-01"}, "2030-01-01"),
    "a gap in a list": (["buyers"], {"buyers": "did:web:a,,did:web:b"}, "`buyers` is their DIDs"),
}


@every("name", REFUSED)
def test_it_is_refused_with_what_to_write(name):
    names, values, words = REFUSED[name]
    with pytest.raises(PolicyError) as fault:
        fill(names, values)
    assert words in str(fault.value)
    assert fault.value.hint
