"""Look-ups of which those subjects alone are paid that are there: who is, then their rows; counted, billed, cut."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from pathlib import Path

import aiohttp
import pytest

from connector.client.acts.queries import looked_up
from connector.compute import blinding
from connector.compute.buckets import TAG_BYTES
from connector.custody import bearers
from contracts.canonical import load
from contracts.summary import summary
from contracts.terms import Terms
from tests.api.command import commanded
from tests.api.refusals import refused
from tests.api.test_computing import address, agreed, jobs, publish
from tests.api.test_fitting import mine
from tests.api.test_lookup import at_provider, look_up, rows_of
from tests.api.test_priced import billed
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")

GATE = {"subject": "firm", "lookup": "40"}


async def offered(space, product, folder, **more):
    """Publish a table at 0.50 for each subject found, and agree on it."""
    said = {"gate": GATE, "columns": ["district", "revenue"], "unit": "match", "price": 50}
    await publish(space, product, folder, **{**said, **more})
    return await agreed(space, product)


async def quoted(space, what, *keys, **more):
    """Return what a look-up would cost at most, in words; None where all of it is answered."""
    body = {"what": what, "keys": list(keys) or None, **more}
    said = await space.doors["buyer"].call("POST", "rehearsals", {"path": "lookups", "body": body})
    return next((step["what"] for step in said["steps"]), None)


def asked(space, agreement):
    """Return the ids of what was answered, with of how many subjects the rows were told."""
    return [(row["job"], row["rows"]) for row in sorted(jobs(space, agreement), key=lambda row: row["created"])]


def table_of(space, edition):
    """Return the table of an edition, and where its rows begin: its head and the tags are before them."""
    [path] = [p for p in (Path(space.people["provider"].data) / "lookups").iterdir() if p.name.startswith(edition)]
    head = path.read_bytes().partition(b"\n")[0]
    shape = json.loads(head)
    return path, len(head) + 1 + shape["buckets"] * shape["tags"] * TAG_BYTES, shape["entryBytes"]


async def test_those_alone_are_paid_who_are_there_and_nobody_there_sees_whose(space, tmp_path):
    agreement = await offered(space, "match", tmp_path)
    [deal] = [row for row in space.rows("buyer", "agreements") if row["digest"] == agreement]
    terms = Terms.from_json(json.loads(deal["terms"]))
    assert "price 0.50 CNY per subject found" in summary(terms)
    assert "who of them is there is told first, for nothing" in summary(terms)
    assert "0.50 CNY / 个命中主体" in summary(terms, "zh")
    keys = ("F007", "NOBODY-SECRET", "F011")
    assert await quoted(space, "match", *keys, job="one") == "1.50 CNY", "at most: all of them"
    got = await look_up(space, "match", *keys, job="one")
    there = [line for key in ("F007", "F011") for line in rows_of(tmp_path / "firms.csv", key)]
    assert got["columns"] == ["firm", "found", "district", "revenue"]
    assert got["rows"] == [*there, ["NOBODY-SECRET", False, None, None]]
    assert (got["asked"], got["there"], got["paid"]) == (3, 2, 2)
    assert ["matched" in one for one in got["receipts"]] == [False, True]
    assert got["receipts"][1]["matched"] == "2", "what is billed is in what its provider signed"
    assert "2 of 3 keys are there, 2 are paid" in looked_up(got)
    assert await look_up(space, agreement, *keys, job="one") == got
    assert asked(space, agreement) == [("one", 0), ("one/rows", 2)]

    # nobody is there: no second question, and nothing to pay
    none = await look_up(space, "match", "NOBODY-SECRET", job="none")
    assert (none["rows"], none["paid"], len(none["receipts"])) == ([["NOBODY-SECRET", False, None, None]], 0, 1)
    assert asked(space, agreement)[2:] == [("none", 0)]
    assert not [one for one in at_provider(space) if b"NOBODY-SECRET" in one]
    assert len([one for one in told(space, "provider", "computation.ended") if one["part"] == agreement]) == 3

    ours = (await space.doors["buyer"].call("GET", f"queries?what={agreement}"))["statements"]
    theirs = (await space.doors["provider"].call("GET", "computations?product=match"))["computations"]
    for lines in (ours, theirs):
        assert [one["billed"] for one in lines] == ["0 subjects found", "2 subjects found", "0 subjects found"]
    assert await billed(space, agreement) == {"100"}


async def test_a_list_is_paid_by_whom_it_finds_and_never_twice(space, tmp_path):
    agreement = await offered(space, "match-list", tmp_path, gate={"subject": "firm", "lookup": "80"})
    names = [f"F{at:03d}" for at in range(40)] + [f"OWN-{at}" for at in range(20)]
    body = {"file": mine(tmp_path, names), "key": "id", "job": "list"}
    assert await quoted(space, "match-list", **body) == "30.00 CNY"
    got = await look_up(space, "match-list", **body)
    assert (got["asked"], got["there"], got["paid"], len(got["receipts"])) == (60, 40, 40, 4)
    assert asked(space, agreement) == [("list", 0), ("list/rows", 32), ("list/1", 0), ("list/1/rows", 8)]
    assert await look_up(space, "match-list", **body) == got
    assert len(jobs(space, agreement)) == 4
    assert (await refused(look_up(space, "match-list", *(f"F{at:03d}" for at in range(21)))))[0] == 403
    assert (await refused(look_up(space, "match-list", "F001", job="x" * 96)))[0] == 400, "its rows have a longer id"
    assert await billed(space, agreement) == {"2000"}


async def test_keys_count_once_and_their_rows_do_not(space, tmp_path):
    agreement = await offered(space, "match-few", tmp_path, gate={"subject": "firm", "lookup": "5"})
    assert (await look_up(space, "match-few", "F001", "F002", "F003"))["paid"] == 3
    status, text = await refused(look_up(space, "match-few", "F004", "F005", "F006"))
    assert (status, "3 of 5 keys were looked up" in text) == (403, True)
    assert (await look_up(space, "match-few", "F004", "F005"))["paid"] == 2
    assert (await refused(look_up(space, "match-few", "F006")))[0] == 403
    assert await billed(space, agreement) == {"250"}


async def test_what_was_cut_between_the_two_goes_on_and_is_paid_once(space, tmp_path):
    agreement = await offered(space, "match-cut", tmp_path)
    edition = (await look_up(space, "match-cut", "NOBODY", job="none"))["edition"]
    path, rows, _ = table_of(space, edition)
    whole = path.read_bytes()
    path.write_bytes(whole[: rows + 1])
    keys = ("F001", "F002", "NOBODY")
    status, text = await refused(look_up(space, "match-cut", *keys, job="cut"))
    assert (status, "cut short" in text) == (409, True)
    assert asked(space, agreement) == [("none", 0), ("cut", 0)], "who is there was told, and no row is paid"
    path.write_bytes(whole)
    assert await quoted(space, "match-cut", *keys, job="cut") == "1.00 CNY", "who is there is known by now"
    for role in ("buyer", "provider"):
        await space.people[role].kill()
        await space.people[role].start()
    got = await look_up(space, "match-cut", *keys, job="cut")
    assert (got["there"], got["paid"]) == (2, 2)
    await space.people["buyer"].kill()
    await space.people["buyer"].start()
    assert await look_up(space, "match-cut", *keys, job="cut") == got
    assert asked(space, agreement) == [("none", 0), ("cut", 0), ("cut/rows", 2)]
    assert await billed(space, agreement) == {"100"}


async def test_rows_that_do_not_open_are_not_kept_and_their_line_is_not_signed(space, tmp_path):
    """Its provider says that somebody is there, bills the row, and the row is none: the buyer owes nothing for it."""
    agreement = await offered(space, "match-spoilt", tmp_path)
    edition = (await look_up(space, "match-spoilt", "NOBODY", job="none"))["edition"]
    path, rows, width = table_of(space, edition)
    spoilt = bytearray(path.read_bytes())
    spoilt[rows::width] = bytes(one ^ 1 for one in spoilt[rows::width])  # of each entry its name
    path.write_bytes(spoilt)
    status, text = await refused(look_up(space, "match-spoilt", "F001", job="one"))
    assert (status, "there is no row of them" in text) == (502, True)
    assert asked(space, agreement)[-1] == ("one/rows", 1), "its provider counts it"
    [answer] = [
        row for row in space.rows("buyer", "answers") if row["agreement"] == agreement and row["job"] == "one/rows"
    ]
    assert (answer["answer"], answer["receipt"], answer["ended"]) == (None, None, None)
    received = [one for one in told(space, "buyer", "answer.received") if one["part"] == agreement]
    assert len(received) == 2, "who is there, twice"
    await space.doors["buyer"].call("POST", f"agreements/{agreement}/calls/end", {})
    async with asyncio.timeout(20):
        while not [c for c in space.rows("provider", "copies") if c["agreement"] == agreement and c["receipt"]]:
            await asyncio.sleep(0.1)
    [copy] = [one for one in space.rows("provider", "copies") if one["agreement"] == agreement]
    assert (json.loads(copy["receipt"])["amount"], bool(copy["agreed"])) == ("50", False)
    assert not [one for one in space.rows("buyer", "line_receipts") if one["agreement"] == agreement]


async def test_rows_are_asked_once_of_a_look_up_that_was_answered_of_no_more_than_its_keys(space, tmp_path):
    agreement = await offered(space, "match-bodies", tmp_path)
    await look_up(space, "match-bodies", "NOBODY", job="none")
    url, header = address(space, agreement)
    scalar = blinding.scalar(os.urandom(64))
    one, two, three = (base64.b64encode(point).decode() for point in blinding.blinded(scalar, ["F001", "GONE", "F3"]))
    first = {"id": "raw", "table": "", "points": [one, two], "buckets": [0, 0]}
    second = {"id": "raw/rows", "of": "raw", "table": "", "points": [three], "buckets": [0]}
    async with aiohttp.ClientSession(headers=header) as session:
        async with session.post(url, json=second) as answer:
            assert (answer.status, "nothing was looked up" in await answer.text()) == (400, True)
        async with session.post(url, json=first) as answer:
            said = await answer.json()
            assert (answer.status, "entries" in said, said["tags"] > 0) == (200, False, True)
        for odd in (
            {**second, "of": "none"},
            {**second, "of": "none", "id": "none/other"},
            {**second, "id": "raw/other"},
            {**second, "of": ""},
            {**second, "of": 1},
            {**second, "points": [one, two, three]},
            {**second, "points": []},
            {**second, "points": ["!"]},
            {**second, "points": [base64.b64encode(bytes(32)).decode()]},
            {**second, "buckets": []},
            {**second, "buckets": [0, 0]},
            {**second, "buckets": [1]},
            {**second, "table": "none"},
            {**second, "statement": "select 1"},
        ):
            async with session.post(url, json=odd) as answer:
                assert answer.status == 400, (odd, await answer.text())
        assert asked(space, agreement) == [("none", 0), ("raw", 0)], "what is refused is not counted"
        found = []
        for _ in range(2):
            async with session.post(url, json=second) as answer:
                assert answer.status == 200, await answer.text()
                receipt = load(base64.urlsafe_b64decode(answer.headers[bearers.RECEIPT]))
                found.append((await answer.read(), receipt["matched"]))
        assert found[0] == found[1] == (found[0][0], "1"), "any key is multiplied, there or not, and paid: once"
        async with session.post(url, json={**second, "points": [one]}) as answer:
            assert answer.status == 409, "another question under the same id"
    assert asked(space, agreement)[2:] == [("raw/rows", 1)]


async def test_no_rows_are_asked_apart_where_each_key_is_paid(space, tmp_path):
    said = {"gate": GATE, "columns": ["district", "revenue"]}
    await publish(space, "match-query", tmp_path, **said)
    agreement = await agreed(space, "match-query")
    got = await look_up(space, "match-query", "F001", "NOBODY", job="one")
    assert (got["there"], got["paid"], len(got["receipts"])) == (1, 2, 1)
    url, header = address(space, agreement)
    [point] = (base64.b64encode(one).decode() for one in blinding.blinded(blinding.scalar(os.urandom(64)), ["F002"]))
    body = {"id": "one/rows", "of": "one", "table": "", "points": [point], "buckets": [0]}
    async with aiohttp.ClientSession(headers=header) as session, session.post(url, json=body) as answer:
        assert (answer.status, "not of subjects found" in await answer.text()) == (400, True)
    for more in ({"gate": {"subject": "firm"}}, {"gate": {"subject": "firm", "noise": "1", "budget": "5"}}):
        status, text = await refused(publish(space, "match-never", tmp_path, unit="match", **more))
        assert (status, "for those that are looked up" in text) == (400, True), text


async def test_a_policy_counts_each_of_the_two_as_a_look_up(space, tmp_path):
    rules = {"permission": [{"action": "compute", "constraint": [
        {"leftOperand": "count", "operator": "lteq", "rightOperand": 3},
        {"leftOperand": "computeFunction", "operator": "isPartOf", "rightOperand": ["LOOKUP"]},
    ]}]}  # fmt: skip
    agreement = await offered(space, "match-count", tmp_path, purpose=None, region=None, rules=rules)
    assert (await look_up(space, "match-count", "F001", job="1"))["paid"] == 1
    assert (await refused(look_up(space, "match-count", "F002", job="2")))[0] == 403, "who is there is the third"
    assert asked(space, agreement) == [("1", 0), ("1/rows", 1), ("2", 0)]


async def test_a_supervisor_finds_each_bill_to_follow_from_the_logs(space):
    """Of all that was looked up above, by the logs of both sides: counted within the terms, billed as it was told."""
    given = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *given)).out)
    about = {
        "computation-undecided", "computations-miscounted", "lookups-overdrawn", "answer-differs", "answer-unlogged",
        "copy-differs-from-tariff", "field-malformed", "disclosure-missing", "disclosure-false",
    }  # fmt: skip
    assert found["events"] > 30
    assert [one for one in found["findings"] if one["code"] in about] == []
