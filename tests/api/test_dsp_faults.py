"""Bad input on the Dataspace Protocol's routes: a typed error that says what is wrong, and nothing changes."""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from connector.api import authorize
from connector.negotiation.protocol import messages, offers, validation
from connector.runtime.limits import MESSAGE_BYTES_MAX
from tests.api.conftest import SMALL
from tests.api.lying_serve import PRIVATE_ADDRESS, PRIVATE_NAME

pytestmark = pytest.mark.asyncio(loop_scope="session")

ERROR_OF = {"negotiations": "ContractNegotiationError", "transfers": "TransferError", "catalog": "CatalogError"}
UNKNOWN = "urn:uuid:00000000-0000-4000-8000-000000000000"
HEARD_SECONDS = 10


def is_error(said, status, path, *codes):
    """The answer is the typed error of the path's process, with reasons."""
    assert said.status == status, said.body
    assert said.headers["Content-Type"].startswith("application/json")
    kind = ERROR_OF[path.split("/")[2]]
    assert said.json["@type"] == kind
    assert said.json["@context"] == [messages.CONTEXT]
    assert validation.agrees(kind, said.json), validation.explain(kind, said.json)
    assert said.json["reason"]
    assert not codes or said.json["code"] in codes


@pytest_asyncio.fixture(loop_scope="session")
async def unchanged(space, rest):
    """After the test every participant's rows and log are what they were before it."""
    await space.calm()
    before = {role: space.stored(role) for role in ("provider", "buyer")}
    yield
    assert not space.changed(before)


# --- malformed

REQUEST = {
    "@context": [messages.CONTEXT],
    "@type": "ContractRequestMessage",
    "consumerPid": "urn:uuid:1",
    "callbackAddress": "http://localhost:7001/dsp",
    "offer": {"@id": SMALL + offers.OFFER_MARK, "@type": "Offer", "target": SMALL, "permission": [{"action": "use"}]},
}
TRANSFER = {
    "@context": [messages.CONTEXT],
    "@type": "TransferRequestMessage",
    "consumerPid": "urn:uuid:1",
    "agreementId": "urn:x",
    "format": "HttpData-PULL",
    "callbackAddress": "http://localhost:7001/dsp",
}
CATALOG = {"@context": [messages.CONTEXT], "@type": "CatalogRequestMessage"}
GOOD = {"/dsp/negotiations/request": REQUEST, "/dsp/transfers/request": TRANSFER, "/dsp/catalog/request": CATALOG}


def without(name):
    return lambda good: {key: value for key, value in good.items() if key != name}


def nested(levels):
    return b'{"a":' * levels + b"1" + b"}" * levels


BROKEN = {
    "empty": lambda _: b"",
    "not JSON": lambda _: b"{",
    "not UTF-8": lambda _: b"\xff\xfe{}",
    "a list": lambda good: [good],
    "a name twice": lambda _: b'{"@type": "A", "@type": "B"}',
    "not a number": lambda _: b'{"@type": NaN}',
    "too deep": lambda _: nested(200),
    "no type": without("@type"),
    "unknown type": lambda good: {**good, "@type": "ContractWishMessage"},
    "another message's type": lambda good: {**good, "@type": "ContractAgreementMessage"},
    "no context": without("@context"),
    "another context": lambda good: {**good, "@context": ["https://w3id.org/dspace/2024/1/context.json"]},
    "context of the wrong type": lambda good: {**good, "@context": 7},
}


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("how", BROKEN)
async def test_malformed(space, say, stranger, unchanged, path, how):
    body = BROKEN[how](GOOD[path])
    said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
    is_error(said, 400, path, "malformed")


@pytest.mark.parametrize("name", ["consumerPid", "offer", "callbackAddress"])
async def test_a_member_is_missing(space, say, stranger, unchanged, name):
    path = "/dsp/negotiations/request"
    body = without(name)(REQUEST)
    said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
    is_error(said, 400, path, "malformed")


async def test_the_buyers_half_is_as_strict(space, say, stranger, unchanged):
    for path in ("/dsp/negotiations/offers", f"/dsp/negotiations/{UNKNOWN}/agreement"):
        said = await say("POST", space.url("buyer") + path, {"@type": "x"}, stranger.bearer(space.did("buyer")))
        is_error(said, 400, path, "malformed")


async def test_what_is_not_on_offer(space, say, stranger, unchanged):
    to, headers = space.url("provider"), lambda: stranger.bearer(space.did("provider"))
    path = "/dsp/negotiations/request"
    offer = {**REQUEST["offer"], "@id": "nothing#offer", "target": "nothing"}
    is_error(await say("POST", to + path, {**REQUEST, "offer": offer}, headers()), 400, path, "unacceptable")
    path = "/dsp/transfers/request"
    is_error(await say("POST", to + path, TRANSFER, headers()), 400, path, "unacceptable")
    path = "/dsp/catalog/datasets/nothing"
    is_error(await say("GET", to + path, None, headers()), 404, path, "unknown")
    path = "/dsp/catalog/request"
    said = await say("POST", to + path, {**CATALOG, "filter": [{"left": "right"}]}, headers())
    is_error(said, 400, path, "unsupported-filter")


# --- too much, the wrong method


@pytest.mark.parametrize("path", GOOD)
async def test_a_body_over_the_limit_is_refused_at_once(space, say, stranger, unchanged, path):
    headers = stranger.bearer(space.did("provider"))
    async with asyncio.timeout(5):
        said = await say("POST", space.url("provider") + path, b"x" * (MESSAGE_BYTES_MAX + 1), headers)
    is_error(said, 413, path, "too-large")


async def test_a_giant_is_refused_before_it_is_sent(space, stranger, unchanged):
    """The announced length is enough: the answer comes although not one byte of the body does."""
    host, port = space.url("provider").removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = f"POST /dsp/catalog/request HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 9999999999\r\n"
    authorization = stranger.bearer(space.did("provider"))["Authorization"]
    try:
        writer.write(f"{head}Authorization: {authorization}\r\n\r\n".encode())
        async with asyncio.timeout(5):
            assert b" 413 " in await reader.readline()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/dsp/negotiations/request"),
        ("DELETE", f"/dsp/negotiations/{UNKNOWN}"),
        ("PUT", "/dsp/catalog/request"),
        ("PATCH", f"/dsp/transfers/{UNKNOWN}/start"),
    ],
)
async def test_the_wrong_method(space, say, stranger, unchanged, method, path):
    said = await say(method, space.url("provider") + path, None, stranger.bearer(space.did("provider")))
    is_error(said, 405, path, "wrong-method")
    assert said.headers["Allow"]


async def test_paths_that_nobody_serves(space, say, unchanged):
    for path in ("/dsp/nothing", "/nothing", "/management/nothing", "/channel/", "/log"):
        said = await say("GET", space.url("provider") + path)
        assert said.status == 404
        assert said.json["code"] == "absent"


@pytest.mark.parametrize("route", [route for route in authorize.DSP if route.roles != authorize.TRADERS])
async def test_a_route_of_another_role_does_not_exist(space, say, stranger, unchanged, route):
    """For example a verification sent to a participant that only buys. A first message's path reads as an id there."""
    path, body = route.path.format(pid=UNKNOWN, id=SMALL), {"@context": [messages.CONTEXT], "@type": route.kind}
    for role in {"provider", "buyer"} - route.roles:
        said = await say(route.method, space.url(role) + path, body, stranger.bearer(space.did(role)))
        begins = route.path.removeprefix("/dsp") in messages.BEGINNINGS.values()
        is_error(said, 405, path, "wrong-method") if begins else is_error(said, 404, path, "absent")


async def test_the_space_is_the_exchanges_to_show(space, say, unchanged):
    assert (await say("GET", space.url("provider") + "/space")).status == 404


# --- ids and states


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def negotiation(space, say, stranger):
    """A negotiation that the stranger began and the provider answered with a counter-offer: the provider's id."""
    to, did = space.url("provider"), space.did("provider")
    dataset = (await say("GET", f"{to}/dsp/catalog/datasets/{SMALL}", None, stranger.bearer(did))).json
    assert validation.agrees("Dataset", dataset)
    offer = {**dataset["hasPolicy"][0], "target": SMALL}
    proposal = offers.read(offer)
    lower = offers.at_price(proposal.terms, 600)
    bid = offers.offer(SMALL, proposal.policy, lower, target=SMALL)
    body = messages.contract_request(consumer_pid="urn:uuid:stranger", offer=bid, callback=stranger.url + "/dsp")
    said = await say("POST", f"{to}/dsp/negotiations/request", body, stranger.bearer(did))
    assert said.status == 201, said.body
    async with asyncio.timeout(HEARD_SECONDS):
        path, counter = await stranger.heard.get()
    assert path == "/dsp/negotiations/urn:uuid:stranger/offers"
    assert counter["@type"] == "ContractOfferMessage"
    pid = said.json["providerPid"]
    async with asyncio.timeout(HEARD_SECONDS):
        while {row["id"]: row["state"] for row in space.rows("provider", "negotiations")}[pid] != "OFFERED":
            await asyncio.sleep(0.02)
    return pid


def said_by_a_consumer(pid, consumer="urn:uuid:stranger"):
    return {
        "events": messages.event("finalize", pid, consumer),
        "agreement/verification": messages.verification(pid, consumer),
        "termination": messages.ending("negotiation", "termination", pid, consumer, reasons=["done"]),
    }


@pytest.mark.parametrize("what", ["events", "agreement/verification"])
async def test_an_illegal_transition(space, say, stranger, negotiation, unchanged, what):
    path = f"/dsp/negotiations/{negotiation}/{what}"
    body = said_by_a_consumer(negotiation)[what]
    said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
    is_error(said, 400, path, "illegal-transition")
    assert (said.json["providerPid"], said.json["consumerPid"]) == (negotiation, "urn:uuid:stranger")


async def test_ids_that_contradict_the_path(space, say, stranger, negotiation, unchanged):
    path = f"/dsp/negotiations/{negotiation}/termination"
    for pid, consumer in ((UNKNOWN, "urn:uuid:stranger"), (negotiation, "urn:uuid:somebody")):
        body = said_by_a_consumer(pid, consumer)["termination"]
        said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
        is_error(said, 400, path, "mismatch")


async def test_its_owner_sees_it(space, say, stranger, negotiation, unchanged):
    url = f"{space.url('provider')}/dsp/negotiations/{negotiation}"
    said = await say("GET", url, None, stranger.bearer(space.did("provider")))
    assert (said.status, said.json["@type"], said.json["state"]) == (200, "ContractNegotiation", "OFFERED")
    assert validation.agrees("ContractNegotiation", said.json)


@pytest.mark.parametrize("what", ["", "events", "agreement/verification", "termination", "request"])
async def test_somebody_elses_looks_like_an_unknown_one(space, say, negotiation, unchanged, what):
    seen = []
    for pid in (negotiation, UNKNOWN):
        path = f"/dsp/negotiations/{pid}" + (f"/{what}" if what else "")
        bodies = {**said_by_a_consumer(pid), "request": {**without("callbackAddress")(REQUEST), "providerPid": pid}}
        method, body = ("POST", bodies[what]) if what else ("GET", None)
        said = await say(method, space.url("provider") + path, body, space.bearer("buyer", "provider"))
        is_error(said, 404, path, "unknown")
        seen.append(said.body.replace(pid.encode(), b"PID"))
    assert seen[0] == seen[1]


async def test_unknown_transfers(space, say, stranger, unchanged):
    for role, what in (("provider", "completion"), ("buyer", "start"), ("buyer", ""), ("provider", "")):
        path = f"/dsp/transfers/{UNKNOWN}" + (f"/{what}" if what else "")
        body = messages.document(
            "TransferStartMessage" if what == "start" else "TransferCompletionMessage",
            providerPid=UNKNOWN,
            consumerPid=UNKNOWN,
        )
        headers = stranger.bearer(space.did(role))
        said = await say("POST" if what else "GET", space.url(role) + path, body if what else None, headers)
        is_error(said, 404, path, "unknown")


async def test_at_its_end_nothing_follows(space, say, stranger, negotiation):
    url = f"{space.url('provider')}/dsp/negotiations/{negotiation}"
    ending = said_by_a_consumer(negotiation)["termination"]
    did = space.did("provider")
    assert (await say("POST", f"{url}/termination", ending, stranger.bearer(did))).status == 200
    before = space.stored("provider")
    for what, body in said_by_a_consumer(negotiation).items():
        if what != "termination":
            said = await say("POST", f"{url}/{what}", body, stranger.bearer(did))
            is_error(said, 400, "/dsp/negotiations/", "illegal-transition")
    # the same message again: a peer that puts no id on its messages repeats itself lawfully
    assert (await say("POST", f"{url}/termination", ending, stranger.bearer(did))).status == 200
    assert space.stored("provider") == before
    assert (await say("GET", url, None, stranger.bearer(did))).json["state"] == "TERMINATED"


# --- what is public


async def test_versions_and_did_documents(space, say):
    for role in space.people:
        versions = await say("GET", space.url(role) + "/.well-known/dspace-version")
        assert validation.agrees("VersionResponse", versions.json)
        assert versions.json["protocolVersions"][0]["version"] == "2025-1"
        document = await say("GET", space.url(role) + "/.well-known/did.json")
        assert document.json["id"] == space.did(role)
        services = {service["type"]: service["serviceEndpoint"] for service in document.json["service"]}
        assert services["DataService"] == space.url(role) + "/.well-known/dspace-version"


# --- callbacks

PRIVATE = [
    "ftp://localhost:7001/dsp",
    "file:///etc/passwd",
    "localhost:7001/dsp",
    "http://user:secret@localhost:7001/dsp",
    "http://@localhost:7001/dsp",
    "http://10.0.0.1:7001/dsp",
    "http://192.168.1.1:7001/dsp",
    "http://169.254.169.254/latest",
    "http://[fd00::1]:7001/dsp",
    "http://[::ffff:10.0.0.1]:7001/dsp",
    "http://0x0a000001:7001/dsp",
    "http://localhost:22/dsp",
    "http://printer.local:7001/dsp",
    "",
]


@pytest.mark.parametrize("callback", PRIVATE)
@pytest.mark.parametrize("path", ["/dsp/negotiations/request", "/dsp/transfers/request"])
async def test_callbacks_that_nobody_may_ask_us_to_call(space, say, stranger, unchanged, path, callback):
    body = {**GOOD[path], "callbackAddress": callback}
    said = await say("POST", space.url("provider") + path, body, stranger.bearer(space.did("provider")))
    is_error(said, 400, path, "address", "malformed")


async def test_the_same_for_a_providers_offer(space, say, stranger, unchanged):
    path = "/dsp/negotiations/offers"
    body = {**REQUEST, "@type": "ContractOfferMessage", "providerPid": "urn:uuid:2"}
    del body["consumerPid"]
    for callback in PRIVATE:
        sent = {**body, "callbackAddress": callback}
        said = await say("POST", space.url("buyer") + path, sent, stranger.bearer(space.did("buyer")))
        is_error(said, 400, path, "address", "malformed")


async def test_a_name_that_resolves_to_a_private_address(space, say, stranger):
    before = space.stored("second")
    for path in ("/dsp/negotiations/request", "/dsp/transfers/request"):
        body = {**GOOD[path], "callbackAddress": f"http://{PRIVATE_NAME}:7001/dsp"}
        said = await say("POST", space.url("second") + path, body, stranger.bearer(space.did("second")))
        is_error(said, 400, path, "address")
        assert PRIVATE_ADDRESS in said.json["reason"][0]
    assert space.stored("second") == before
