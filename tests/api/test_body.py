"""How a body comes in, over a socket and word for word: as it is, no longer than its route takes, and in time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace

import pytest
from aiohttp import web

from connector.api import body
from connector.runtime.errors import RequestRefused
from connector.runtime.limits import BODY_BYTES_MAX

SECONDS = 0.3
LIMITS = {"none": 0, "ten": 10, "usual": BODY_BYTES_MAX, "large": 2 * BODY_BYTES_MAX}


@pytest.fixture
async def say():
    """Send bytes to a path that takes so much; return what was read, or why it was refused."""

    async def handle(request):
        route = SimpleNamespace(body_bytes=LIMITS[request.match_info["limit"]], streams=False)
        try:
            taken = await body.take(request, route, SECONDS)
        except RequestRefused as refused:
            return web.Response(text=f"{refused.code}: {refused}")
        return web.Response(body=b"%d" % len(await taken.read()))

    app = web.Application(client_max_size=BODY_BYTES_MAX, handler_args={"auto_decompress": False, "lingering_time": 0})
    app.router.add_route("*", "/{limit}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()

    async def sent(limit, *headers, method="POST", content=b""):
        reader, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
        head = "\r\n".join((f"{method} /{limit} HTTP/1.1", "Host: x", "Connection: close", *headers))
        writer.write(head.encode() + b"\r\n\r\n" + content)
        with suppress(ConnectionError):
            await writer.drain()
        answer = await reader.read()
        writer.close()
        return answer.partition(b"\r\n\r\n")[2].decode()

    yield sent
    await runner.cleanup()


def chunked(*sizes):
    return b"".join(b"%x\r\n%s\r\n" % (size, b"x" * size) for size in (*sizes, 0))


CHUNKED = "Transfer-Encoding: chunked"


@pytest.mark.parametrize("size", [0, 1, 10])
async def test_a_body_of_as_many_bytes_as_the_path_takes_is_read(say, size):
    assert await say("ten", f"Content-Length: {size}", content=b"x" * size) == str(size)


async def test_a_longer_one_is_refused_before_a_byte_of_it_has_come(say):
    refused = "too-large: this path takes a body of at most 10 bytes"
    assert await say("ten", "Content-Length: 11") == refused
    assert await say("none", "Content-Length: 1") == "too-large: this path takes a body of at most 0 bytes"


async def test_a_body_that_announces_no_length_is_read_to_the_byte_that_is_too_many(say):
    assert await say("ten", CHUNKED, content=chunked(4, 6)) == "10"
    assert await say("ten", CHUNKED, content=chunked(4, 7)) == "too-large: this path takes a body of at most 10 bytes"


async def test_where_no_body_is_taken_none_is_waited_for(say):
    assert await say("none", CHUNKED) == "too-large: this path takes a body of at most 0 bytes"
    for method in ("GET", "POST"):
        assert await say("none", method=method) == "0"
    assert await say("none", "Content-Length: 0") == "0"


async def test_a_path_may_take_more_than_the_usual(say):
    size = BODY_BYTES_MAX + 1
    assert await say("large", f"Content-Length: {size}", content=b"x" * size) == str(size)
    refused = f"too-large: this path takes a body of at most {BODY_BYTES_MAX} bytes"
    assert await say("usual", f"Content-Length: {size}") == refused
    assert await say("usual", f"Content-Length: {size - 1}", content=b"x" * (size - 1)) == str(size - 1)


@pytest.mark.parametrize("coding", ["gzip", "identity, gzip", "br"])
async def test_nothing_is_ever_inflated(say, coding):
    said = await say("ten", f"Content-Encoding: {coding}", "Content-Length: 1", content=b"x")
    assert said == "encoded: a body is taken as it is, and this one is encoded"


@pytest.mark.parametrize("coding", ["identity", "Identity"])
async def test_a_body_as_it_is_may_say_so(say, coding):
    assert await say("ten", f"Content-Encoding: {coding}", "Content-Length: 1", content=b"x") == "1"


async def test_a_body_that_does_not_come_is_not_waited_for_long(say):
    assert await say("ten", "Content-Length: 5", content=b"x") == "too-slow: the body did not come within 0.3 s"


async def test_a_body_that_is_not_framed_as_http_asks_is_refused():
    async def read():
        raise web.RequestPayloadError("no chunk")

    coming = SimpleNamespace(is_eof=lambda: False)
    request = SimpleNamespace(headers={}, content_length=1, body_exists=False, read=read, content=coming)
    with pytest.raises(RequestRefused, match=r"^the body is not framed as HTTP asks: no chunk$") as caught:
        await body.take(request, SimpleNamespace(body_bytes=10, streams=False), SECONDS)
    assert caught.value.code == "malformed"
