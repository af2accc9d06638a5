"""What comes back through the door outward: typed, bounded, never decoded or redirected."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from aiohttp import web

from connector.net import outbound as outbound_module
from connector.net.outbound import Answer, Outbound
from connector.runtime.errors import PeerMisbehaved, PeerRefused, PeerUnreachable
from connector.runtime.limits import ANSWER_BYTES_MAX
from tests.effort import within
from tests.every import every


@contextlib.asynccontextmanager
async def serving(handler):
    app = web.Application(client_max_size=2**24)
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with Outbound(development=True) as door:
        yield door, f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def test_a_message_goes_out_and_its_answer_comes_back():
    async def handle(request):
        body = await request.json()
        assert request.headers["Content-Type"] == "application/json"
        assert request.headers["Accept-Encoding"] == "identity"
        return web.json_response({"got": body, "auth": request.headers.get("Authorization")}, status=201)

    async with serving(handle) as (door, url):
        answer = await door.post(url + "/x", {"a": 1}, headers={"Authorization": "Bearer t"})
        assert (answer.status, answer.json()) == (201, {"got": {"a": 1}, "auth": "Bearer t"})
        named = url.replace("127.0.0.1", "localhost")
        assert (await door.post(named + "/x", [])).json()["got"] == []


@pytest.mark.parametrize("status", [401, 404])
async def test_who_has_another_time_is_asked_again(status):
    """A clock is set, and the next message bears a fresh token: no order ends over it."""

    async def handle(_request):
        body = {"@type": "CatalogError", "code": "clock", "reason": ["the token begins at noon, here it is one"]}
        return web.json_response(body, status=status)

    async with serving(handle) as (door, url):
        with pytest.raises(PeerUnreachable, match="here it is one") as caught:
            await door.get(url)
        assert "NTP" in caught.value.hint


async def test_bytes_go_out_as_they_are():
    async def handle(request):
        return web.Response(body=await request.read() + request.content_type.encode())

    async with serving(handle) as (door, url):
        assert (await door.post(url, b"\x00\xff")).body == b"\x00\xffapplication/octet-stream"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_not_an_order(status):
    hits = []

    async def handle(request):
        hits.append(request.path)
        return web.Response(status=status, headers={"Location": "/elsewhere"})

    async with serving(handle) as (door, url):
        with pytest.raises(PeerRefused) as caught:
            await door.get(url + "/here")
    assert caught.value.status == status
    assert hits == ["/here"]


@every(
    ("status", "kind"),
    [
        (400, PeerRefused),
        (401, PeerRefused),
        (404, PeerRefused),
        (500, PeerRefused),
        (429, PeerUnreachable),
        (503, PeerUnreachable),
    ],
)
async def test_refusals_are_typed(status, kind):
    async def handle(_request):
        return web.Response(status=status, body=b'{"reason": "no"}')

    async with serving(handle) as (door, url):
        with pytest.raises(kind) as caught:
            await door.get(url)
        if kind is PeerRefused:
            assert (caught.value.status, caught.value.body) == (status, b'{"reason": "no"}')


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("status", [200, 400])
async def test_a_long_answer_is_cut_off(monkeypatch, chunked, status):
    monkeypatch.setattr(outbound_module, "REFUSAL_BYTES_MAX", 1000)

    async def handle(request):
        response = web.StreamResponse(status=status)
        if chunked:
            response.enable_chunked_encoding()
        else:
            response.content_length = 10**9
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):
            for _ in range(10**5):
                await response.write(b"x" * 1000)
        return response

    async with serving(handle) as (door, url):
        with pytest.raises(PeerMisbehaved, match="more than 1000 bytes"):
            await door.get(url, limit_bytes=1000)


async def test_an_encoded_answer_is_refused():
    async def handle(_request):
        return web.Response(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})

    async with serving(handle) as (door, url):
        with pytest.raises(PeerMisbehaved, match="encoded"):
            await door.get(url)


async def test_an_answer_that_is_not_json_is_the_peers_fault():
    async def handle(_request):
        return web.Response(body=b"<html>")

    async with serving(handle) as (door, url):
        with pytest.raises(PeerMisbehaved, match="not JSON"):
            (await door.get(url)).json()


HEAVY = {
    "lists": b"[" + b"[]," * (ANSWER_BYTES_MAX // 3 - 2) + b"[]]",
    "keys": b"{" + b",".join(b'"%x":0' % number for number in range(ANSWER_BYTES_MAX // 12)) + b"}",
    "depth": b"[" * (ANSWER_BYTES_MAX // 2) + b"]" * (ANSWER_BYTES_MAX // 2),
    "digits": b"1" * ANSWER_BYTES_MAX,
    "a text": b'"' + b"x" * (ANSWER_BYTES_MAX - 2),
}


@pytest.mark.parametrize("name", HEAVY)
async def test_an_answer_that_is_heavy_to_read_is_not_read(name):
    answer = Answer(200, {}, HEAVY[name])
    with within(1), pytest.raises(PeerMisbehaved):
        answer.json()


async def test_a_silent_or_broken_peer_is_unreachable():
    async def handle(request):
        if request.path == "/slow":
            await asyncio.sleep(1)
        request.transport.close()
        return web.Response()

    async with serving(handle) as (door, url):
        with pytest.raises(PeerUnreachable):
            await door.get(url + "/slow", timeout_seconds=0.1)
        with pytest.raises(PeerUnreachable):
            await door.get(url + "/broken")
    async with Outbound(development=True) as door:
        with pytest.raises(PeerUnreachable):
            await door.get(url)


async def test_a_download_streams_and_is_bounded():
    data = bytes(range(256)) * 4096

    async def handle(request):
        if request.headers.get("Range") == "bytes=256-":
            return web.Response(body=data[256:], status=206)
        return web.Response(body=data)

    async with serving(handle) as (door, url):
        async with door.download(url, limit_bytes=len(data), headers={"Range": "bytes=256-"}) as download:
            assert download.status == 206
            assert b"".join([chunk async for chunk in download.chunks()]) == data[256:]
        with pytest.raises(PeerMisbehaved):
            async with door.download(url, limit_bytes=len(data) - 1) as download:
                async for _ in download.chunks():
                    pass
        with pytest.raises(OSError, match="my disk"):
            async with door.download(url, limit_bytes=len(data)) as download:
                async for _ in download.chunks():
                    raise OSError("my disk is full, that is not the peer's fault")


async def test_a_download_that_breaks_off_is_unreachable():
    async def handle(request):
        response = web.StreamResponse()
        response.content_length = 10**6
        await response.prepare(request)
        await response.write(b"x" * 1000)
        request.transport.close()
        return response

    async with serving(handle) as (door, url):
        with pytest.raises(PeerUnreachable):
            async with door.download(url, limit_bytes=10**6) as download:
                async for _ in download.chunks():
                    pass
