"""Every route that takes a body, every body that nobody means: refused at once, and nothing is changed by it."""

from __future__ import annotations

import asyncio
import time

import pytest

from connector.api.authorize import ROUTES, Who
from connector.custody import bearers, tickets
from connector.negotiation.protocol import messages, validation
from connector.runtime.limits import JSON_VALUES_MAX
from tests.every import every
from tests.hostile import wire
from tests.hostile.bodies import BODIES, body
from tests.hostile.host import CHANNEL, HOST, NEGOTIATION, TRANSFER

pytestmark = pytest.mark.asyncio(loop_scope="session")

# the body comes from somebody whom the operator has not chosen
TAKING = [route for route in ROUTES if route.method == "POST" and route.who is not Who.OWNER]
# what goes on to the provider's own server is bytes to us
TAKING = [route for route in TAKING if route.handler not in ("calls.forward", "delivery.make")]
# files that are sent to a flow, or pushed to us, are bytes to us, too; what is said of a flow not here is absent
TAKING = [
    route
    for route in TAKING
    if route.handler not in ("delivery.land", "flows.take", "signaling.message", "signaling.hear")
]
# the forms of declared acts differ in their row alone, and one account does not send all of them at once
FORMS = [route for route in TAKING if route.path.startswith("/console/acts/")]
TAKING = [route for route in TAKING if route not in FORMS[1:]]
# these are to hear an empty object, and nothing else: what they refuse then is the path
SAY_NOTHING, NOTHING = {"searches.take_note", "searches.drop", "leaving.stay"}, "an empty object"
# what a stranger may say to these is decided after the body was read; the host itself is the space's one member
OF_MEMBERS = ("/review/", "/exchange/", "/node/", "/contractRegistrate", "/contractTemplate")
ERROR_OF = {"negotiations": "ContractNegotiationError", "transfers": "TransferError", "catalog": "CatalogError"}
# a piece is shown, or a label is learned of thousands
LONG = {"docket.file", "computing.answer"}
# one request may take so much of our time, whatever it holds; all routes asked at once take a part of that each
CPU_SECONDS_MAX = 1.0
SHARE = 0.25
# nobody else is served while a body is read; of CPU, and cores differ by half
READ_SECONDS_MAX = 0.5
# what they may take of memory together
PEAK_BYTES_MAX = 32 << 20


def path_of(route, host):
    pid = TRANSFER if "transfers" in route.path else NEGOTIATION
    return route.path.format(
        pid=pid, id=CHANNEL, edition=host.edition, move="negotiate", step="handover", act="retry", index=1
    )


def headers_of(route, host, stranger):
    if route.who is Who.ANYONE:
        return {}
    if route.who is Who.ACCOUNT:
        return host.account
    if route.who is Who.PLANE:
        return host.plane
    if route.who is Who.BEARER:
        key = (host.people[HOST].data / "keys" / "ticket.key").read_bytes()
        about = bytes.fromhex(host.edition), tickets.NO_SUBJECT, tickets.NO_TRANSFER
        return {"Authorization": bearers.SCHEME + bearers.issue(key, *about, host.now())}
    return host.member if route.path.startswith(OF_MEMBERS) else stranger.bearer(host.identity)


async def post(name, route, host, stranger):
    headers = headers_of(route, host, stranger)
    return await wire.post(host.address, path_of(route, host), headers, body(name, route.body_bytes))


def refused(route, said):
    """The answer says no, in the form that the route's callers read."""
    if route.path == "/rpc" and said.status == 200:
        answers = said.json if isinstance(said.json, list) else [said.json]
        assert all("error" in answer for answer in answers)
        return
    assert said.status in (400, 413), said
    if route.path.startswith("/dsp/"):
        kind = ERROR_OF[route.path.split("/")[2]]
        assert (said.json["@type"], said.json["@context"]) == (kind, [messages.CONTEXT])
        assert validation.agrees(kind, said.json)
        assert said.json["code"] in ("malformed", "too-large")
        assert len(said.body) < 4096, "a refusal is short whatever it refuses"
    elif route.path != "/witness/add-checkpoint" or said.status == 413:
        assert said.json.get("text") or said.json["message"]
        assert said.json["code"] != "unexpected"


async def test_the_routes_are_known():
    assert len(TAKING) >= 20
    assert len(BODIES) >= 60
    assert all(route.body_bytes > 0 for route in TAKING)
    assert {route.handler for route in TAKING if route.body_bytes > 1 << 20} == LONG


# bodies on their way: of more, a slow machine would call some too slow
AT_ONCE = 16


@pytest.mark.parametrize("name", BODIES)
async def test_a_body_that_nobody_means(host, stranger, unchanged, name):
    begun = host.cpu_seconds
    asked = [route for route in TAKING if name != NOTHING or route.handler not in SAY_NOTHING]
    answers = []
    for some in range(0, len(asked), AT_ONCE):
        answers += await asyncio.gather(*(post(name, route, host, stranger) for route in asked[some : some + AT_ONCE]))
    assert host.cpu_seconds - begun < CPU_SECONDS_MAX * SHARE * len(asked)
    for route, said in zip(asked, answers, strict=True):
        refused(route, said)


async def test_the_host_has_grown_no_larger(host, say, stranger):
    """The bodies that take most to read, to every handler; what an earlier test took may be kept for this one."""
    host.forget_peak()
    before = host.memory_bytes()
    routes = {route.handler: route for route in TAKING}.values()
    for name in ("keys to the brim", "empty objects", "one long text"):
        for route in routes:
            refused(route, await post(name, route, host, stranger))
    assert host.memory_bytes(peak=True) - before < PEAK_BYTES_MAX
    assert (await say("GET", "/health")).status == 200
    assert "Traceback" not in host.log


async def test_what_costs_by_the_value_is_counted_before_it_is_read(host, say, stranger, unchanged):
    submission = next(route for route in TAKING if route.handler == "exchange.submit")
    many = b"[" + b"0," * JSON_VALUES_MAX + b"0]"
    assert len(many) < submission.body_bytes
    said = await say("POST", submission.path, many, host.member)
    assert (said.status, said.json["code"]) == (400, "too-many")


@every("route", [route for route in TAKING if route.kind], ids=lambda route: route.path)
async def test_every_kind_of_message_read_on_its_own(route):
    """The refusal that the reader itself gives, without the wire: what costs is the reading."""
    for name in BODIES:
        sent = body(name, route.body_bytes)
        # whoever shares our processor costs us time that is counted as ours
        assert any(seconds_to_refuse(route.kind, sent) < READ_SECONDS_MAX for _ in range(3)), name


def seconds_to_refuse(kind, sent):
    begun = time.process_time()
    with pytest.raises(validation.MalformedError) as refusal:
        validation.read(kind, sent)
    assert len(str(refusal.value)) < 2 * validation.EXPLANATION_LIMIT_CHARACTERS
    return time.process_time() - begun
