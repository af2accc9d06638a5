"""Parcels over the wire: a token opens one, once; each message in it is judged as if it had come alone."""

from __future__ import annotations

import asyncio
import json
import uuid
from types import SimpleNamespace

import pytest

from connector.api.parcels import _Admission
from connector.identity import tokens
from connector.negotiation import parcel
from connector.negotiation.courier import Courier
from connector.negotiation.protocol import messages, states, validation
from connector.negotiation.protocol.errors import MalformedError
from connector.net.outbound import Outbound
from connector.runtime.errors import TokenError
from connector.runtime.limits import PARCEL_MESSAGES_MAX
from connector.runtime.traceparent import beginning
from contracts.namespace import CHECKPOINT
from tests.every import every
from tests.hostile.host import HOST, NEGOTIATION, TRANSFER
from tests.hostile.tokens import ATTACKS, told_of
from tests.negotiation import cells as spoken

pytestmark = pytest.mark.asyncio(loop_scope="session")

PATH, OFFERS = parcel.PATH, "/negotiations/offers"
ABSENT = "urn:uuid:absent"


def letter(to, body):
    return {"to": to, "trace": beginning().header, "body": body}


def packed(*letters):
    return {"messages": list(letters), CHECKPOINT: {}}


def offer(stranger, theirs=None):
    """An offer with which the stranger begins a negotiation: it waits here until somebody gives it a mandate."""
    body = spoken.first(states.NEGOTIATION, "offer", theirs or f"urn:uuid:{uuid.uuid4()}", stranger.url + "/dsp")
    return letter(OFFERS, {**body, "@id": f"urn:uuid:{uuid.uuid4()}"})


def begun(host, stranger):
    return {row["peer_pid"] for row in host.rows(HOST, "negotiations") if row["peer"] == stranger.did}


def pid_of(made):
    return made["body"]["providerPid"]


async def test_every_message_is_taken(host, say, stranger):
    letters = [offer(stranger) for _ in range(PARCEL_MESSAGES_MAX)]
    said = await say("POST", PATH, packed(*letters), stranger.bearer(host.identity))
    assert said.status == 200
    answers = said.json["answers"]
    assert [one["status"] for one in answers] == [201] * len(letters)
    assert [one["body"]["providerPid"] for one in answers] == [pid_of(made) for made in letters]
    assert all(validation.agrees("ContractNegotiation", one["body"]) for one in answers)
    assert {pid_of(made) for made in letters} <= begun(host, stranger)


async def test_a_forged_token_opens_no_parcel(host, say, stranger, forger, unchanged):
    for name, forge in ATTACKS.items():
        said = await say("POST", PATH, packed(offer(stranger)), {"Authorization": tokens.SCHEME + forge(forger)})
        assert said.status in (400, 401), name  # a header of HTTP may be too long
        assert said.status == 400 or said.json["code"] == told_of(name), name


async def test_a_parcel_that_is_shown_again_opens_nothing(host, say, stranger):
    header, first = stranger.bearer(host.identity), packed(offer(stranger))
    assert (await say("POST", PATH, first, header)).status == 200
    before = host.stored(HOST)
    for again in (first, packed(offer(stranger)), packed(offer(stranger), offer(stranger))):
        said = await say("POST", PATH, again, header)
        assert (said.status, said.json["code"]) == (401, "token"), "not with the same messages, nor with others"
    alone = await say("POST", "/dsp" + OFFERS, offer(stranger)["body"], header)
    assert (alone.status, alone.json["code"]) == (404, "token"), "nor for a message alone"
    assert host.stored(HOST) == before


async def test_a_token_of_a_message_alone_opens_no_parcel(host, say, stranger):
    header = stranger.bearer(host.identity)
    assert (await say("POST", "/dsp" + OFFERS, offer(stranger)["body"], header)).status == 201
    before = host.stored(HOST)
    assert (await say("POST", PATH, packed(offer(stranger)), header)).status == 401
    assert host.stored(HOST) == before


async def test_of_many_with_one_token_one_is_taken(host, say, stranger):
    header = stranger.bearer(host.identity)
    sent = [[offer(stranger) for _ in range(3)] for _ in range(20)]
    said = await asyncio.gather(*(say("POST", PATH, packed(*letters), header) for letters in sent))
    assert sorted(each.status for each in said) == [200] + [401] * 19
    known = begun(host, stranger)
    for letters, answer in zip(sent, said, strict=True):
        assert ({pid_of(made) for made in letters} <= known) == (answer.status == 200)
        assert answer.status == 200 or not {pid_of(made) for made in letters} & known


def others(stranger):
    """Messages that are refused, by what is wrong with them: each with the status that it has alone."""
    somebodys = spoken.said(states.NEGOTIATION, "termination", NEGOTIATION, "urn:uuid:theirs", states.PROVIDER)
    nobodys = spoken.said(states.NEGOTIATION, "termination", ABSENT, "urn:uuid:theirs", states.PROVIDER)
    moved = spoken.said(states.TRANSFER, "suspension", TRANSFER, "urn:uuid:theirs", states.PROVIDER)
    good = offer(stranger)["body"]
    private = {**good, "callbackAddress": "http://10.0.0.1/dsp", "@id": "urn:uuid:1"}
    return {
        "somebody else's": (letter(f"/negotiations/{NEGOTIATION}/termination", somebodys), 404),
        "nobody's": (letter(f"/negotiations/{ABSENT}/termination", nobodys), 404),
        "somebody else's transfer": (letter(f"/transfers/{TRANSFER}/suspension", moved), 404),
        "another kind": (letter("/negotiations/request", good), 400),
        "no message": (letter(OFFERS, {"@type": "ContractOfferMessage"}), 400),
        "no object": (letter(OFFERS, [good]), 400),
        "nothing": (letter(OFFERS, None), 400),
        "a callback that nobody calls": (letter(OFFERS, private), 400),
    }


async def test_a_message_is_refused_as_it_is_alone(host, say, stranger):
    for name, (made, status) in others(stranger).items():
        alone = await say("POST", "/dsp" + made["to"], made["body"], stranger.bearer(host.identity))
        first, last = offer(stranger), offer(stranger)
        said = await say("POST", PATH, packed(first, made, last), stranger.bearer(host.identity))
        answers = said.json["answers"]
        assert [one["status"] for one in answers] == [201, status, 201], name
        assert {pid_of(first), pid_of(last)} <= begun(host, stranger), "its neighbours do not notice"
        told = {key: value for key, value in answers[1]["body"].items() if key != "reason"}
        assert (alone.status, alone.json["@type"], alone.json["code"]) == (status, told["@type"], told["code"]), name
        assert validation.agrees(told["@type"], answers[1]["body"]), name


ELSEWHERE = (
    "", "/", "/negotiations", "/negotiations/", "/negotiations/x", "/negotiations/x/", "/negotiations/x/what",
    "/catalog/request", "/../management/products", "/negotiations/../../management/products", "/parcels", "//",
    "negotiations/offers", "http://localhost/dsp/negotiations/offers", OFFERS + "/", OFFERS + "?x",
    "/negotiations/%00/x", "/transfers/a/b/c/d", "\x00", "/negotiations/{pid}/what",
)  # fmt: skip


async def test_a_message_goes_nowhere_else(host, say, stranger):
    before = host.stored(HOST)
    for start in range(0, len(ELSEWHERE), PARCEL_MESSAGES_MAX):
        letters = [letter(to, offer(stranger)["body"]) for to in ELSEWHERE[start : start + PARCEL_MESSAGES_MAX]]
        said = await say("POST", PATH, packed(*letters), stranger.bearer(host.identity))
        assert [one["status"] for one in said.json["answers"]] == [404] * len(letters)
    assert host.stored(HOST) == before


MALFORMED = {
    "no object": [],
    "nothing": {},
    "no messages": {"messages": [], CHECKPOINT: {}},
    "messages are no list": {"messages": {"0": {}}, CHECKPOINT: {}},
    "no head": {"messages": [letter(OFFERS, {})]},
    "more": {"messages": [letter(OFFERS, {})], CHECKPOINT: {}, "token": "x"},
    "too many": {"messages": [letter(OFFERS, {})] * (PARCEL_MESSAGES_MAX + 1), CHECKPOINT: {}},
    "no message": {"messages": [None], CHECKPOINT: {}},
    "a message without a body": {"messages": [{"to": OFFERS, "trace": ""}], CHECKPOINT: {}},
    "a message with more": {"messages": [letter(OFFERS, {}) | {"from": "x"}], CHECKPOINT: {}},
    "a path that is none": {"messages": [letter(7, {})], CHECKPOINT: {}},
    "a trace that is none": {"messages": [letter(OFFERS, {}) | {"trace": None}], CHECKPOINT: {}},
}


@every("name", MALFORMED)
async def test_what_is_no_parcel_is_refused_and_costs_no_token(host, say, stranger, unchanged, name):
    said = await say("POST", PATH, MALFORMED[name], stranger.bearer(host.identity))
    assert (said.status, said.json["code"]) == (400, "malformed")


async def test_a_key_that_stands_twice_is_refused(host, say, stranger, unchanged):
    raw = json.dumps(packed(offer(stranger))).encode()
    twice = raw.replace(b'"to":', b'"to": "/elsewhere", "to":', 1)
    said = await say("POST", PATH, twice, stranger.bearer(host.identity))
    assert said.status == 400


async def test_a_message_that_comes_twice_has_one_effect(host, say, stranger):
    made = offer(stranger)
    said = await say("POST", PATH, packed(made, made), stranger.bearer(host.identity))
    alone = await say("POST", "/dsp" + OFFERS, made["body"], stranger.bearer(host.identity))
    again = await say("POST", PATH, packed(made), stranger.bearer(host.identity))
    answers = [*said.json["answers"], {"status": alone.status, "body": alone.json}, *again.json["answers"]]
    assert [one["status"] for one in answers] == [201] * 4
    assert len({one["body"]["consumerPid"] for one in answers}) == 1, "one negotiation"


async def test_our_own_courier_is_understood(host, stranger):
    """The sending side on the receiving one: the first message alone, the next ones with one token."""

    class Nothing:
        async def riding(self, _peer):
            return {}

        def lost(self, _peer, _riding):
            raise AssertionError("it arrives")

    before, spent = begun(host, stranger), len(host.rows(HOST, "tokens_seen"))
    async with Outbound(development=True) as outbound:
        courier = Courier(outbound, stranger.bearer, Nothing())

        async def send():
            body, url = offer(stranger)["body"], f"{host.address}/dsp{OFFERS}"
            return (await courier.deliver(host.identity, url, body))[0]

        assert await send() == 201
        assert await asyncio.gather(*(send() for _ in range(5))) == [201] * 5
    assert len(begun(host, stranger) - before) == 6
    assert len(host.rows(HOST, "tokens_seen")) - spent == 2


async def test_only_answers_to_messages_say_that_parcels_are_taken(host, say, stranger):
    said = await say("POST", "/dsp" + OFFERS, offer(stranger)["body"], stranger.bearer(host.identity))
    assert parcel.most(said.headers[parcel.HEADER]) == PARCEL_MESSAGES_MAX
    assert messages.DSP_PATH == "/dsp"
    refused = await say("POST", "/dsp" + OFFERS, {}, stranger.bearer(host.identity))
    assert refused.status == 400


async def test_a_message_behind_a_first_act_that_did_not_last_is_not_acted_on():
    claims = SimpleNamespace(issuer="did:web:peer", jti="1")
    admission = _Admission(SimpleNamespace(claims=claims), lambda _tx: None, open=True)
    admission.admit(SimpleNamespace(get=lambda _table, **_key: "the row of the used token"))
    with pytest.raises(TokenError, match="was not let in"):
        admission.admit(SimpleNamespace(get=lambda _table, **_key: None))


async def test_an_address_too_long_for_any_message_is_refused():
    for name, text in (("to", "/" + "x" * parcel.TO_CHARACTERS_MAX), ("trace", "0" * 65)):
        letter = {"to": OFFERS, "trace": "", "body": {}} | {name: text}
        with pytest.raises(MalformedError, match="too long"):
            parcel.read(json.dumps({"messages": [letter], CHECKPOINT: {}}).encode())
