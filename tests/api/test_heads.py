"""Heads of a real space: anybody may ask, members follow, and the exchange's log has each."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from ledger.space.answer import ASKED_MAX, Answer
from ledger.space.document import SUSPENDED, Space
from ledger.space.entry import DID
from ledger.space.head import Head
from ledger.space.met import Met
from ledger.space.roll import Roll
from tests.api.command import penstock
from tests.api.test_rights import told

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def asked(say, space, path="changes"):
    said = await say("GET", f"{space.url('exchange')}/space/{path}")
    assert said.status == 200, said.body
    return Answer.from_json(said.json)


async def test_a_change_is_a_head_that_whoever_knew_the_one_before_can_check(space, say):
    did, name = space.did("other"), (DID, space.did("other"))
    before = Met().take(await asked(say, space, f"changes?did={quote(did, safe='')}"), [name])
    assert before.take(await asked(say, space, f"changes?since={before.head.number}")) is before
    await penstock(space, "exchange", "exchange", "member", "suspend", did, "--reason", "fees are open")
    after = before.take(await asked(say, space, f"changes?since={before.head.number}"))
    assert (after.head.number, after.entries[did].state) == (before.head.number + 1, SUSPENDED)
    await penstock(space, "exchange", "exchange", "member", "resume", did, "--reason", "fees are paid")
    again = before.take(await asked(say, space, f"changes?since={before.head.number}"))
    assert (again.head.number, again.head.root) == (before.head.number + 2, before.head.root)


async def test_the_document_the_list_and_the_log_say_what_the_head_says(space, say):
    head = (await asked(say, space)).head
    document = Space.from_json((await say("GET", space.url("exchange") + "/space")).json)
    listed = (await asked(say, space, "members?first=0")).entries
    assert [one.member for one in listed] == list(document.members.values())
    assert Roll.of(document).map.root == head.root
    events = told(space, "exchange", "space.headed")
    assert len(events) == head.number == len(space.rows("exchange", "space_heads"))
    assert all(each in events[-1]["entry"].decode() for each in (head.digest.hex(), head.root.hex()))


async def test_a_member_keeps_those_whom_it_met_and_no_list_of_all(space, say):
    [kept] = [row["value"] for row in space.rows("second", "facts") if row["name"] == "space_head"]
    met = {row["did"] for row in space.rows("second", "met_members")}
    assert set(Head.from_json(json.loads(kept)).roles) <= met
    assert not [row for row in space.rows("exchange", "facts") if row["name"] == "space_head"]
    shown = Met().take(
        await asked(say, space, f"members/{quote(space.did('second'), safe='')}"), [(DID, space.did("second"))]
    )
    assert shown.entries[space.did("second")].member.url == space.url("second")
    nobody = (DID, "did:web:nobody.example")
    assert Met().take(await asked(say, space, f"members/{nobody[1]}"), [nobody]).knows(*nobody)


@pytest.mark.parametrize(
    "query",
    [
        "since=-1",
        "since=x",
        "since=" + "9" * 40,
        "did=" + "a" * 600,
        "&".join(["did=a"] * (ASKED_MAX + 1)),
        "address=0x12",
        "did=%ED%A0%80",
        "did=a",
        "origin=%00",
    ],
)
async def test_what_is_no_question_is_refused(space, say, query):
    assert (await say("GET", f"{space.url('exchange')}/space/changes?{query}")).status == 400


async def test_a_number_of_no_head_begins_anew(space, say):
    for since in ("0", "999999"):
        answer = await asked(say, space, f"changes?since={since}")
        assert (answer.since, set(answer.head.roles)) == (None, {one.member.did for one in answer.entries})
