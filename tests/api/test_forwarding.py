"""Two processes of one participant: who does not work passes on what only who works can answer, byte for byte."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import aiohttp
import pytest
from aiohttp import web

from connector.api import forwarding
from connector.api.authorize import ROUTES, Who
from connector.api.faults import answer_fault
from connector.api.forwarding import PASSED, Forwarding, is_anywhere
from connector.demo.processes import free_ports

HELD = SimpleNamespace(held=True)
MANAGED = next(route for route in ROUTES if route.handler == "console.page")
PEER = next(route for route in ROUTES if route.handler == "channel.voucher")
SETTINGS = SimpleNamespace(side_by_side=True, is_copied=False, url="http://localhost:1")


class Away:
    """The right to work, which another process has, at an address that may change."""

    def __init__(self, *places):
        self.held, self._places = False, list(places)

    async def where(self):
        place = self._places.pop(0) if len(self._places) > 1 else self._places[0]
        if place == "here":
            self.held = True
            return ""
        return place


async def serving(handle, port=0, context=()):
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", handle)
    app.cleanup_ctx.extend(context)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    return runner, f"http://127.0.0.1:{runner.addresses[0][1]}"


@pytest.fixture
async def front():
    """Return how a process is begun that passes on, or answers `here`: by the right to work, perhaps of a route."""
    begun = []

    async def begin(tenure, route=MANAGED):
        passing = Forwarding(SETTINGS, tenure, None)

        async def handle(request):
            try:
                asked = MANAGED if "Route" in request.headers else route
                passed = await passing.pass_on(asked, request)
            except Exception as fault:
                return answer_fault(request, fault)
            return web.Response(text="here") if passed is None else passed

        runner, url = await serving(handle, context=[passing.run])
        begun.append(runner)
        return url

    yield begin
    for runner in begun:
        await runner.cleanup()


@pytest.fixture
async def worker():
    """The process that works: it says what it was asked, and gives a body in two parts."""
    asked = []

    async def handle(request):
        asked.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        answer = web.StreamResponse(status=207, headers={"X-Said": "yes", "Connection": "close, X-Hop", "X-Hop": "1"})
        await answer.prepare(request)
        if request.method != "HEAD":
            await answer.write(b"first")
            if "break" in request.path:
                request.transport.abort()
                return answer
            await answer.write(b"-second")
        return answer

    runner, url = await serving(handle)
    yield url, asked
    await runner.cleanup()


@pytest.fixture
async def session():
    async with aiohttp.ClientSession(auto_decompress=False) as made:
        yield made


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "HEAD"])
async def test_a_request_is_passed_on_as_it_is_and_its_answer_back(front, worker, session, method):
    url, asked = worker
    at = await front(Away(url))
    body = b"\x00\xff" * 300_000 if method in {"POST", "PUT"} else None
    headers = {"Authorization": "Bearer x", "Cookie": "a=b", "X-Own": "1"}
    async with session.request(method, f"{at}/console/a%2Fb?x=%20y", data=body, headers=headers) as answer:
        assert (answer.status, answer.headers["X-Said"]) == (207, "yes")
        assert "X-Hop" not in answer.headers
        assert await answer.read() == (b"" if method == "HEAD" else b"first-second")
    [(told, path, sent, came)] = asked
    assert (told, path, came) == (method, "/console/a%2Fb?x=%20y", body or b"")
    assert {name: sent[name] for name in headers} == headers
    assert sent["Host"] == at.removeprefix("http://")
    assert sent[PASSED] == "1"


async def test_who_works_answers_itself(front, session):
    async with session.get(await front(HELD)) as answer:
        assert await answer.text() == "here"


async def test_what_peers_ask_is_answered_anywhere(front, session):
    async with session.post(await front(Away("http://127.0.0.1:1"), PEER)) as answer:
        assert await answer.text() == "here"


async def test_an_exchange_alone_answers_everything_anywhere(session):
    passing = Forwarding(SimpleNamespace(side_by_side=True, is_copied=True, url=""), Away("x"), None)
    assert await passing.pass_on(MANAGED, None) is None


async def test_one_that_has_just_ended_is_not_asked_and_the_next_one_is(front, worker, session):
    gone = f"http://127.0.0.1:{free_ports(1)[0]}"
    async with session.get(await front(Away(gone, gone, "", worker[0]))) as answer:
        assert answer.status == 207


async def test_who_takes_over_while_it_waits_answers_itself(front, session):
    async with session.get(await front(Away("", "", "here"))) as answer:
        assert await answer.text() == "here"


async def test_while_nobody_works_it_says_so_in_the_end(front, session, monkeypatch):
    monkeypatch.setattr(forwarding, "LEASE_SECONDS", 0.2)
    async with session.get(await front(Away(""))) as answer:
        assert answer.status == 503
        assert "about to take over" in (await answer.json())["hint"]


async def test_what_was_passed_on_is_passed_no_further(front, worker, session):
    async with session.get(await front(Away(worker[0])), headers={PASSED: "1"}) as answer:
        assert answer.status == 503
    assert worker[1] == []


async def test_an_answer_that_breaks_off_breaks_off(front, worker, session):
    at = await front(Away(worker[0]))
    with pytest.raises(aiohttp.ClientError):
        async with session.get(f"{at}/break") as answer:
            await answer.read()


async def test_what_got_no_answer_may_have_been_done(front, session):
    async def hang_up(request):
        await request.read()
        request.transport.abort()
        await asyncio.sleep(0)
        return web.Response()

    runner, url = await serving(hang_up)
    try:
        async with session.post(await front(Away(url)), data=b"once") as answer:
            assert (answer.status, (await answer.json())["code"]) == (504, "outcome-unknown")
    finally:
        await runner.cleanup()


async def test_strangers_who_fill_their_places_keep_nobody_else_out(front, session, monkeypatch):
    monkeypatch.setattr(forwarding, "FORWARDED_REQUESTS_MAX", 2)
    waiting, told = asyncio.Event(), asyncio.Semaphore(0)

    async def wait(request):
        if request.path == "/console/sign-in":
            told.release()
            await waiting.wait()
        return web.Response(text="there")

    runner, url = await serving(wait)
    strangers = [route for route in ROUTES if route.who is Who.ANYONE and not is_anywhere(route)]
    by_strangers = await front(Away(url), strangers[0])
    try:
        held = [asyncio.create_task(session.get(f"{by_strangers}/console/sign-in")) for _ in range(2)]
        for _ in held:
            await told.acquire()
        async with session.get(f"{by_strangers}/console/sign-in") as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too-many")
        async with session.get(by_strangers, headers={"Route": "owner"}) as answer:
            assert await answer.text() == "there"
        waiting.set()
        for each in await asyncio.gather(*held):
            assert await each.text() == "there"
    finally:
        waiting.set()
        await runner.cleanup()


def test_who_proves_a_person_or_a_plane_is_never_answered_beside_who_works():
    anywhere = [route for route in ROUTES if is_anywhere(route)]
    assert {route.who for route in anywhere} & {Who.ACCOUNT, Who.PLANE, Who.MOVER, Who.SENDER, Who.PASS} == set()
    # what an owner asks of the very process
    assert {route.handler.partition(".")[0] for route in anywhere if route.who is Who.OWNER} == {"telemetry"}
    assert {"dsp.negotiate", "channel.step", "sealed.pieces"} <= {route.handler for route in anywhere}
