"""Profiles that an operator registers: read strictly, known by whole IRIs, taken back without a trace."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.compile import compile_policy
from policy.decide import decide
from policy.errors import PolicyError
from policy.parse import parse
from policy.request import Request
from policy.vocabulary import registered
from policy.vocabulary.operands import BUILT_IN, OPERANDS
from policy.words.speak import explain, reason
from policy.world import World
from tests.every import every

NAMESPACE = "https://water.example/ns#"
BASIN, DEPTH = NAMESPACE + "Basin", NAMESPACE + "Depth"
WATER = {
    "profile": "https://water.example/ns",
    "prefix": "water",
    "operands": [
        {
            "name": BASIN,
            "type": "term",
            "operators": ["eq", "isAnyOf"],
            "source": "said",
            "words": {"en": "river basin", "zh": "流域"},
        },
        {
            "name": DEPTH,
            "type": "number",
            "operators": ["lteq"],
            "source": "said",
            "words": {"en": "depth", "zh": "深度"},
        },
    ],
}
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def water():
    """Return the profile, registered for one test."""
    profile = registered.read(WATER)
    registered.add(profile)
    yield profile
    registered.remove(profile.iri)


def rules(left=BASIN, operator="eq", right="pearl", **more):
    constraint = {"leftOperand": left, "operator": operator, "rightOperand": right}
    return {"target": "urn:levels", "permission": [{"action": "use", "constraint": [constraint]}], **more}


def decided(document, **said):
    context = {NAMESPACE + name: value for name, value in said.items()}
    return decide(compile_policy(parse(document)), Request("did:x:y", "use", "urn:levels", context), World(now=NOW))


def refusal(document):
    with pytest.raises(PolicyError) as caught:
        registered.read(document)
    return caught.value.code, caught.value.path


def changed(*path, to):
    document = copy.deepcopy(WATER)
    at = document
    for step in path[:-1]:
        at = at[step]
    if to is None:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return document


@pytest.mark.usefixtures("water")
def test_a_registered_operand_is_read_said_and_decided():
    policy = rules(profile=WATER["profile"])
    assert decided(policy, Basin="pearl").outcome == "allow"
    refused = decided(policy, Basin="amur")
    assert refused.outcome == "deny"
    assert decided(policy).outcome == "deny"
    assert "the river basin is exactly pearl" in explain(parse(policy))[1]
    assert "流域恰为 pearl" in explain(parse(policy), "zh")[1]
    assert "river basin" in reason(refused.reasons[0])


@pytest.mark.usefixtures("water")
def test_a_number_is_compared_as_a_number():
    assert decided(rules(DEPTH, "lteq", 10), Depth="9.5").outcome == "allow"
    assert decided(rules(DEPTH, "lteq", 10), Depth="10.5").outcome == "deny"
    with pytest.raises(PolicyError, match="does not fit"):
        parse(rules(DEPTH, "gt", 10))
    with pytest.raises(PolicyError):
        parse(rules(DEPTH, "lteq", "deep"))


def test_an_unknown_profile_is_refused_with_the_command_that_registers_it():
    with pytest.raises(PolicyError) as caught:
        parse(rules(profile=WATER["profile"]))
    assert caught.value.code == "unknown-profile"
    assert registered.COMMAND in caught.value.hint
    with pytest.raises(PolicyError) as caught:
        parse(rules())
    assert caught.value.code == "unknown-term"
    assert registered.COMMAND in caught.value.hint


@pytest.mark.usefixtures("water")
def test_a_prefix_means_nothing_in_a_policy_that_does_not_say_what_it_is():
    with pytest.raises(PolicyError, match="unknown left operand"):
        parse(rules("water:Basin"))
    context = ["http://www.w3.org/ns/odrl.jsonld", {"water": NAMESPACE}]
    assert decided(rules("water:Basin", **{"@context": context}), Basin="pearl").outcome == "allow"
    assert registered.written_out("water:Basin") == BASIN
    assert registered.written_out("water:Other") == "water:Other"


def test_what_is_taken_back_leaves_nothing(water):
    parse(rules())
    registered.remove(water.iri)
    assert OPERANDS.keys() == BUILT_IN
    with pytest.raises(PolicyError):
        parse(rules())
    with pytest.raises(KeyError):
        _ = registered.REGISTERED.words["en"][BASIN]
    again = changed("operands", 0, to={**WATER["operands"][1], "name": BASIN, "operators": ["lteq"]})
    registered.add(registered.read(again))
    assert decided(rules(BASIN, "lteq", 3), Basin="2").outcome == "allow"


def test_its_document_is_read_as_itself():
    profile = registered.read(WATER)
    assert registered.read(profile.json()) == profile


REFUSED = {
    "no object": ([], "bad-type", ""),
    "no profile": (changed("profile", to=None), "missing", ""),
    "ODRL's own": (changed("profile", to="http://www.w3.org/ns/odrl/2/"), "duplicate", "/profile"),
    "ours": (changed("profile", to="https://w3id.org/penstock/ns/profile"), "duplicate", "/profile"),
    "no IRI": (changed("profile", to="water"), "bad-value", "/profile"),
    "a name that a prefix changes": (changed("profile", to="odrl:water"), "bad-value", "/profile"),
    "a prefix of ours": (changed("prefix", to="cx-policy"), "duplicate", "/prefix"),
    "a scheme": (changed("prefix", to="urn"), "duplicate", "/prefix"),
    "a prefix with a colon": (changed("prefix", to="a:b"), "bad-value", "/prefix"),
    "no operands": (changed("operands", to=[]), "too-large", "/operands"),
    "too many": (
        changed("operands", to=[WATER["operands"][0]] * (registered.MAX_OPERANDS + 1)),
        "too-large",
        "/operands",
    ),
    "ODRL's operand": (
        changed("operands", 0, "name", to="http://www.w3.org/ns/odrl/2/count"),
        "duplicate",
        "/operands/0/name",
    ),
    "our operand": (
        changed("operands", 0, "name", to="https://w3id.org/penstock/ns/profile#query"),
        "duplicate",
        "/operands/0/name",
    ),
    "another name of ours": (
        changed("operands", 0, "name", to="http://www.w3.org/2006/vcard/ns#hasGeo"),
        "duplicate",
        "/operands/0/name",
    ),
    "Catena-X's": (
        changed("operands", 0, "name", to="https://w3id.org/catenax/2025/9/policy/Membership"),
        "duplicate",
        "/operands/0/name",
    ),
    "Catena-X's of before": (
        changed("operands", 0, "name", to="https://w3id.org/catenax/policy/Membership"),
        "duplicate",
        "/operands/0/name",
    ),
    "a bare name": (changed("operands", 0, "name", to="Basin"), "bad-value", "/operands/0/name"),
    "twice": (changed("operands", 1, "name", to=BASIN), "duplicate", "/operands/1/name"),
    "the same word": (changed("operands", 1, "name", to="urn:x:Basin"), "duplicate", "/operands/1/name"),
    "another type": (changed("operands", 0, "type", to="region"), "unknown-term", "/operands/0/type"),
    "another source": (changed("operands", 0, "source", to="clock"), "unsupported", "/operands/0/source"),
    "an operator of numbers": (
        changed("operands", 0, "operators", to=["lt"]),
        "unsupported",
        "/operands/0/operators/0",
    ),
    "no operator": (changed("operands", 0, "operators", to=[]), "missing", "/operands/0"),
    "no Chinese": (changed("operands", 0, "words", to={"en": "basin"}), "missing", "/operands/0/words"),
    "a line in a word": (
        changed("operands", 0, "words", "en", to="a\nb"),
        "bad-value",
        "/operands/0/words/en",
    ),
    "another key": (changed("operands", 0, "state", to="x"), "unknown-term", "/operands/0/state"),
    "actions": (WATER | {"actions": []}, "unknown-term", "/actions"),
}


@every("name", lambda: REFUSED)
def test_a_profile_that_could_change_what_is_known_is_refused_by_name(name):
    document, *said = REFUSED[name]
    assert refusal(document) == tuple(said)
    assert not registered.REGISTERED.profiles


@pytest.mark.usefixtures("water")
def test_two_profiles_do_not_share_an_operand_a_prefix_or_a_name():
    other = {**WATER, "profile": "https://sea.example/ns"}
    registered.add(registered.read(WATER))  # the same again is there until it is taken back as often
    registered.remove(WATER["profile"])
    for document, where in (
        ({**other}, "/prefix"),
        ({**other, "prefix": "sea"}, "/operands"),
        ({**WATER, "operands": WATER["operands"][:1]}, "/profile"),
    ):
        with pytest.raises(PolicyError) as caught:
            registered.add(registered.read(document))
        assert (caught.value.code, caught.value.path) == ("duplicate", where)
    assert list(registered.REGISTERED.profiles) == [WATER["profile"]]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*WATER, *WATER["operands"][0], "en"]), inner)
    ),
    max_leaves=12,
)


@given(JSON, st.sampled_from([*WATER]))
def test_whatever_is_given_is_read_or_refused(value, key):
    for document in (value, WATER | {key: value}, changed("operands", 0, to=value or {})):
        try:
            registered.read(document)
        except PolicyError as refused:
            assert str(refused)  # noqa: PT017 (either is right)


def test_a_name_of_edc_without_a_context_is_that_of_a_registered_profile():
    space = "https://w3id.org/edc/v0.0.1/ns/"
    policy = rules("location", "eq", "eu", **{"@context": {"@vocab": space}})
    with pytest.raises(PolicyError, match="unknown left operand"):
        parse(policy)
    row = {**WATER["operands"][0], "name": space + "location"}
    registered.add(registered.read({"profile": space, "prefix": "edc", "operands": [row]}))
    try:
        [constraint] = parse(policy).permissions[0].constraints
        assert constraint.left == space + "location"
    finally:
        registered.remove(space)


def test_the_profile_of_the_page_can_be_registered():
    page = (Path(__file__).resolve().parents[2] / "docs" / "policy.md").read_text(encoding="utf-8")
    [block] = re.findall(r"```json\n(\{\s*\"profile\": \"https://water.*?)```", page, re.DOTALL)
    profile = registered.read(json.loads(block))
    assert profile.json() == json.loads(block)


def test_words_are_text_wherever_they_are_said():
    hostile = "{0} {right} <b> %s"
    profile = registered.read(changed("operands", 0, "words", to={"en": hostile, "zh": hostile}))
    registered.add(profile)
    try:
        for lang in ("en", "zh"):
            assert hostile in explain(parse(rules()), lang)[1]
            [refused] = decided(rules(), Basin="amur").reasons
            assert hostile in reason(refused, lang)
    finally:
        registered.remove(profile.iri)
