"""Every event names who of our own people acted, beside the log; what the participant does by itself names nobody."""

from __future__ import annotations

import asyncio
import json

import aiohttp
import orjson
import pytest

from connector.console import disclosed
from connector.runtime import actor
from connector.store.rows.evidence import LogEntryRow
from ledger.log.events import ACTOR
from tests.console.test_declared import looked_at

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def newest(connector):
    """Return the newest entry as everybody reads it, and what it discloses to us."""

    def read(tx):
        [row] = tx.find(LogEntryRow, order="idx desc", limit=1)
        return row, disclosed.fields(connector.core, tx, row.idx)

    return await connector.core.store.read(read)


async def ask(connector, token, path, body):
    url, headers = f"{connector.url}/management/{path}", {"Authorization": token}
    async with aiohttp.request("POST", url, json=body, headers=headers) as answer:
        assert answer.status < 300, await answer.text()
        return orjson.loads(await answer.read())


async def test_the_owner_a_program_and_an_account_are_named(connector, enter):
    await ask(connector, connector.owner["Authorization"], "log/marks", {})
    row, told = await newest(connector)
    assert (row.kind, told[ACTOR]) == ("time.mark", "owner")
    key = (await connector.api_keys.add("marker", 1, ("buyer",), ("log mark",)))["key"]
    await ask(connector, "Bearer " + key, "log/marks", {})
    assert (await newest(connector))[1][ACTOR] == "key:marker"
    visitor = await enter("marilyn")
    done = await visitor.send(await looked_at(visitor, "log-mark"), "/acts/log-mark")
    assert done.status == 200
    row, told = await newest(connector)
    assert (row.kind, told[ACTOR]) == ("time.mark", "account:marilyn")
    assert b"marilyn" not in row.entry
    assert b"marilyn" not in row.box


async def test_a_page_of_the_console_names_who_looked(connector, enter):
    visitor = await enter("nora", ("regulator",))
    await visitor.open("lookup?q=nothing-like-it")
    row, told = await newest(connector)
    assert (row.kind, told[ACTOR]) == ("record.viewed", "account:nora")


async def test_what_the_participant_does_by_itself_names_nobody(connector):
    await connector.anchoring.mark()
    row, told = await newest(connector)
    assert row.kind == "time.mark"
    assert ACTOR not in told


async def test_what_names_who_acted_is_erased_with_the_rest(connector):
    made = await connector.api_keys.add("short-lived", 1)
    row, told = await newest(connector)
    assert told["name"] == made["name"]
    before = row.entry
    owner = connector.owner["Authorization"]
    await ask(connector, owner, "log/erasures", {"index": str(row.idx), "why": "they have left"})
    kept = await connector.core.store.read(lambda tx: tx.get(LogEntryRow, idx=row.idx))
    assert (kept.entry, kept.box) == (before, None)


async def test_who_may_come_in_leaves_events_that_name_nobody_in_the_open(connector):
    await connector.accounts.add("temporary", ["buyer"], operator=True)
    row, told = await newest(connector)
    assert (row.kind, told) == (
        "access.changed",
        {"what": "added", "name": "temporary", "roles": "buyer", "may": "act"},
    )
    await connector.accounts.link("temporary")
    assert (await newest(connector))[1]["what"] == "linked"
    await connector.accounts.remove("temporary")
    row, told = await newest(connector)
    assert told["what"] == "removed"
    assert b"temporary" not in row.entry
    assert json.loads(row.entry)["link"] == ["account"]


async def test_a_name_holds_in_the_task_of_the_request_alone():
    async def elsewhere():
        return actor.current()

    assert actor.current() == ""
    with actor.acting("owner"):
        assert actor.current() == "owner"
        begun = asyncio.create_task(elsewhere())
        assert await begun == ""
        lasting = asyncio.create_task(asyncio.sleep(0.01, actor.current()))
    assert actor.current() == ""
    await lasting
