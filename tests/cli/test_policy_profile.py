"""`penstock policy … --profile FILE`: policies under a profile of others, looked at without a server."""

from __future__ import annotations

import json

import pytest

from policy.vocabulary import registered

NAMESPACE = "https://water.example/ns#"
BASIN = NAMESPACE + "Basin"
WATER = {
    "profile": "https://water.example/ns",
    "prefix": "water",
    "operands": [
        {"name": BASIN, "type": "term", "operators": ["eq"], "source": "said", "words": {"en": "basin", "zh": "流域"}}
    ],
}
CONSTRAINT = {"leftOperand": BASIN, "operator": "eq", "rightOperand": "pearl"}
POLICY = {
    "@type": "Set",
    "assigner": "did:web:provider.example",
    "target": "urn:levels",
    "profile": "https://water.example/ns",
    "permission": [{"action": "use", "constraint": [CONSTRAINT]}],
}


@pytest.fixture
def files(tmp_path):
    names = {"policy": POLICY, "water": WATER}
    names["request"] = {"assignee": "did:x:y", "action": "use", "target": "urn:levels", "context": {BASIN: "pearl"}}
    names["world"] = {"now": "2026-06-01T00:00:00Z"}
    for name, value in names.items():
        (tmp_path / name).write_text(json.dumps(value))
    return {name: str(tmp_path / name) for name in names}


def test_each_verb_knows_the_profile_that_it_is_given_and_forgets_it(penstock, files):
    policy, water = files["policy"], files["water"]
    tried = ("policy", "try", policy, "--say", "water:Basin=pearl")
    decided = ("policy", "decide", "--policy", policy, "--request", files["request"], "--world", files["world"])
    verbs = {
        "explain": (("policy", "explain", policy, "--lang", "zh"), "流域恰为 pearl"),
        "try": (tried, "allow"),
        "decide": (decided, "allow"),
        "check": (("policy", "check", policy), "a valid Set"),
        "compare": (("policy", "compare", policy, policy), "equivalent"),
        "diff": (("policy", "diff", policy, policy), ""),
        "translate": (("policy", "translate", "--to", "tc609", policy), BASIN),
    }
    for verb, (words, told) in verbs.items():
        refused = penstock(*words)
        assert refused.code == 2, verb
        said = penstock(*words, "--profile", water)
        assert said.code == 0, (verb, said)
        assert told in said.out, verb
        assert not registered.REGISTERED.profiles, verb
    assert "penstock policy profile add FILE" in penstock(*tried).err


def test_another_word_is_refused_in_the_profile_s_own_words(penstock, files):
    said = penstock("policy", "try", files["policy"], "--say", "water:Basin=amur", "--profile", files["water"])
    assert said.code == 3
    assert "basin" in said.out


def test_a_file_that_is_no_profile_is_named(penstock, files):
    for lang in ("en", "zh"):
        said = penstock("policy", "explain", files["policy"], "--profile", files["world"], "--lang", lang, "--json")
        assert said.code == 2
        assert "`world`" in said.json["text"]
