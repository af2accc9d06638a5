"""The surface over HTTP on a stand-in for the participant: who is let in on which row, and in whose place."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from functools import partial
from types import SimpleNamespace

import orjson
import pytest
from aiohttp import ClientSession, TCPConnector, web
from aiohttp.http_exceptions import HttpProcessingError

from connector.api import console, operators, proving, server
from connector.api.authorize import Route, Who
from connector.api.faults import as_json
from connector.console.api_keys import ApiKeys
from connector.console.sessions import Sessions
from connector.consumer.holding import Holding
from connector.core.core import Core
from connector.custody import bearers, tickets
from connector.exchange.operators import Operators
from connector.identity import readers, tokens
from connector.identity.keys import Signer
from connector.identity.peers import Peers
from connector.identity.space.peer_logs import SeenElsewhere
from connector.identity.space.view import SpaceView
from connector.operation.health import Health
from connector.operation.metrics import Metrics
from connector.provider.data_addresses import DataAddresses
from connector.runtime.clock import SetClock
from connector.runtime.errors import NotPermitted, PeerUnreachable, Unproven
from connector.runtime.spans import Spans
from connector.store.tenure import Tenure
from tests.connector.identity.test_tokens import BUYER, DOCUMENTS, KEYS, NOW, PROVIDER, STRANGER
from tests.core import Parts, core

KEY, EDITION = b"k" * 32, b"\x01" * 32
ROUTES = [
    *(Route("GET", f"/{who.value}", who, frozenset({"provider"}), "x.y") for who in Who if who is not Who.PASS),
    Route("GET", "/pass/{edition}", Who.PASS, frozenset({"provider"}), "x.y"),
    Route("POST", "/peer", Who.PEER, frozenset({"provider", "buyer"}), "sealed.ticket"),
    Route("GET", "/elsewhere", Who.ANYONE, frozenset({"exchange"}), "x.y"),
    Route("GET", "/another", Who.OWNER, frozenset({"exchange", "buyer"}), "x.y"),
]


class House:
    """A participant as far as the surface looks at it; `seen` is whom the handlers served."""

    def __init__(self):
        self.did, self.roles, self.clock = PROVIDER, {"provider"}, SetClock(NOW)
        self.settings = SimpleNamespace(
            server=SimpleNamespace(request_seconds=5.0, trust=None), side_by_side=False, is_copied=False, url="http://x"
        )
        self.core = core(clock=self.clock, did=self.did, roles=self.roles, settings=self.settings)
        member = SimpleNamespace(log_key=KEYS[BUYER].log_public, log_keys=frozenset({KEYS[BUYER].log_public}))
        self.space = SimpleNamespace(members={BUYER: member})
        self.barred, self.proven, self.delay = set(), Counter(), 0.0
        self.gate, self.held, self.fault = asyncio.Event(), asyncio.Semaphore(0), None
        self.gate.set()
        self.parts = Parts({
            Core: self.core,
            Spans: Spans(),
            Tenure: None,
            Health: SimpleNamespace(catching_up=False),
            Metrics: SimpleNamespace(count=lambda *_: None),
            SpaceView: SimpleNamespace(
                current=self.current,
                last=lambda: self.space,
                member=self.member,
                refuse_known_barred=self.refuse_barred,
            ),
            Peers: SimpleNamespace(prove=self.prove),
            Operators: SimpleNamespace(prove=self.owns),
            ApiKeys: SimpleNamespace(prove=self.key),
            Holding: SimpleNamespace(admit=self.admit),
            Sessions: SimpleNamespace(of=self.session),
            DataAddresses: SimpleNamespace(key=KEY),
        })  # fmt: skip

    async def current(self):
        return self.space

    async def owns(self, header):
        if header not in {"owner", "operator"}:
            raise Unproven("not the owner")
        return None if header == "owner" else SimpleNamespace(name="Li Na")

    async def key(self, _header):
        return None

    async def admit(self, edition, header):
        if header != "pass":
            raise Unproven("no pass")
        return SimpleNamespace(edition=bytes.fromhex(edition), nonce=b"\x02"), {}

    async def session(self, request):
        if "ann" not in request.headers.get("Cookie", ""):
            raise Unproven("nobody has signed in")
        return SimpleNamespace(name="ann")

    async def prove(self, header):
        taken = tokens.take_apart(tokens.of_header(header))
        self.proven[taken.issuer] += 1
        await asyncio.sleep(self.delay)
        return tokens.verify(taken, DOCUMENTS[taken.issuer], self.did, self.clock.now())

    async def refuse_barred(self, did):
        if did in self.barred:
            raise NotPermitted("suspended")

    async def member(self, did):
        return self.space.members.get(did)

    async def serve(self, call):
        """What stands in for every handler: it tells whom it serves, when it may."""
        self.held.release()
        await self.gate.wait()
        if self.fault is not None:
            raise self.fault
        ticket = call.ticket and call.ticket.edition.hex()
        told = {"peer": call.peer, "caller": call.caller, "who": call.who, "ticket": ticket}
        return as_json(told | {"claims": call.claims is not None, "body": len(await call.request.read())})


async def _now(house, call):
    return await house.handler(call)


@pytest.fixture
def house(monkeypatch):
    found = House()
    found.handler = found.serve
    monkeypatch.setattr(operators, "handler_of", lambda route: partial(_now, found))
    monkeypatch.setattr(server, "ROUTES", ROUTES)
    return found


@pytest.fixture
async def say(house):
    """Ask the surface: say(path, authorization, …) → status, answer."""
    runner = web.AppRunner(server.build(house.parts), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    places = {place: ClientSession(connector=TCPConnector(local_addr=(place, 0))) for place in PLACES}

    async def asked(path, header="", method="GET", at="127.0.0.1", **more):
        headers = {"Authorization": header} | more.pop("headers", {})
        url = f"http://127.0.0.1:{runner.addresses[0][1]}{path}"
        async with places[at].request(method, url, headers=headers, **more) as answer:
            body = await answer.read()
            assert answer.headers["X-Request-ID"]
            return answer.status, orjson.loads(body)

    yield asked
    house.gate.set()
    for session in places.values():
        await session.close()
    await runner.cleanup()


PLACES = ("127.0.0.1", "127.0.0.2")


def bearer(did):
    return tokens.SCHEME + tokens.issue(Signer(KEYS[did].token, did + "#token"), PROVIDER, NOW)


def reading(did, audience=PROVIDER):
    return readers.header(KEYS[did].log, did, audience, NOW)["Authorization"]


TICKET = tickets.SCHEME + tickets.issue(KEY, EDITION, b"\x03" * 32, bytes(32), NOW)
PLAIN = bearers.SCHEME + bearers.issue(KEY, EDITION, b"\x03" * 32, bytes(32), NOW)


# Who is let in.


async def test_a_peer_is_proven_by_its_token(say, house):
    status, told = await say("/peer", bearer(STRANGER))
    assert (status, told["peer"], told["claims"]) == (200, STRANGER, True)
    house.barred.add(STRANGER)
    assert (await say("/peer", bearer(STRANGER)))[0] == 403
    assert (await say("/peer"))[0] == 401


async def test_a_member_is_a_peer_that_the_exchange_has_admitted(say, house):
    status, told = await say("/member", bearer(BUYER))
    assert (status, told["peer"]) == (200, BUYER)
    status, told = await say("/member", bearer(STRANGER))
    words = "nothing here for a participant that is not a member; ask the exchange to admit it"
    assert (status, words in str(told)) == (404, True)
    house.barred.add(BUYER)
    assert (await say("/member", bearer(BUYER)))[0] == 403


async def test_a_ticket_and_a_bearer_open_no_row_of_the_other(say):
    for path, good, wrong in (("/ticket", TICKET, PLAIN), ("/bearer", PLAIN, TICKET)):
        status, told = await say(path, good)
        assert (status, told["ticket"]) == (200, EDITION.hex())
        assert (await say(path, wrong))[0] == 401


async def test_a_pass_opens_the_replica_that_the_path_names(say):
    status, told = await say(f"/pass/{EDITION.hex()}", "pass")
    assert (status, told["caller"]) == (200, f"{EDITION.hex()}:02")
    assert (await say(f"/pass/{EDITION.hex()}"))[0] == 401


async def test_a_reader_is_a_member_by_the_key_of_its_log(say):
    status, told = await say("/reader", reading(BUYER))
    assert (status, told["peer"]) == (200, BUYER)
    status, told = await say("/reader", reading(STRANGER))
    assert (status, "members show this to members alone" in str(told)) == (401, True)
    assert (await say("/reader", reading(BUYER, STRANGER)))[0] == 401


async def test_an_owner_asks_as_itself_and_an_operator_as_one_of_its_posts(say, house):
    for header, who in (("owner", PROVIDER), ("operator", "Li Na")):
        assert (await say("/owner", header))[1]["who"] == who
    assert (await say("/owner", "x"))[0] == 401
    house.roles.add("exchange")
    status, told = await say("/owner", "operator")
    assert (status, "the owner's own business" in str(told)) == (403, True)


async def test_an_account_is_who_has_signed_in(say):
    status, told = await say("/account", headers={"Cookie": "ann"})
    assert (status, told["caller"]) == (200, "account:ann")
    assert (await say("/account"))[0] == 401


# Who is recognised where anybody may ask.


async def test_a_member_is_recognised_by_its_token(say, house):
    assert (await say("/anyone", bearer(BUYER)))[1]["peer"] == BUYER
    assert house.proven == {BUYER: 1}


async def test_a_stranger_s_document_is_never_asked_for(say, house):
    for header in (bearer(STRANGER), "", TICKET, "Bearer x", reading(BUYER)):
        status, told = await say("/anyone", header)
        assert (status, told["peer"]) == (200, "")
    assert house.proven == {}


async def test_a_member_that_cannot_be_proven_or_is_barred_is_anybody(say, house, monkeypatch):
    made = bearer(BUYER)
    assert (await say("/anyone", made[:-1] + ("A" if made[-1] != "A" else "Q")))[1]["peer"] == ""
    house.barred.add(BUYER)
    assert (await say("/anyone", bearer(BUYER)))[1]["peer"] == ""
    house.barred.clear()
    monkeypatch.setattr(proving, "RECOGNITION_SECONDS_MAX", 0.02)
    house.delay = 1.0
    assert (await say("/anyone", bearer(BUYER)))[1]["peer"] == ""


# In whose place.


@pytest.fixture
def one_place(monkeypatch):
    for name in ("STRANGER_REQUESTS_MAX", "PEER_REQUESTS_MAX"):
        monkeypatch.setattr(server, name, 1)


async def held(house, asked):
    """Let a request be served and wait there; return it."""
    house.gate.clear()
    task = asyncio.ensure_future(asked)
    await asyncio.wait_for(house.held.acquire(), 10)
    return task


async def passes(house, asked):
    """Say whether a second request is served beside the one that waits."""
    task = asyncio.ensure_future(asked)
    served = asyncio.ensure_future(house.held.acquire())
    await asyncio.wait({task, served}, return_when=asyncio.FIRST_COMPLETED)
    served.cancel()
    if task.done():
        assert task.result()[0] == 429
        return False
    house.gate.set()
    return (await task)[0] == 200


@pytest.mark.parametrize(
    ("first", "second", "free"),
    [
        (("/anyone",), ("/anyone",), False),
        (("/anyone",), ("/anyone", "", "GET", "127.0.0.2"), True),
        (("/anyone",), ("/anyone", bearer(BUYER)), True),
        (("/anyone",), ("/peer", bearer(BUYER)), True),
        (("/peer", bearer(BUYER)), ("/peer", bearer(BUYER)), False),
        (("/peer", bearer(BUYER)), ("/anyone", bearer(BUYER)), False),
        (("/peer", bearer(BUYER)), ("/peer", bearer(STRANGER)), True),
        (("/ticket", TICKET), ("/bearer", PLAIN), False),
        (("/owner", "owner"), ("/owner", "owner"), True),
    ],
)
async def test_whoever_answers_for_a_request_has_the_place(one_place, house, say, first, second, free):
    waiting = await held(house, say(*first))
    assert await passes(house, say(*second)) is free
    house.gate.set()
    assert (await waiting)[0] == 200
    assert (await say(*first))[0] == 200, "a place is given back"


async def test_who_is_still_to_be_proven_has_a_place_among_its_neighbours(one_place, house, say):
    house.delay = 0.5
    proving = asyncio.ensure_future(say("/peer", bearer(BUYER)))
    while not house.proven:
        await asyncio.sleep(0.01)
    assert (await say("/peer", bearer(STRANGER)))[0] == 429
    assert (await proving)[0] == 200


# How it is answered.


async def test_a_request_is_told_with_who_asked(say, house):
    for path, header in (("/peer", bearer(BUYER)), ("/anyone", ""), ("/owner", "owner")):
        await say(path, header)
    assert [span.peer for span in house.parts.of(Spans)._kept] == [BUYER, "anyone", "owner"]


async def test_a_body_is_read_as_its_row_says_once_the_caller_is_proven(say):
    status, told = await say("/peer", bearer(BUYER), "POST", data=b"x" * 100)
    assert (status, told["body"]) == (200, 100)
    status, told = await say("/peer", bearer(BUYER), "POST", data=b"x" * 100_000)
    assert (status, told["code"]) == (413, "too-large")
    assert (await say("/peer", "", "POST", data=b"x" * 100_000))[0] == 401


async def test_every_refusal_is_in_words(say, house):
    for path, method, status, code in (("/nowhere", "GET", 404, "absent"), ("/anyone", "POST", 405, "wrong-method")):
        found = await say(path, method=method)
        assert (found[0], found[1]["code"]) == (status, code)
    house.fault = web.HTTPNotFound()
    assert (await say("/anyone"))[1]["code"] == "absent"
    house.fault = PeerUnreachable("they are away")
    status, told = await say("/anyone")
    assert (status >= 500, "they are away" in str(told)) == (True, True)


async def test_a_message_that_another_process_overtook_is_looked_at_again_and_its_sender_hears_nothing(say, house):
    """Until it has been overtaken too often: then its sender is asked to send it again."""
    serve, tried = house.serve, []

    def overtaken(times):
        async def served(call):
            tried.append(await call.request.read())
            if len(tried) <= times:
                raise SeenElsewhere("kept elsewhere")
            return await serve(call)

        tried.clear()
        house.handler = served

    overtaken(server.SEEN_ELSEWHERE_MAX)
    status, told = await say("/peer", bearer(BUYER), "POST", data=b"x" * 100)
    assert (status, told["body"], set(tried)) == (200, 100, {b"x" * 100})
    overtaken(server.SEEN_ELSEWHERE_MAX + 1)
    assert (await say("/peer", bearer(BUYER), "POST", data=b"x"))[0] == 503
    assert len(tried) == server.SEEN_ELSEWHERE_MAX + 1


async def test_a_route_exists_for_the_roles_it_names_alone(say):
    assert (await say("/elsewhere"))[0] == 404
    assert (await say("/peer", bearer(BUYER)))[0] == 200


async def test_what_the_owner_asks_for_in_another_s_role_is_refused_in_words(say, house):
    status, told = await say("/another", "owner")
    assert (status, told["code"]) == (404, "absent")
    assert told["text"] == f"this is for the role buyer or exchange; `{PROVIDER}` is provider"
    assert (await say("/another", "x"))[0] == 401


def test_the_application_has_the_console_s_ground(house):
    assert console.CLOSING in server.build(house.parts)


def test_the_http_library_does_not_tell_of_every_request_that_is_none():
    logger = server._murmur()
    assert server._murmur() is logger
    assert len(logger.filters) == 1

    def told(fault):
        return bool(logger.filter(logging.LogRecord("x", 40, "x", 1, "x", (), fault and (type(fault), fault, None))))

    assert told(None)
    assert told(ValueError("ours"))
    assert not told(HttpProcessingError(message="noise"))
