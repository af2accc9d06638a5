"""Rules are put together piece by piece on a page, tried there and published; what is hostile is text."""

from __future__ import annotations

import asyncio
import html
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.console import composing
from connector.provider.rules import require_offerable
from connector.runtime.errors import InvalidInput
from policy.vocabulary import registered
from tests.console.test_publishing import FORM, MARKUP, folder  # noqa: F401
from tests.every import every
from tests.fault.extent import tried

ON_A_PAGE = pytest.mark.asyncio(loop_scope="session")

COUNT = {"add": "condition", "left": "count", "operator": "lteq", "right": "3"}
PIECES = (
    COUNT,
    {"add": "template", "template": "purpose", "value": "Research"},
    {"add": "condition", "left": "spatial", "operator": "isAnyOf", "right": "CN, US"},
    {"add": "duty", "duty": "delete", "after": "P30D"},
    {"add": "duty", "duty": "inform"},
    {"add": "forbid", "action": "grantUse"},
    {"add": "template", "template": "not-passed-on", "value": ""},
)


def composed(numbers):
    rules = composing.START
    for number in numbers:
        rules = composing.added(rules, PIECES[number])
    return rules


@settings(max_examples=tried(100))
@given(st.lists(st.integers(0, len(PIECES) - 1), max_size=6), st.randoms())
def test_whatever_is_put_together_can_be_offered_and_taken_apart(numbers, drawn):
    rules = composed(numbers)
    assert composing.read(json.dumps(rules)) == rules
    require_offerable(rules, {"tier": "kept"})
    shown = composing.pieces(rules, "kept")
    assert [one["number"] for one in shown] == list(range(1, len(shown) + 1))
    while shown:
        gone = drawn.choice(shown)
        rules = composing.dropped(rules, str(gone["number"]))
        left = [one["words"] for one in shown if one is not gone]
        shown = composing.pieces(rules, "kept")
        assert [one["words"] for one in shown] == left
    assert rules == composing.START


WRONG = {
    "no JSON": "{",
    "a list": "[]",
    "too long": json.dumps({"permission": [{"action": "use"}], "conflict": "x" * composing.CHARACTERS_MAX}),
    "two permissions": json.dumps({"permission": [{"action": "use"}, {"action": "read"}]}),
    "a name": json.dumps({"permission": [{"action": "use"}], "assigner": "did:web:x"}),
    "an unknown word": json.dumps({"permission": [{"action": "juggle"}]}),
}


@every("name", WRONG)
def test_rules_of_a_stranger_are_read_strictly(name):
    with pytest.raises(composing.FAULTS):
        composing.read(WRONG[name])


@every("said", ({"add": "x"}, {"add": "duty", "duty": "anonymize"}, {**COUNT, "right": ""}))
def test_what_nobody_can_add_is_refused(said):
    with pytest.raises(InvalidInput):
        composing.added(composing.START, said)


def said(page):
    return json.loads(page.text)


async def step(visitor, before, **more):
    asked = {"rules": before["text"], "tier": before["tier"], **more}
    return said(await visitor.open("rules.json", params=asked))


@ON_A_PAGE
async def test_they_are_put_together_tried_and_published(connector, enter, folder):  # noqa: F811
    visitor = await enter("composer", ("provider",))
    told = said(await visitor.open("rules.json"))
    assert told["pieces"] == []
    for piece in PIECES[:4]:
        told = await step(visitor, told, **piece)
        assert told["failure"] is None, told["failure"]
    assert [one["how"]["en"] for one in told["pieces"]] == ["watched", "promised", "watched", "watched"]
    again = await step(visitor, told, add="condition", left="count", operator="lteq", right="many")
    assert "many" in again["failure"]["text"]
    assert again["text"] == told["text"], "they stay as they were"
    asked = {"purpose": "https://w3id.org/penstock/purpose#Research", "region": "CN-44"}
    for more, outcome in (({}, "allow"), ({"used": "3"}, "deny"), ({"region": "DE"}, "deny"), ({"at": "soon"}, "")):
        found = await step(visitor, told, **{"try": "yes", **asked, **more})
        assert found["tried"]["outcome"] == outcome, found["tried"]
        assert found["tried"]["why"]["zh"]
    told = await step(visitor, told, drop="4")
    assert len(told["pieces"]) == 3
    page = await visitor.open("rules", params={"rules": told["text"], "lang": "zh"})
    assert "组合使用规则" in page.text
    params = [("files", str(folder / "stations.csv")), *FORM.items(), ("rules", told["text"]), ("lang", "en")]
    seen = await visitor.open("publish", params=params)
    assert "Publish it" in seen.text
    action = next(form for form in seen.forms if form[0] == "post" and form[1].endswith("/publish"))
    async with visitor.session.post(f"{visitor.prefix}/publish", data=action[2]) as answer:
        assert answer.status == 200, await answer.text()
        where = str(answer.url)
    async with asyncio.timeout(60):
        while said(await visitor.open(where + ".json"))["state"] not in ("submitted", "failed"):
            await asyncio.sleep(0.2)
    row = await connector.store.read(lambda tx: tx.get("products", id=where.rsplit("/", 1)[-1]))
    assert row["policy"] == json.loads(told["text"])


@ON_A_PAGE
async def test_what_is_hostile_is_text(enter):
    visitor = await enter("composer", ("provider",))
    for name in ("rules", "add", "left", "right", "region", "drop", "template", "tier"):
        fields = {**COUNT, "try": "yes", name: MARKUP}
        page = await visitor.open("rules", params=fields)
        assert page.status == 200, name
        assert "<script>alert" not in page.text
        assert "<img" not in page.text
    assert html.escape("<")


def test_an_operand_of_a_registered_profile_is_offered_as_a_piece():
    name = "https://water.example/ns#Basin"
    row = {"name": name, "type": "term", "operators": ["eq"], "source": "said", "words": {"en": "basin", "zh": "流域"}}
    profile = registered.read({"profile": "https://water.example/ns", "prefix": "water", "operands": [row]})
    assert name not in {one["key"] for one in composing.choices()["operands"]}
    registered.add(profile)
    try:
        piece = {"key": name, "en": "basin", "zh": "流域", "operators": ["eq"]}
        assert piece in composing.choices()["operands"]
        rules = composing.added(composing.START, {"add": "condition", "left": name, "operator": "eq", "right": "pearl"})
        require_offerable(rules, {"tier": "kept"})
        [shown] = composing.pieces(rules, "kept")
        assert shown["words"]["en"] == "the basin is exactly pearl"
        assert "promise" in shown["how"]["en"]
    finally:
        registered.remove(profile.iri)
