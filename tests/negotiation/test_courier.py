"""The way to peers: messages of one moment in one request, to whoever says that it takes them, and to nobody else."""

import asyncio
from contextlib import contextmanager
from types import SimpleNamespace

import orjson
import pytest

from connector.negotiation import parcel
from connector.negotiation.courier import Courier
from connector.net.outbound import Answer
from connector.runtime.errors import PeerRefused, PeerUnreachable, RequestRefused
from connector.runtime.limits import PARCEL_MESSAGES_MAX
from connector.runtime.traceparent import beginning
from contracts.namespace import CHECKPOINT

PEER, BASE = "did:web:peer", "http://peer/dsp"
PARCELS = "http://peer/parcels"
HEAD = {"checkpoint": "note", "from": "0", "proof": []}


def url_of(number):
    return f"{BASE}/negotiations/urn:uuid:{number}/agreement"


class Wire:
    """A peer behind an outbound door; `takes` is what its answers say of parcels, `carry` what it does with one."""

    def __init__(self):
        self.sent, self.lost, self.tokens = [], [], 0
        self.takes = "16"
        self.carry = self.each
        self.courier = Courier(self, self.authorization, self)

    def authorization(self, audience):
        assert audience == PEER
        self.tokens += 1
        return {"Authorization": f"Bearer {self.tokens}"}

    async def riding(self, peer):
        assert peer == PEER
        return HEAD

    def lost_(self, peer, riding):
        assert (peer, riding) == (PEER, HEAD)
        self.lost.append(peer)

    @contextmanager
    def noted(self, method, url):
        yield SimpleNamespace(place=beginning(), status=0)

    async def request(self, method, url, *, body, headers, timeout_seconds, limit_bytes):
        self.sent.append((url, body))
        await asyncio.sleep(0)
        if url == PARCELS:
            return self.carry(orjson.loads(body))
        return Answer(200, {parcel.HEADER: self.takes} if self.takes else {}, orjson.dumps({"at": url}))

    def each(self, told):
        found = [{"status": 200, "body": {"at": BASE + one["to"]}} for one in told["messages"]]
        return Answer(200, {}, orjson.dumps({"answers": found}))

    async def deliver(self, *numbers, body=None):
        work = (self.courier.deliver(PEER, url_of(number), body or {"n": number}) for number in numbers)
        return await asyncio.gather(*work, return_exceptions=True)

    @property
    def urls(self):
        return [url for url, _ in self.sent]


@pytest.fixture
def wire():
    made = Wire()
    made.courier._heads = SimpleNamespace(riding=made.riding, lost=made.lost_)
    return made


@pytest.fixture
async def known(wire):
    """The wire of a peer that has said that it takes parcels."""
    await wire.deliver(0)
    wire.sent.clear()
    wire.tokens = 0
    return wire


def good(*numbers):
    return [(200, {"at": url_of(number)}) for number in numbers]


async def test_who_has_not_said_that_it_takes_parcels_gets_none(wire):
    wire.takes = None
    for _ in range(3):
        assert await wire.deliver(1, 2, 3) == good(1, 2, 3)
    assert wire.urls == [url_of(number) for number in (1, 2, 3)] * 3
    assert wire.tokens == 9


@pytest.mark.parametrize("said", ["", "0", "1", "-4", "many", "²", "9" * 50])
async def test_what_is_no_number_of_messages_says_nothing(wire, said):
    wire.takes = said
    await wire.deliver(1)
    await wire.deliver(1, 2)
    assert PARCELS not in wire.urls


async def test_messages_of_one_moment_are_one_request(known):
    assert await known.deliver(1, 2, 3) == good(1, 2, 3)
    [(url, raw)] = known.sent
    told = orjson.loads(raw)
    assert url == PARCELS
    assert [one["to"] for one in told["messages"]] == [url_of(number).removeprefix(BASE) for number in (1, 2, 3)]
    assert [one["body"] for one in told["messages"]] == [{"n": number} for number in (1, 2, 3)]
    assert told[CHECKPOINT] == HEAD, "what is said of the sender is said once"
    assert known.tokens == 1
    assert parcel.read(raw).head == HEAD


async def test_a_lone_message_goes_as_ever(known):
    assert await known.deliver(1) == good(1)
    assert known.urls == [url_of(1)]
    assert known.sent[0][1] == {"n": 1, CHECKPOINT: HEAD}


async def test_a_parcel_holds_as_many_as_the_peer_says(wire):
    wire.takes = "3"
    await wire.deliver(0)
    assert await wire.deliver(*range(1, 8)) == good(*range(1, 8))
    counts = [len(orjson.loads(body)["messages"]) for url, body in wire.sent if url == PARCELS]
    assert (counts, wire.urls[-1]) == ([3, 3], url_of(7))


async def test_nobody_makes_us_send_more_than_we_would(wire):
    wire.takes = "9999"
    await wire.deliver(0)
    await wire.deliver(*range(1, 40))
    counts = [len(orjson.loads(body)["messages"]) for url, body in wire.sent if url == PARCELS]
    assert max(counts) == PARCEL_MESSAGES_MAX
    assert sum(counts) + wire.urls.count(url_of(39)) >= 39


async def test_a_long_message_goes_alone(known):
    long = {"n": "x" * parcel.LETTER_BYTES_MAX}
    assert await known.deliver(1, 2, body=long) == good(1, 2)
    assert known.urls == [url_of(1), url_of(2)]


async def test_what_is_no_message_of_a_process_goes_alone(known):
    notice = "http://peer/notices"
    found = await asyncio.gather(*(known.courier.deliver(PEER, notice, {}) for _ in range(2)))
    assert found == [(200, {"at": notice})] * 2
    assert known.urls == [notice] * 2


async def test_each_message_has_its_own_answer(known):
    def mixed(told):
        found = [{"status": 200, "body": None}, {"status": 400, "body": {"reason": ["no"]}}]
        return Answer(200, {}, orjson.dumps({"answers": found}))

    known.carry = mixed
    assert await known.deliver(1, 2) == [(200, None), (400, {"reason": ["no"]})]
    assert known.urls == [PARCELS]


def refused(status):
    def carry(_told):
        raise PeerRefused("it says no", status=status, body=b"{}")

    return carry


def answered(status, value):
    return lambda _told: Answer(status, {}, value if isinstance(value, bytes) else orjson.dumps(value))


NOT_TAKEN = {
    "gone": refused(404),
    "another method": refused(405),
    "malformed": refused(400),
    "not let in": refused(401),
    "it failed": refused(500),
    "no JSON": answered(200, b"<html>"),
    "nothing": answered(200, b""),
    "too few": answered(200, {"answers": [{"status": 200, "body": {}}]}),
    "too many": answered(200, {"answers": [{"status": 200, "body": {}}] * 3}),
    "no statuses": answered(200, {"answers": [{"status": "200"}, {"body": {}}]}),
    "true is no status": answered(200, {"answers": [{"status": True, "body": {}}] * 2}),
    "no list": answered(200, {"answers": {"0": {}}}),
    "later": answered(202, {"answers": [{"status": 200, "body": {}}] * 2}),
}


@pytest.mark.parametrize("how", NOT_TAKEN)
async def test_a_parcel_that_is_not_taken_is_sent_message_by_message(known, how):
    known.carry = NOT_TAKEN[how]
    known.takes = None  # it was replaced by an older version
    assert await known.deliver(1, 2) == good(1, 2)
    assert known.urls == [PARCELS, url_of(1), url_of(2)]
    assert known.lost == [PEER], "the head on the parcel counts as not arrived"
    await known.deliver(3, 4)
    assert known.urls[3:] == [url_of(3), url_of(4)], "and it is sent no other"


async def test_who_says_it_again_gets_parcels_again(known):
    known.carry = refused(400)
    await known.deliver(1, 2)
    known.carry = known.each
    await known.deliver(3, 4)
    assert known.urls[3:] == [PARCELS]


async def test_an_unreachable_peer_is_told_to_every_message(known):
    def away(_told):
        raise PeerUnreachable("nobody is there", "ask again")

    known.carry = away
    found = await known.deliver(1, 2, 3)
    assert [type(one) for one in found] == [PeerUnreachable] * 3
    assert {str(one) for one in found} == {"nobody is there"}
    assert len(set(map(id, found))) == 3, "each has an error of its own"
    assert known.urls == [PARCELS]
    known.carry = known.each
    assert await known.deliver(1, 2) == good(1, 2)
    assert known.urls[1:] == [url_of(1), url_of(2)], "it may be the way of parcels alone that is closed"
    await known.deliver(3, 4)
    assert known.urls[-1] == PARCELS, "who says that it takes them is sent them again"


async def test_a_fault_of_any_kind_is_told_to_every_message(known):
    def strange(_told):
        raise RequestRefused("too-large", "it is too large", "send less")  # made of more than its words

    known.carry = strange
    async with asyncio.timeout(5):
        found = await known.deliver(1, 2, 3)
    assert [type(one) for one in found] == [RequestRefused, PeerUnreachable, PeerUnreachable]


async def test_who_carries_is_stopped_and_the_others_are_told(known):
    """A flight that is cancelled takes no other with it: their messages are sent again."""
    known.carry = known.each
    first, second = (asyncio.ensure_future(known.courier.deliver(PEER, url_of(n), {})) for n in (1, 2))
    await asyncio.sleep(0)
    first.cancel()
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(one) for one in found] == [asyncio.CancelledError, PeerUnreachable]


async def test_who_only_waits_may_be_stopped(known):
    first, second = (asyncio.ensure_future(known.courier.deliver(PEER, url_of(n), {})) for n in (1, 2))
    await asyncio.sleep(0)
    second.cancel()
    found = await asyncio.gather(first, second, return_exceptions=True)
    assert found[0] == good(1)[0]
    assert isinstance(found[1], asyncio.CancelledError)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        (BASE + "/negotiations/request", (BASE, "/negotiations/request")),
        (BASE + "/transfers/urn:x/start", (BASE, "/transfers/urn:x/start")),
        (
            "http://peer/negotiations/dsp/negotiations/x/events",
            ("http://peer/negotiations/dsp", "/negotiations/x/events"),
        ),
        ("http://peer/notices", None),
    ],
)
def test_a_message_is_named_below_its_base(url, parts):
    assert parcel.below(url) == parts


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("/negotiations/request", ("/negotiations/request", None)),
        ("/negotiations/offers", ("/negotiations/offers", None)),
        ("/negotiations/urn%3Ax/request", ("/negotiations/{pid}/request", "urn:x")),
        ("/negotiations/urn:x/agreement/verification", ("/negotiations/{pid}/agreement/verification", "urn:x")),
        ("/negotiations/urn:x", ("/negotiations/urn:x", None)),
        ("negotiations/urn:x/events", ("negotiations/urn:x/events", None)),
        ("", ("", None)),
    ],
)
def test_a_path_is_found_in_the_table(path, row):
    assert parcel.whereto(path) == row
