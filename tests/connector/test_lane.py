"""A thread's own connection: where it may go, what it takes for an answer, how it ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time

import pytest
from aiohttp import web

from connector.net import lane as lanes
from connector.net import tls
from connector.net.outbound import Outbound
from connector.runtime.errors import AddressRefused, PeerMisbehaved, PeerRefused, PeerUnreachable
from tests.api.authority import Authority
from tests.every import every
from tests.hostile.addresses import LOOPBACK, NEVER

BODY = bytes(range(256)) * 4096


@contextlib.asynccontextmanager
async def serving(handler, context=None):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    try:
        yield f"http{'s' if context else ''}://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def whole(_request):
    return web.Response(body=BODY)


def fetch(lane):
    lane.ask("/x?first=0", {"Authorization": "Ticket t"}, len(BODY))
    got = memoryview(bytearray(len(BODY)))
    lane.read(got)
    return bytes(got)


@pytest.mark.parametrize("secure", [False, True])
async def test_bytes_come_into_our_own_memory_over_one_connection(tmp_path, secure):
    ports = set()

    async def handle(request):
        assert request.headers["Authorization"] == "Ticket t"
        ports.add(request.transport.get_extra_info("peername"))
        return web.Response(body=BODY)

    authority = Authority(tmp_path)
    certificate, key = authority.certificate("server")
    context = tls.serving(str(certificate), str(key)) if secure else None
    trust = tls.trusting(str(authority.bundle))
    async with serving(handle, context) as url, Outbound(development=True, trust=trust) as door:
        lane = await door.lane(url)
        assert await asyncio.to_thread(fetch, lane) == await asyncio.to_thread(fetch, lane) == BODY
        lane.close()
    assert len(ports) == 1


async def test_who_is_not_believed_is_not_heard(tmp_path):
    certificate, key = Authority(tmp_path / "theirs").certificate("server")
    ours = tls.trusting(str(Authority(tmp_path / "ours").bundle))
    context = tls.serving(str(certificate), str(key))
    async with serving(whole, context) as url, Outbound(development=True, trust=ours) as door:
        with pytest.raises(PeerUnreachable, match="certificate"):
            await asyncio.to_thread(fetch, await door.lane(url))


@every("url", [*NEVER[::7], *LOOPBACK[::7]])
async def test_a_forbidden_address_has_no_lane(url):
    async with Outbound() as door:
        with pytest.raises(AddressRefused):
            await door.lane(url)


async def test_the_address_is_looked_at_once_more_before_its_socket():
    """A lane that was made lawfully opens nothing when its address is not, whoever put it there."""
    async with serving(whole) as url, Outbound(development=True) as door:
        lane = await door.lane(url)
        lane._found[0]["host"] = "10.0.0.1"
        with pytest.raises(AddressRefused):
            await asyncio.to_thread(fetch, lane)


async def chunked(request):
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(BODY)
    return response


async def encoded(_request):
    return web.Response(body=BODY, headers={"Content-Encoding": "gzip"})


async def moved(_request):
    raise web.HTTPFound("/elsewhere")


async def breaks_off(request):
    response = web.StreamResponse(headers={"Content-Length": str(len(BODY))})
    await response.prepare(request)
    await response.write(BODY[:1000])
    request.transport.abort()
    return response


ANSWERS = {
    "chunks": (chunked, PeerMisbehaved, "instead of"),
    "encoded": (encoded, PeerMisbehaved, "instead of"),
    "another length": (lambda _request: asyncio.sleep(0, web.Response(body=BODY + b"x")), PeerMisbehaved, "instead of"),
    "a redirect": (moved, PeerRefused, "302"),
    "broken off": (breaks_off, PeerUnreachable, "did not answer|ended"),
    "later": (lambda _request: asyncio.sleep(0, web.Response(status=503, body=b"busy")), PeerUnreachable, "later"),
}


@every("answer", ANSWERS)
async def test_another_answer_is_the_peers_fault(answer):
    handler, kind, words = ANSWERS[answer]

    async def handle(request):
        return await handler(request)

    async with serving(handle) as url, Outbound(development=True) as door:
        lane = await door.lane(url)
        with pytest.raises(kind, match=words):
            await asyncio.to_thread(fetch, lane)
        lane.close()


async def test_who_sends_nothing_is_left(monkeypatch):
    monkeypatch.setattr(lanes, "STALL_SECONDS_MAX", 0.2)

    async def silent(_request):
        await asyncio.sleep(5)

    async with serving(silent) as url, Outbound(development=True) as door:
        with pytest.raises(PeerUnreachable, match="timed out"):
            await asyncio.to_thread(fetch, await door.lane(url))


async def test_a_cut_wakes_who_reads_and_lets_nobody_in_again():
    asked = threading.Event()

    async def silent(_request):
        asked.set()
        await asyncio.sleep(5)

    async with serving(silent) as url, Outbound(development=True) as door:
        lane = await door.lane(url)
        reading = asyncio.ensure_future(asyncio.to_thread(fetch, lane))
        await asyncio.to_thread(asked.wait)
        begun = time.monotonic()
        lane.cut()
        with pytest.raises(PeerUnreachable):
            await reading
        assert time.monotonic() - begun < 4
        with pytest.raises(PeerUnreachable, match="cut"):
            await asyncio.to_thread(fetch, lane)


async def test_a_connection_that_the_peer_closed_meanwhile_is_opened_anew():
    async def handle(request):
        response = web.Response(body=BODY)
        asyncio.get_running_loop().call_later(0.1, request.transport.close)
        return response

    async with serving(handle) as url, Outbound(development=True) as door:
        lane = await door.lane(url)
        assert await asyncio.to_thread(fetch, lane) == BODY
        await asyncio.sleep(0.3)
        assert await asyncio.to_thread(fetch, lane) == BODY
        lane.close()
