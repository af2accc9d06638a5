"""A participant in public, and everybody who would like it to call a place of their choosing: it opens no socket.

The connector runs here, with its HTTP surface on a socket, so that the test sees every name that it resolves and every
socket that it makes outward. Whoever calls it is known to it, because no document could be fetched.
"""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from connector import settings
from connector.addresses import Gate
from connector.app import Connector
from connector.cli.init import initialise
from connector.clock import Clock
from connector.engine.pulling import Carrier
from connector.errors import AddressRefused, PeerMisbehaved
from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import peers, tokens
from connector.protocol import messages
from connector.web.server import build
from tests.engine.world import listed_offer, product
from tests.hostile.addresses import DIDS, LOOPBACK, NEVER, PLACES, PLAIN
from tests.hostile.host import EDITION, ROLES
from tests.web.conftest import Said
from tests.web.test_dsp_faults import is_error

pytestmark = pytest.mark.asyncio(loop_scope="session")

URL, CALLER, PRODUCT = "https://connector.example", "did:web:caller.example", "flat"
WAIT_SECONDS = 10
GOOD = ("93.184.215.14",)
HARMLESS = "harmless.example"
ADDRESSES = [*NEVER, *LOOPBACK, *PLAIN]


class Watch:
    """What the connector tried: names resolved, sockets made; `places` are the answers about a name, in turn."""

    def __init__(self):
        self.places = {}
        self.forget()

    def forget(self):
        self.resolved, self.sockets = [], []

    async def resolve(self, host, port, family):
        self.resolved.append(host)
        told = self.places.get(host, [GOOD])
        found = told.pop(0) if len(told) > 1 else told[0]
        return [
            {"hostname": host, "host": place, "port": port, "family": family, "proto": 0, "flags": 0} for place in found
        ]

    def make(self, gate, info):
        gate.check_address(info[4][0])
        self.sockets.append(info[4])
        raise OSError("the test's network ends here")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watch():
    watched, patch = Watch(), pytest.MonkeyPatch()

    async def resolve(_resolver, host, port=0, family=socket.AF_INET):
        return await watched.resolve(host, port, family)

    def make(gate, info):
        return watched.make(gate, info)

    patch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    patch.setattr(Gate, "socket", make)
    yield watched
    patch.undo()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def public(tmp_path_factory, watch):
    """A connector that is not in development: its address and its callers' are https."""
    data = tmp_path_factory.mktemp("public") / "data"
    fixed = {"name": "Public", "roles": ROLES, "region": "US-NY", "exchange": "", "development": False}
    initialise(data, port=7001, public_url=URL, **fixed)
    connector = await Connector.start(data, settings.load(data, {}, {}))
    runner = web.AppRunner(build(connector), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await connector.recover()
    edition = {"id": EDITION, "header": {"plainBytes": "1000"}, "state": "registered", "created": Clock().now()}
    await connector.store.write(
        lambda tx: (tx.insert("products", **product(id=PRODUCT, tier="plain")), tx.insert("editions", **edition))
    )
    try:
        yield SimpleNamespace(connector=connector, port=runner.addresses[0][1], data=data)
    finally:
        await runner.cleanup()
        await connector.close()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def caller(tmp_path_factory, public):
    """Somebody whose document the connector has just read."""
    keys = key_files.create(folder := tmp_path_factory.mktemp("caller") / "keys") or key_files.load(folder)
    document = dids.Document(CALLER, {CALLER + "#token": keys.token.public_key()}, None, None, None, None, {})
    known = peers._Known(document, public.connector.clock.monotonic())
    public.connector.peers._known[CALLER] = known

    def bearer(**changes):
        token = tokens.issue(keys.token, CALLER, public.connector.did, Clock().now())
        return {"Authorization": tokens.SCHEME + token}

    return bearer


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def say(public):
    """Send JSON to the connector; the test's own sockets are none of its."""
    async with aiohttp.ClientSession() as session:

        async def request(method, path, body, headers):
            url = f"http://127.0.0.1:{public.port}{path}"
            async with session.request(method, url, json=body, headers=headers) as answer:
                return Said(answer.status, await answer.read(), dict(answer.headers))

        yield request


@pytest.fixture
def owner(public):
    return {"Authorization": f"Bearer {(public.data / 'management.token').read_text().strip()}"}


async def stored(public):
    tables = ("negotiations", "transfers", "outbox", "received", "tokens_seen", "members")
    return {table: await public.connector.store.read(lambda tx, t=table: tx.find(t)) for table in tables}


def offered():
    return listed_offer(product(id=PRODUCT, tier="plain"))


# path → a first message that names where to call back
FIRST = {
    "/dsp/negotiations/request": lambda url: messages.contract_request(
        consumer_pid="urn:uuid:1", offer=offered(), callback=url
    ),
    "/dsp/negotiations/offers": lambda url: messages.contract_offer(
        provider_pid="urn:uuid:1", offer=offered(), callback=url
    ),
    "/dsp/transfers/request": lambda url: messages.transfer_request("urn:uuid:1", "urn:a", "HttpData-PULL", url),
}


async def test_there_are_cases_enough():
    assert len(set(ADDRESSES)) >= 200
    assert len(set(PLACES)) >= 25
    assert len(set(DIDS)) >= 35


@pytest.mark.parametrize("path", FIRST)
async def test_a_callback_that_we_would_not_call(public, watch, caller, say, path):
    watch.forget()
    before, taken = await stored(public), []
    for url in ADDRESSES:
        said = await say("POST", path, FIRST[path](url), caller())
        if said.status != 400:
            taken.append((url, said))
        else:
            is_error(said, 400, path, "address", "malformed")
    assert not taken
    assert watch.resolved == watch.sockets == []
    assert await stored(public) == before


@pytest.mark.parametrize("path", FIRST)
async def test_a_callback_whose_name_leads_inside(public, watch, caller, say, path):
    """Resolved before it is kept, and not called."""
    before = await stored(public)
    for places in PLACES:
        watch.forget()
        watch.places[HARMLESS] = [places]
        said = await say("POST", path, FIRST[path](f"https://{HARMLESS}/dsp"), caller())
        is_error(said, 400, path, "address")
        assert watch.resolved == [HARMLESS]
        assert watch.sockets == []
    assert await stored(public) == before


async def test_a_counterparty_that_we_would_not_call(public, watch, say, owner):
    """The owner may be deceived, too, by a catalogue that it read."""
    watch.forget()
    before, taken = await stored(public), []
    mandate = {"bid": 1, "limit": 2, "rounds": 2, "tier": "plain"}
    for url in ADDRESSES:
        body = {"provider": CALLER, "base": url, "offer": offered(), "mandate": mandate}
        said = await say("POST", "/management/negotiations", body, owner)
        if (said.status, said.json["code"]) != (400, "address"):
            taken.append((url, said))
    assert not taken
    assert watch.resolved == watch.sockets == []
    assert await stored(public) == before


async def test_a_participant_whose_document_lies_inside(public, watch, say, owner, caller):
    """Neither as the issuer of a token nor as a member to be admitted."""
    watch.forget()
    before, keys = await stored(public), key_files.load(public.data / "keys")
    for did in DIDS:
        token = tokens.issue(keys.token, did, public.connector.did, Clock().now())
        header = {"Authorization": tokens.SCHEME + token}
        said = await say("POST", "/dsp/catalog/request", None, header)
        is_error(said, 404, "/dsp/catalog/request", "token")
        said = await say("POST", "/management/members", {"did": did}, owner)
        assert said.status == 400, (did, said)
    assert watch.resolved == watch.sockets == []
    assert await stored(public) == before


async def test_bytes_that_lie_inside(public, watch):
    """The data address of a start is the provider's to choose; what it says is not fetched either."""

    class Table:
        @staticmethod
        def span(_first, count):
            return 0, count

    intake = SimpleNamespace(table=Table, held=None, stream=lambda _first, _count: None)
    for url in ADDRESSES:
        watch.forget()
        address = messages.data_address(url, {"authorization": "x"})
        carrier = Carrier(public.connector, "", intake, address, None)
        with pytest.raises(AddressRefused):
            await carrier._try(0, 1)
        assert watch.resolved == watch.sockets == [], url


NO_TICKET = {
    "none": lambda address: {**address, "endpointProperties": []},
    "no properties": lambda address: {name: value for name, value in address.items() if name != "endpointProperties"},
    "another": lambda address: messages.data_address(address["endpoint"], {"token": "x"}),
    "two lines": lambda address: messages.data_address(address["endpoint"], {"authorization": "x\r\nHost: evil"}),
    "no ASCII": lambda address: messages.data_address(address["endpoint"], {"authorization": "\u00fc"}),
}


@pytest.mark.parametrize("name", NO_TICKET)
async def test_a_data_address_without_a_ticket(public, name):
    address = NO_TICKET[name](messages.data_address("https://harmless.example", {"authorization": "x"}))
    with pytest.raises(PeerMisbehaved, match="ticket"):
        Carrier(public.connector, "", SimpleNamespace(table=None, held=None), address, None)


async def test_a_name_that_leads_inside_only_when_it_is_called(public, watch, caller, say):
    """DNS rebinding: public when the message comes, private when the answer goes out; the last test, for it goes on."""
    watch.forget()
    begun = {}
    for number, places in enumerate(PLACES):
        watch.places[f"rebinding-{number}.example"] = [GOOD, places]
        callback = f"https://rebinding-{number}.example/dsp"
        request = FIRST["/dsp/negotiations/request"](callback) | {"consumerPid": f"urn:uuid:{number}"}
        said = await say("POST", "/dsp/negotiations/request", request, caller())
        assert said.status == 201, said
        begun[said.json["providerPid"]] = callback
    async with asyncio.timeout(WAIT_SECONDS):
        while len(await refused(public)) < len(PLACES):
            await asyncio.sleep(0.02)
    assert await refused(public) == set(begun)
    assert watch.sockets == []


async def refused(public):
    """Return the negotiations whose message was not sent, because of where it would have gone."""
    rows = await public.connector.store.read(lambda tx: tx.find("outbox"))
    return {row["subject"] for row in rows if row["error"].startswith("AddressRefused")}
