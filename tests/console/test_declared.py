"""Declared acts on the console: looked at first, done as by the management interface, and only by who may."""

from __future__ import annotations

import json

import pytest

from connector.client.acts import request
from connector.client.acts.table import TABLE

pytestmark = pytest.mark.asyncio(loop_scope="session")
RULES = {"grade": 3}
KEPT = {
    "id": "gauges",
    "title": "Tide <gauges>",
    "owner": "Harbour Office",
    "steward": "Li Wei",
    "classes": "topic=B0300",
}


async def looked_at(visitor, act, **fields):
    return await visitor.open(f"acts/{act}", params={"preview": "1", **fields})


async def test_an_account_is_shown_the_acts_of_its_roles(enter):
    for role in ("buyer", "exchange"):
        visitor = await enter("of-" + role, (role,))
        rows = json.loads((await visitor.open("acts.json")).text)["rows"]
        assert {row["act"] for row in rows} == {act.slug for act in TABLE if act.shown and role in act.roles.split()}


async def test_a_form_asks_for_all_that_is_needed_and_for_no_file_of_the_servers_machine():
    for act in (one for one in TABLE if one.shown):
        asked = {field.name for field in act.asks}
        assert {field.name for field in act.fields if field.needed} <= asked, act.name
        assert not act.tells or all(field.upload for field in act.asks if field.name == "file"), act.name
        assert act.tells in {"", *asked}, act.name


async def test_what_a_form_is_filled_in_with_may_be_sent_as_it_is(enter):
    """A field with a value of its own, and a box that is not ticked, say nothing that is refused."""
    visitor = await enter("filler")
    for act in (one for one in TABLE if one.shown):
        told = json.loads((await visitor.open(f"acts/{act.slug}.json")).text)["fields"]
        given = {one["name"]: one["value"] for one in told if one["value"]}
        for name, field in request.leaves(act.asks):
            if name in given:
                assert request.parsed(field, given[name]) is not None, (act.name, name)
    for value, ticked in (("", False), ("1", True)):
        form = await visitor.open("acts/agreement-call", params={"receipt": value})
        assert ('type="checkbox" name="receipt" value="1" checked' in form.text) == ticked


async def test_what_was_looked_at_is_done(connector, enter):
    visitor = await enter("keeper")
    seen = await looked_at(visitor, "resource-add", **KEPT)
    assert "Keep the data resource gauges: Tide &lt;gauges&gt;." in seen.text
    assert await connector.resources.page() == []
    done = await visitor.send(seen, "/acts/resource-add")
    assert done.url.endswith("/acts?done=resource-add")
    [kept] = await connector.resources.page()
    assert (kept["title"], kept["grade"], kept["classes"]) == ("Tide <gauges>", 2, {"topic": "B0300"})


async def test_what_can_be_rehearsed_is(connector, enter):
    visitor = await enter("ruler", ("exchange",))
    about = {"id": "health", "name": "Health data", "description": "", "rules": json.dumps(RULES)}
    before = [row["id"] for row in (await connector.spaces.page())["spaces"]]
    seen = await looked_at(visitor, "space-create", **about)
    steps = json.loads((await looked_at(visitor, "space-create.json", **about)).text)["preview"]["steps"]
    assert steps
    assert "space" in json.dumps(steps)
    assert [row["id"] for row in (await connector.spaces.page())["spaces"]] == before
    await visitor.send(seen, "/acts/space-create")
    made = await connector.spaces.show("health")
    assert {name: made["rules"][name] for name in RULES} == RULES


@pytest.mark.parametrize(
    ("act", "fields", "words"),
    [
        ("resource-add", {**KEPT, "grade": "6"}, "`grade` is at most 5"),
        ("resource-add", {**KEPT, "grade": "high"}, "`grade` must be a whole number"),
        ("resource-add", {**KEPT, "title": " "}, "`title` is empty"),
        ("space-create", {"id": "x", "name": "x", "rules": "{"}, "`rules` is no JSON"),
        ("space-create", {"id": "x", "name": "x", "rules": "[]"}, "`rules` must be an object"),
    ],
)
async def test_a_field_that_is_wrong_is_told_before_anything_is_done(enter, act, fields, words):
    visitor = await enter("careless")
    seen = await looked_at(visitor, act, **fields)
    assert seen.status == 400
    assert words in seen.text


async def test_an_amount_is_typed_as_money_and_shown_as_money_before_it_moves(enter):
    """`12.50`, `12.50 CNY` and `1250` are the same; another currency is refused while it is looked at."""
    visitor = await enter("giver")
    about = {"agreement": "3e" * 32, "reason": "March is missing", "id": "march"}
    for typed in ("12.50", "12.5 cny", "1250"):
        seen = await looked_at(visitor, "bill-refund", **about, amount=typed)
        assert seen.status == 404, "the agreement is none of ours: the amount was read"
    for typed, words in (
        ("12.50 EUR", "is in EUR"),
        ("12,50", "no amount"),
        ("0.00", "at least 1"),
        ("-1", "no amount"),
    ):
        seen = await looked_at(visitor, "bill-refund", **about, amount=typed)
        assert (seen.status, words in seen.text) == (400, True), (typed, seen.text)


async def test_what_nobody_named_is_named_once(enter):
    visitor = await enter("keeper")
    fields = {"agreement": "0a" * 32, "words": "no file of March is in it"}
    twin = json.loads((await looked_at(visitor, "complaint-file.json", **fields)).text)
    drawn = {one["name"]: one["value"] for one in twin["fields"]}
    assert len(drawn["id"]) == 36
    assert twin["preview"]["en"] == f"Complain about the agreement {'0a' * 32}: no file of March is in it"
    assert json.loads((await visitor.open("acts/complaint-file.json")).text)["fields"][-1]["value"] == ""


async def test_who_may_only_look_sees_no_preview_and_no_button(enter):
    visitor = await enter("watcher", operator=False)
    seen = await looked_at(visitor, "resource-add", **KEPT)
    assert seen.status == 200
    assert not [form for form in seen.forms if "resource-add" in form[1]]
    assert json.loads((await looked_at(visitor, "resource-add.json", **KEPT)).text)["preview"] is None


async def test_what_needs_two_operators_waits_for_the_other(connector, enter):
    keys = {
        post: (await connector.operators.add(post, post, "test"))["key"] for post in ("system", "security", "audit")
    }
    visitor = await enter("of-exchange", ("exchange",))
    assert (await looked_at(visitor, "space-close", id="health", reason="merged")).status == 403, "no key was shown"
    await visitor.send(await visitor.open("pending"), "/pending/key", key=keys["system"])
    seen = await looked_at(visitor, "source-pause", name="river")
    assert seen.status == 200
    assert (await visitor.send(seen, "/acts/source-pause")).status == 404, "there is no such source"
    rows = json.loads((await visitor.open("pending.json?state=failed")).text)["rows"]
    assert [(row["act"], row["path"]) for row in rows] == [("pause-source", {"id": "river", "act": "pause"})]
    seen = await looked_at(visitor, "source-resume", name="river")
    waits = await visitor.send(seen, "/acts/source-resume")
    assert waits.url.endswith("/pending")
    [row] = json.loads((await visitor.open("pending.json")).text)["rows"]
    assert (row["act"], row["path"], row["body"]) == ("resume-source", {"id": "river", "act": "resume"}, {})
