"""A participant in public, and everybody who would like it to call a place of their choosing: it opens no socket.

The connector runs here, with its HTTP surface on a socket of its own; see tests/hostile/public.py.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.consumer.carrier import Carrier
from connector.consumer.roads import Road, Roads
from connector.custody.slabs import Memory, Pool
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.negotiation.protocol import data_address, messages
from connector.runtime.clock import Clock
from connector.runtime.errors import AddressRefused, PeerMisbehaved
from contracts.ranges import RowSet
from tests.api.test_dsp_faults import is_error
from tests.fault import extent
from tests.hostile.addresses import CONTEXTS, DIDS, LOOPBACK, NEVER, PLACES, PLAIN
from tests.hostile.public import GOOD, offered, public, watched

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALLER = "did:web:caller.example"
WAIT_SECONDS = 10
TRANSFER = "/dsp/transfers/request"
HARMLESS = "harmless.example"
ADDRESSES = [*NEVER, *LOOPBACK, *PLAIN]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watch():
    with watched() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ours(tmp_path_factory, watch):
    async with public(tmp_path_factory.mktemp("public") / "data") as made:
        yield made


@pytest.fixture(scope="module")
def caller(tmp_path_factory, ours):
    """Somebody whose document the connector has just read."""
    folder = tmp_path_factory.mktemp("caller") / "keys"
    return ours.know(CALLER, key_files.create(folder) or key_files.load(folder))


async def stored(ours):
    return await ours.rows("negotiations", "transfers", "outbox", "received", "tokens_seen", "members")


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
    assert len(CONTEXTS) >= 30


@pytest.mark.parametrize("path", FIRST)
async def test_a_callback_that_we_would_not_call(ours, watch, caller, path, record_property):
    watch.forget()
    before, taken = await stored(ours), []
    for url in ADDRESSES:
        said = await ours.say("POST", path, FIRST[path](url), caller())
        if said.status != 400:
            taken.append((url, said))
        else:
            is_error(said, 400, path, "address", "malformed")
    assert not taken
    assert watch.resolved == watch.sockets == []
    assert await stored(ours) == before
    record_property(extent.ADDRESSES, len(ADDRESSES))


@pytest.mark.parametrize("path", FIRST)
async def test_a_callback_whose_name_leads_inside(ours, watch, caller, path, record_property):
    """Resolved before it is kept, and not called."""
    before = await stored(ours)
    for places in PLACES:
        watch.forget()
        watch.places[HARMLESS] = [places]
        said = await ours.say("POST", path, FIRST[path](f"https://{HARMLESS}/dsp"), caller())
        is_error(said, 400, path, "address")
        assert watch.resolved == [HARMLESS]
        assert watch.sockets == []
    assert await stored(ours) == before
    record_property(extent.ADDRESSES, len(PLACES))


async def test_a_counterparty_that_we_would_not_call(ours, watch, record_property):
    """The owner may be deceived, too, by a catalogue that it read."""
    watch.forget()
    before, taken = await stored(ours), []
    mandate = {"bid": 1, "limit": 2, "rounds": 2, "tier": "plain"}
    for url in ADDRESSES:
        body = {"provider": CALLER, "base": url, "offer": offered(), "mandate": mandate}
        said = await ours.say("POST", "/management/negotiations", body, ours.owner)
        if (said.status, said.json["code"]) != (400, "address"):
            taken.append((url, said))
    assert not taken
    assert watch.resolved == watch.sockets == []
    assert await stored(ours) == before
    record_property(extent.ADDRESSES, len(ADDRESSES))


async def test_a_context_is_a_name(ours, watch, caller, record_property):
    """Of the message or of its data address: it is compared, and never fetched, read or interpreted."""
    watch.forget()
    watch.places[HARMLESS] = [GOOD]
    before = await stored(ours)
    request, transfer = (FIRST[path](f"https://{HARMLESS}/dsp") for path in ("/dsp/negotiations/request", TRANSFER))
    for context in CONTEXTS:
        for path, body in (
            (TRANSFER, transfer | {"@context": context}),
            (TRANSFER, transfer | {"dataAddress": {"@context": context, "@type": "DataAddress"}}),
            ("/dsp/negotiations/request", request | {"@context": context, "consumerPid": ""}),
        ):
            is_error(await ours.say("POST", path, body, caller()), 400, path, "malformed", "unacceptable")
    assert set(watch.resolved) <= {HARMLESS}
    assert watch.sockets == []
    assert await stored(ours) == before
    record_property(extent.CONTEXTS, len(CONTEXTS))


async def test_a_participant_whose_document_lies_inside(ours, watch, caller):
    """Neither as the issuer of a token nor as a member to be admitted."""
    watch.forget()
    before, keys = await stored(ours), key_files.load(ours.data / "keys")
    for did in DIDS:
        token = tokens.issue(Signer(keys.token, did + "#token"), ours.connector.did, Clock().now())
        header = {"Authorization": tokens.SCHEME + token}
        said = await ours.say("POST", "/dsp/catalog/request", None, header)
        is_error(said, 404, "/dsp/catalog/request", "token")
        said = await ours.say("POST", "/management/members", {"did": did, "invite": True}, ours.owner)
        assert said.status == 400, (did, said)
    assert watch.resolved == watch.sockets == []
    assert await stored(ours) == before


async def test_bytes_that_lie_inside(ours, watch):
    """The data address of a start is the provider's to choose; what it says is not fetched either."""

    for url in ADDRESSES:
        watch.forget()
        road = Road.of(data_address.write(url, {"authorization": "x"}))
        with pytest.raises(AddressRefused):
            await Carrier((), Pool(Memory(), 4096, 8), Roads([road]), None).start(ours.connector.outbound, RowSet())
        assert watch.resolved == watch.sockets == [], url


NO_TICKET = {
    "none": lambda address: {**address, "endpointProperties": []},
    "no properties": lambda address: {name: value for name, value in address.items() if name != "endpointProperties"},
    "another": lambda address: data_address.write(address["endpoint"], {"token": "x"}),
    "two lines": lambda address: data_address.write(address["endpoint"], {"authorization": "x\r\nHost: evil"}),
    "no ASCII": lambda address: data_address.write(address["endpoint"], {"authorization": "\u00fc"}),
}


@pytest.mark.parametrize("name", NO_TICKET)
async def test_a_data_address_without_a_ticket(ours, name):
    address = NO_TICKET[name](data_address.write("https://harmless.example", {"authorization": "x"}))
    with pytest.raises(PeerMisbehaved, match="ticket"):
        Road.of(address)


async def test_a_name_that_leads_inside_only_when_it_is_called(ours, watch, caller):
    """DNS rebinding: public when the message comes, private when the answer goes out; the last test, for it goes on."""
    watch.forget()
    begun = {}
    for number, places in enumerate(PLACES):
        watch.places[f"rebinding-{number}.example"] = [GOOD, places]
        callback = f"https://rebinding-{number}.example/dsp"
        request = FIRST["/dsp/negotiations/request"](callback) | {"consumerPid": f"urn:uuid:{number}"}
        said = await ours.say("POST", "/dsp/negotiations/request", request, caller())
        assert said.status == 201, said
        begun[said.json["providerPid"]] = callback
    async with asyncio.timeout(WAIT_SECONDS):
        while len(await refused(ours)) < len(PLACES):
            await asyncio.sleep(0.02)
    assert await refused(ours) == set(begun)
    assert watch.sockets == []


async def refused(ours):
    """Return the negotiations whose message was not sent, because of where it would have gone."""
    rows = await ours.connector.store.read(lambda tx: tx.find("outbox"))
    words = ("is not a public address", "of one link")
    return {row["subject"] for row in rows if any(each in row["error"] for each in words)}
