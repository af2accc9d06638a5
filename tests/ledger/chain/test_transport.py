"""The road to a node over HTTP: nothing is left open behind it, and a node that floods is refused."""

from __future__ import annotations

import asyncio
import gc
import warnings
from contextlib import suppress

import pytest
from aiohttp import web

from connector.demo.processes import free_ports
from ledger.chain import transport
from ledger.chain.errors import ChainUnreachable
from ledger.chain.transport import HttpTransport

QUESTIONS = 8


@pytest.fixture
async def node():
    """Serve a node that answers each question with its own name, or at a length of its choice."""

    async def answer(request):
        named = (await request.json())["method"]
        if named.startswith("flood"):
            return web.Response(body=b" " * 4096)
        if named == "noise":
            return web.Response(body=b"no JSON")
        if named == "busy":
            return web.Response(status=503)
        await asyncio.sleep(5 if named == "slow" else 0.01)
        return web.json_response({"jsonrpc": "2.0", "id": 0, "result": named})

    application = web.Application()
    application.router.add_post("/", answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def test_first_questions_asked_at_once_share_connections_that_close_leaves_none_of(node):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        road = HttpTransport(node)
        answers = await asyncio.gather(*(road.make_request(f"eth_{n}", []) for n in range(QUESTIONS)))
        await road.close()
        del road
        gc.collect()
    assert [answer["result"] for answer in answers] == [f"eth_{n}" for n in range(QUESTIONS)]
    assert not [each for each in said if issubclass(each.category, ResourceWarning)]


@pytest.mark.parametrize("steps", range(6))
async def test_a_question_called_off_at_any_step_leaves_no_connection_open(node, steps):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        road = HttpTransport(node)
        asked = asyncio.create_task(road.make_request("eth_first", []))
        for _ in range(steps):
            await asyncio.sleep(0)
        asked.cancel()
        with suppress(asyncio.CancelledError):
            await asked
        assert (await road.make_request("eth_second", []))["result"] == "eth_second"
        await road.close()
        del road
        gc.collect()
    assert not [each for each in said if issubclass(each.category, ResourceWarning)]


async def test_an_answer_beyond_the_limit_is_refused(node, monkeypatch):
    monkeypatch.setattr(transport, "ANSWER_BYTES_MAX", 1024)
    road = HttpTransport(node)
    with pytest.raises(ChainUnreachable, match="larger than 1024 bytes"):
        await road.make_request("flood", [])
    assert (await road.make_request("eth_next", []))["result"] == "eth_next"
    await road.close()


@pytest.mark.parametrize(
    ("asked", "words"),
    [("slow", "nothing came within 0.2 s"), ("busy", "it answered 503"), ("noise", "at `http://127.0.0.1:")],
)
async def test_a_question_without_an_answer_says_why_in_words(node, monkeypatch, asked, words):
    monkeypatch.setattr(transport, "REQUEST_TIMEOUT_SECONDS", 0.2)
    road = HttpTransport(node)
    with pytest.raises(ChainUnreachable) as said:
        await road.make_request(asked, [])
    assert words in str(said.value)
    assert "Error(" not in str(said.value)
    await road.close()


async def test_where_nobody_listens_it_says_so():
    [port] = free_ports(1)
    road = HttpTransport(f"http://127.0.0.1:{port}")
    with pytest.raises(ChainUnreachable, match=f"at `http://127.0.0.1:{port}`: connection refused$"):
        await road.make_request("eth_first", [])
    await road.close()
