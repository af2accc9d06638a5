"""One caller's requests, however many, take nobody else's places."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest
import pytest_asyncio

from connector.api.places import Places
from connector.runtime.clock import Clock
from connector.runtime.errors import RequestRefused
from connector.runtime.limits import PEER_REQUESTS_MAX, RETRY_AFTER_SECONDS, STRANGER_REQUESTS_MAX
from tests.api.stranger import called
from tests.api.test_dsp_faults import is_error
from tests.hostile.wire import head, wire

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH = "/dsp/negotiations/urn:uuid:1"
NEGOTIATE = "/dsp/negotiations/request"


@pytest_asyncio.fixture(loop_scope="session")
async def neighbour(tmp_path_factory):
    async with called(tmp_path_factory.mktemp("neighbour") / "keys", Clock().now) as made:
        yield made


async def test_places_are_counted_for_each_caller():
    places = Places(2)
    with places.one("a"), places.one("a"), places.one("b"):
        with pytest.raises(RequestRefused, match="2 requests of yours") as refusal, places.one("a"):
            pass
        assert refusal.value.code == "too-many"
        with places.one("b"):
            pass
    with pytest.raises(ZeroDivisionError), places.one("a"):
        raise ZeroDivisionError
    with places.one("a"), places.one("a"):
        pass
    assert not places._taken, "whoever has left is forgotten"


async def held(stack, host, heads):
    """Begin requests whose bodies do not come; return their connections when the host has read their heads."""
    callers = [await stack.enter_async_context(wire(host.address)) for _ in heads]
    await asyncio.gather(*(caller.send(said) for caller, said in zip(callers, heads, strict=True)))
    await asyncio.sleep(0.2)
    return callers


async def test_a_peer_has_places_of_its_own(host, say, stranger, neighbour, unchanged):
    """All taken: the next one is asked to come later, everybody else is served; soon they are free again."""
    for each in (stranger, neighbour):  # both are known from now on
        assert (await say("GET", PATH, None, each.bearer(host.identity))).status == 404
    heads = [
        head(
            "POST", NEGOTIATE, "Content-Length: 9", f"Authorization: {stranger.bearer(host.identity)['Authorization']}"
        )
        for _ in range(PEER_REQUESTS_MAX)
    ]
    async with AsyncExitStack() as stack:
        callers = await held(stack, host, heads)
        said = await say("GET", PATH, None, stranger.bearer(host.identity))
        is_error(said, 429, PATH, "too-many")
        assert said.headers["Retry-After"] == str(RETRY_AFTER_SECONDS)
        is_error(await say("GET", PATH, None, neighbour.bearer(host.identity)), 404, PATH, "unknown")
        assert (await say("GET", "/health")).status == 200
        assert (await say("GET", "/management/status", None, host.owner)).status == 200
        assert {said.status for said in await asyncio.gather(*(caller.answer() for caller in callers))} == {408}
    is_error(await say("GET", PATH, None, stranger.bearer(host.identity)), 404, PATH, "unknown")


async def test_strangers_share_the_places_of_their_address(host, say, unchanged):
    heads = [head("POST", "/rpc", "Content-Length: 9")] * STRANGER_REQUESTS_MAX
    async with AsyncExitStack() as stack:
        callers = await held(stack, host, heads)
        said = await say("GET", "/health")
        assert (said.status, said.json["code"]) == (429, "too-many")
        assert said.headers["Retry-After"] == str(RETRY_AFTER_SECONDS)
        assert {said.status for said in await asyncio.gather(*(caller.answer() for caller in callers))} == {408}
    assert (await say("GET", "/health")).status == 200


async def test_a_member_has_places_of_its_own_where_anybody_may_ask(host, say, stranger, unchanged):
    """Its neighbours have taken all of theirs; a token that proves no member is nothing."""
    heads = [head("POST", "/rpc", "Content-Length: 9")] * STRANGER_REQUESTS_MAX
    assert (await say("GET", "/space", None, host.member)).status == 200  # its document is known from now on
    async with AsyncExitStack() as stack:
        callers = await held(stack, host, heads)
        assert (await say("GET", "/health")).status == 429
        assert (await say("GET", "/health", None, stranger.bearer(host.identity))).status == 429
        assert (await say("GET", "/health", None, host.member)).status == 200
        assert {said.status for said in await asyncio.gather(*(caller.answer() for caller in callers))} == {408}
