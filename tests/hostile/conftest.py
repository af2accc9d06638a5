"""The host, two strangers who want something from it, and a client that can say anything."""

from __future__ import annotations

import io
import json
import uuid

import aiohttp
import pytest
import pytest_asyncio

from connector.runtime.clock import Clock
from connector.store.columns import KINDS
from tests.api.conftest import Said
from tests.api.stranger import called
from tests.hostile.host import HOST, Host
from tests.hostile.tokens import Forger

SLACK_SECONDS = 15  # the clock goes on between the forging and the reading


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def host(tmp_path_factory):
    made = Host(tmp_path_factory.mktemp("hostile"), Clock().now)
    try:
        await made.begin()
        yield made
    finally:
        await made.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def say(host):
    """Send bytes or JSON to the host, each time over a new connection: say("POST", path, body, headers) -> Said."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True)) as session:

        async def request(method, path, body=None, headers=None):
            data = None if body is None else io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
            async with session.request(
                method,
                host.address + path,
                data=data,
                headers=headers,
                skip_auto_headers=("Content-Type",),
                allow_redirects=False,
            ) as answer:
                return Said(answer.status, await answer.read(), dict(answer.headers))

        yield request


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stranger(tmp_path_factory):
    async with called(tmp_path_factory.mktemp("stranger") / "keys", Clock().now) as made:
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def unchanged(host):
    """After the test every row of the host is what it was before, and no token is used up.

    What is no longer remembered had ended: a round forgets such tokens whenever it comes.
    """

    def used():
        return {(row["issuer"], row["jti"]): row["expires"] for row in host.rows(HOST, "tokens_seen")}

    rows, before = host.stored(HOST), used()
    yield
    after, now = used(), KINDS["time"].encode(Clock().now())
    assert host.stored(HOST) == rows
    assert after.items() <= before.items(), "a token was used up"
    assert all(before[token] < now for token in before.keys() - after.keys()), "a token was forgotten early"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def third(tmp_path_factory):
    """A participant whose keys are not the caller's."""
    async with called(tmp_path_factory.mktemp("third") / "keys", Clock().now) as made:
        yield made


@pytest.fixture
def forger(host, stranger, third):
    at = int(host.now().timestamp())
    parties = (stranger.did, stranger.keys, host.identity, host.keys(HOST), third.did, third.keys)
    return Forger(*parties, at, SLACK_SECONDS, f"jti-{uuid.uuid4()}")
