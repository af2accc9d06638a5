"""A stranger at the doors of members: with whom they deal is shown to members alone, whatever it says of itself.

What the chain shows it is for everybody (docs/privacy.md): accounts and digests, no name, no title, no purpose.
"""

from __future__ import annotations

import json
from datetime import timedelta

import aiohttp
import pytest
import pytest_asyncio

from connector.identity import keys as key_files
from connector.identity import readers
from connector.runtime.clock import Clock
from tests.api.space import PURPOSE, Space
from tests.api.stranger import called

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("exchange", "provider", "buyer")
TITLE = "tides of a quiet harbour"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def space(tmp_path_factory):
    made = Space(tmp_path_factory.mktemp("strangers"), Clock().now)
    made.prepare(ROLES)
    try:
        await made.start()
        await made.publish_files("provider", "tides", made.files("tides", (200_000,)), title=TITLE)
        await made.get("tides")
        await made.complete("tides", within=60)
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client():
    async with aiohttp.ClientSession() as session:
        yield session


async def asked(client, url, headers=None, body=None):
    method = "GET" if body is None else "POST"
    async with client.request(method, url, headers=headers, json=body) as answer:
        return answer.status, await answer.read()


async def test_with_whom_a_member_deals_is_shown_to_members_alone(space, client, tmp_path):
    own = key_files.create(tmp_path / "own") or key_files.load(tmp_path / "own")
    await space.rest()
    before = {role: space.stored(role) for role in ROLES}
    async with called(tmp_path / "stranger", space.now) as stranger:
        for role in ROLES:
            url, did, now = space.url(role) + "/log/peers", space.did(role), space.now()
            other = next(each for each in ROLES if each != role)
            log, name = space.keys(other).log, space.did(other)
            tries = {
                "nobody": None,
                "the owner of another": {"Authorization": "Bearer " + "x" * 43},
                "a stranger's token": stranger.bearer(did),
                "a stranger by its own key": readers.header(own.log, stranger.did, did, now),
                "a member's name, signed by a stranger": readers.header(own.log, name, did, now),
                "a member's proof for somebody else": readers.header(log, name, space.did(other), now),
                "a member's proof of yesterday": readers.header(log, name, did, now - timedelta(days=1)),
                "a member's token, for acts": space.bearer(other, role),
            }
            for who, headers in tries.items():
                status, body = await asked(client, url, headers)
                assert status == 401, (role, who, body)
                assert b"/log" not in body.replace(b"/log/peers", b""), (role, who, body)
            status, body = await asked(client, url, readers.header(log, name, did, now))
            assert status == 200
            assert role == "exchange" or json.loads(body), "with whom it deals is there to be seen"
    assert not space.changed(before)


async def test_a_member_that_is_down_can_still_ask_what_others_know_of_its_log(space, client):
    await space.people["buyer"].kill()
    log, name = space.keys("buyer").log, space.did("buyer")
    reader = readers.header(log, name, space.did("provider"), space.now())
    status, body = await asked(client, space.url("provider") + "/log/peers", reader)
    assert status == 200
    assert any(row.get("origin", "").startswith(space.url("buyer").partition("://")[2]) for row in json.loads(body))
    await space.people["buyer"].start()


async def test_the_chain_shows_a_stranger_accounts_and_digests_and_no_words(space, client):
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [{"fromBlock": "0x0", "toBlock": "latest"}]}
    status, found = await asked(client, space.url("exchange") + "/rpc", body=body)
    events = json.loads(found)["result"]
    assert status == 200
    assert len(events) > 10
    account = space.keys("provider").address.hex()
    assert any(account in json.dumps(event) for event in events), "who is paid can be read"
    told = b"".join(bytes.fromhex(event["data"][2:]) for event in events) + found
    for words in (TITLE, PURPOSE, "tides", *(space.did(role) for role in ROLES)):
        assert words.encode() not in told, words
