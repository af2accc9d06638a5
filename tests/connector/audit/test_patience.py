"""Who does not answer an audit at once is asked again, and who never does is not waited for twice."""

from __future__ import annotations

import contextlib

import pytest
from aiohttp import web

from connector.regulator import patience, sources
from ledger.audit.sources import Unavailable

COMES_LATER, TOO_MANY, REFUSES = 503, 429, 403


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(patience, "PAUSES_SECONDS", (0.0, 0.0, 0.0))


@contextlib.asynccontextmanager
async def exchange(handle):
    """Yield the sources of an audit whose exchange answers as `handle` does, and the paths it was asked for."""
    asked = []

    async def noted(request):
        asked.append(request.path)
        return await handle(request, len(asked))

    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", noted)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with sources.sources(url, development=True) as opened:
            yield opened, asked, url
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("failures", [1, 2, 3])
async def test_who_asks_to_come_later_is_asked_again(failures):
    async def handle(_request, count):
        return web.Response(status=COMES_LATER) if count <= failures else web.Response(body=b"its log")

    async with exchange(handle) as (opened, asked, url):
        assert await opened.fetch(f"{url}/log/checkpoint") == b"its log"
        assert len(asked) == failures + 1


async def test_a_connection_that_breaks_is_no_absence():
    async def handle(request, count):
        if count == 1:
            request.transport.abort()
        return web.Response(body=b"its log")

    async with exchange(handle) as (opened, _, url):
        assert await opened.fetch(f"{url}/log/checkpoint") == b"its log"


async def test_who_is_silent_through_all_pauses_is_not_waited_for_twice():
    async def handle(_request, _count):
        return web.Response(status=TOO_MANY)

    async with exchange(handle) as (opened, asked, url):
        for times in (4, 5):
            with pytest.raises(Unavailable):
                await opened.fetch(f"{url}/log/checkpoint")
            assert len(asked) == times


async def test_a_refusal_is_an_answer():
    async def handle(_request, _count):
        return web.Response(status=REFUSES)

    async with exchange(handle) as (opened, asked, url):
        with pytest.raises(Unavailable):
            await opened.fetch(f"{url}/log/checkpoint")
        assert len(asked) == 1


async def test_a_chain_that_comes_later_is_asked_again():
    async def handle(request, count):
        if count == 1:
            return web.Response(status=COMES_LATER)
        body = await request.json()
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": None})

    async with exchange(handle) as (opened, asked, _):
        assert await opened.block(7) is None
        assert asked == ["/rpc", "/rpc"]
