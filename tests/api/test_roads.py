"""One pull from several sources, over real connections: who lies is dropped at its first row, who is silent is left."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from connector.consumer import carrier
from connector.consumer import roads as sources
from connector.consumer.carrier import Carrier
from connector.consumer.roads import Road, Roads
from connector.custody.intake import Intake
from connector.custody.places import sectors
from connector.custody.slabs import Memory, Pool
from connector.demo.processes import free_ports
from connector.net.outbound import Outbound
from connector.runtime.errors import AddressRefused, PeerMisbehaved, PeerRefused, PeerUnreachable
from contracts.ranges import RowSet
from ledger.edition.opening import Code, OpeningError
from tests.custody.conftest import world  # noqa: F401  # a fixture
from tests.every import every

# what a source does with rows `first` to `first + count`, whose right bytes are `body`


def honest(_first, body):
    return web.Response(body=body)


def poison(_first, body):
    return web.Response(body=bytes([body[0] ^ 1]) + body[1:])


def short(_first, body):
    return web.Response(body=body[:-1])


def refuses(_first, _body):
    return web.Response(status=402)


def busy(_first, _body):
    return web.Response(status=503)


class Source:
    """A server of sealed bytes that behaves as it is told, and counts what it is asked."""

    def __init__(self, world, behaves, everybody):  # noqa: F811
        self.asked, self._world, self._behaves, self._everybody = [], world, behaves, everybody

    async def pieces(self, request):
        first, count = int(request.query["first"]), int(request.query["count"])
        self.asked.append((first, count))
        if len(self.asked) == 1:  # nobody brings everything before the others were asked
            await self._everybody.wait()
        return self._behaves(first, b"".join(self._world.pieces()[first : first + count]))


@asynccontextmanager
async def serving(world, *behaviours, own=True):  # noqa: F811
    """Serve from as many sources; yield them with the roads to them, the first of which is the provider's."""
    async with AsyncExitStack() as stack:
        made, found, everybody = [], [], asyncio.Barrier(len(behaviours))
        for behaves in behaviours:
            source, port = Source(world, behaves, everybody), free_ports(1)[0]
            app = web.Application()
            app.router.add_get("/e/pieces", source.pieces)
            runner = web.AppRunner(app)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", port).start()
            made.append(source)
            found.append(Road(f"http://127.0.0.1:{port}/e", "Ticket x", own=own and not found))
        yield made, Roads(found)


@pytest.fixture(autouse=True)
def small_requests(monkeypatch):
    """Ask for few rows at a time, so that every source has its turn."""
    monkeypatch.setattr(carrier, "REQUEST_ROWS", 1)


async def carried(world, roads):  # noqa: F811
    """Carry the whole edition to a file, a row or two at a time; return its bytes."""
    path = world.replicas / "carried.sealed"
    path.unlink(missing_ok=True)
    table = world.sealed.table
    intake = Intake(path, table)
    made = Carrier(table, Pool(Memory(), sectors(table.longest_sealed), 16), roads, intake, keeps=False)
    async with Outbound(development=True) as outbound:
        try:
            async with asyncio.timeout(10):
                await made.start(outbound, RowSet(((0, len(table)),)))
                await made.all_here()
        finally:
            await made.close()
            intake.sync()
            intake.close()
    return path.read_bytes()


@pytest.mark.parametrize(
    ("behaviours", "dropped"),
    [
        ([honest], []),
        ([honest, honest, honest], []),
        ([honest, poison], [1]),
        ([honest, poison, poison, honest], [1, 2]),
        ([poison, honest], [0]),  # the provider's own bytes are no better than another's
        ([honest, short], []),
        ([honest, busy], []),
        ([busy, honest], []),
        ([honest, refuses], []),
    ],
)
async def test_the_right_bytes_come_whoever_else_is_asked(world, behaviours, dropped):  # noqa: F811
    async with serving(world, *behaviours) as (made, roads):
        assert await carried(world, roads) == world.sealed.path.read_bytes()
        assert sorted(roads.dropped) == sorted(roads.all[number].origin for number in dropped)
        assert sum(roads.drawn.values()) == len(world.sealed.table)
        for number in dropped:
            wrong = roads.drawn[roads.all[number].origin]
            assert len(made[number].asked) <= wrong + 2  # one more that another thread had under way
        if behaviours == [honest] * 3:
            assert len(roads.drawn) == 3


@pytest.mark.parametrize(
    ("behaviours", "fault"),
    [
        ([busy, poison], PeerUnreachable),  # asked again later, and never again of the liar
        ([poison], PeerMisbehaved),
        ([poison, poison], PeerMisbehaved),
        ([busy, short], (PeerUnreachable, PeerMisbehaved)),
        ([refuses, honest], PeerRefused),  # what the provider refuses nobody else allows
    ],
)
async def test_a_pull_ends_when_nobody_is_left_or_the_provider_says_no(world, behaviours, fault):  # noqa: F811
    async with serving(world, *behaviours) as (_, roads):
        with pytest.raises(fault):
            await carried(world, roads)


def test_the_last_source_is_never_left_for_a_wrong_row():
    only, other = Road("http://a/e", "Ticket x"), Road("http://b/e", "Pass x", own=False)
    roads, wrong = Roads([only, other]), OpeningError(Code.BYTES, "ciphertext", "another piece", 3)
    roads.leave(only, wrong)
    roads.leave(only, wrong)
    roads.leave(other, wrong)
    assert roads.onward(only) == roads.onward(other) == other
    assert list(roads.dropped) == ["http://a"]
    roads.renew([Road("http://b/e", "Pass fresh", own=False), Road("http://a/e", "Ticket fresh")])
    assert roads.onward(only).authorization == roads.onward(other).authorization == "Pass fresh"
    with pytest.raises(PeerUnreachable):
        roads.leave(other, PeerUnreachable("gone"))


@pytest.mark.parametrize(
    "fault",
    [AddressRefused("inside"), PeerUnreachable("gone"), PeerMisbehaved("too long"), PeerRefused("no", 402, b"")],
)
def test_a_holder_is_left_for_whatever_it_does_and_dropped_only_for_wrong_bytes(fault):
    own, holder = Road("http://a/e", "Ticket x"), Road("http://b/e", "Pass x", own=False)
    roads = Roads([own, holder])
    assert isinstance(fault, sources.FAULTS)
    roads.leave(holder, fault)
    assert roads.onward(holder) == own
    assert not roads.dropped


NAMED = [
    ({"sources": [{"endpoint": "http://127.0.0.1:8001/held/e", "authorization": "x"}]}, 1),
    ({"sources": [{"endpoint": f"http://127.0.0.1:{n}/held/e", "authorization": "x"} for n in range(8001, 8009)]}, 3),
    ({"sources": [{"endpoint": "http://127.0.0.1:8001/held/e", "authorization": "x\r\nHost: evil"}]}, 0),
    ({"sources": [{"endpoint": "http://169.254.169.254/latest", "authorization": "x"}]}, 0),
    ({"sources": [{"endpoint": "file:///etc/passwd", "authorization": "x"}]}, 0),
    ({"sources": [{"endpoint": "http://dropped.example/held/e", "authorization": "x"}]}, 0),
    ({"sources": "everywhere"}, 0),
    ({"sources": [7]}, 0),
    ({}, 0),
    ([], 0),
]


@every(("told", "count"), NAMED)
async def test_what_a_provider_names_is_read_strictly_and_addresses_are_checked(told, count):
    async def answer(_request):
        return web.json_response(told | {"authorization": "fresh"} if isinstance(told, dict) else told)

    app = web.Application()
    app.router.add_get("/e/sources", answer)
    runner, port = web.AppRunner(app), free_ports(1)[0]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    own = Road(f"http://127.0.0.1:{port}/e", "Ticket x")
    try:
        async with Outbound(development=True) as outbound:
            found = await sources.sources(outbound, own, {"http://dropped.example"})
    finally:
        await runner.cleanup()
    assert found[0] in (own, replace(own, authorization="Ticket fresh"))
    assert not count or found[0] != own
    assert len(found) == 1 + count
    assert all(road.authorization.startswith("Pass ") and not road.own for road in found[1:])


async def test_who_cannot_be_asked_for_sources_is_the_only_one():
    own = Road(f"http://127.0.0.1:{free_ports(1)[0]}/e", "Ticket x")
    async with Outbound(development=True) as outbound:
        assert await sources.sources(outbound, own) == [own]
        assert await sources.sources(outbound, own, {own.origin}) == [own]
