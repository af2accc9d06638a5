"""A source that trickles is broken off, in words, also in its head; one that is only slow, or not read, is not."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from aiohttp import web

from connector.consumer import trickle
from connector.net import lane as lanes
from connector.net.outbound import Outbound
from connector.runtime.errors import PeerUnreachable
from tests.connector.test_lane import serving

LOOK_SECONDS, LEAST_BYTES = 0.4, 2_000
LENGTH = 10_000


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    # long: on a machine that is busy a source that trickles must not look like one that is silent
    monkeypatch.setattr(lanes, "STALL_SECONDS_MAX", 20 * LOOK_SECONDS)
    monkeypatch.setattr(trickle, "TRICKLE_SECONDS_MAX", LOOK_SECONDS)
    monkeypatch.setattr(trickle, "TRICKLE_BYTES", LEAST_BYTES)


def dripping(portion, pause):
    async def handle(request):
        response = web.StreamResponse(headers={"Content-Length": str(LENGTH)})
        await response.prepare(request)
        for _ in range(LENGTH // portion):
            await response.write(b"x" * portion)
            await asyncio.sleep(pause)
        return response

    return handle


async def fetched(handler, rest=0.0):
    """Read an answer through a watched lane, with a rest in the middle; return its bytes."""
    async with serving(handler) as url, Outbound(development=True) as door:
        lane = await door.lane(url)
        watching = asyncio.create_task(trickle.watch([lane]))
        view = memoryview(bytearray(LENGTH))
        try:
            await asyncio.to_thread(lane.ask, "/x", {}, LENGTH)
            await asyncio.to_thread(lane.read, view[: LENGTH // 2])
            await asyncio.sleep(rest)
            await asyncio.to_thread(lane.read, view[LENGTH // 2 :])
        finally:
            watching.cancel()
            lane.close()
        return bytes(view)


async def test_a_byte_now_and_then_is_as_good_as_none():
    with pytest.raises(PeerUnreachable, match="bytes came in"):
        await fetched(dripping(1, 0.01))


async def test_an_answer_that_is_only_slow_is_waited_for():
    assert await fetched(dripping(1_000, 0.1)) == b"x" * LENGTH


async def test_what_nobody_reads_is_not_the_sources_fault():
    assert await fetched(dripping(LENGTH, 0), rest=3 * LOOK_SECONDS) == b"x" * LENGTH


async def test_a_head_that_never_ends_is_broken_off():
    ended = asyncio.Event()

    async def speak(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nx: ")
        with contextlib.suppress(ConnectionError):
            while not (reader.at_eof() or writer.is_closing()):  # it may end with a reset
                writer.write(b"y")
                await asyncio.sleep(0.02)
        writer.transport.abort()
        ended.set()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    async with server, Outbound(development=True) as door:
        lane = await door.lane(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        watching = asyncio.create_task(trickle.watch([lane]))
        with pytest.raises(PeerUnreachable, match="0 bytes came in"):
            await asyncio.to_thread(lane.ask, "/x", {}, LENGTH)
        watching.cancel()
        lane.close()
        async with asyncio.timeout(5):
            await ended.wait()
