"""Requests that are framed to harm: inflated, endless, slow, lying about their length, two requests in one."""

from __future__ import annotations

import asyncio
import gzip
import time
import zlib

import pytest
import pytest_asyncio

from connector.custody import tickets
from connector.runtime.limits import BODY_BYTES_MAX, MESSAGE_BYTES_MAX
from tests.hostile.host import HOST, REQUEST_SECONDS
from tests.hostile.wire import head, wire

pytestmark = pytest.mark.asyncio(loop_scope="session")

NEGOTIATE, RPC, SUBMIT = "/dsp/negotiations/request", "/rpc", "/exchange/products"
PATHS = (NEGOTIATE, RPC, SUBMIT)
# in turns of a plain loop, which is timed beside: a second of a quick machine, and as much work of a slow or busy one
CPU_TURNS_MAX, TURNS = 25_000_000, 1_000_000
PEAK_BYTES_MAX = 32 << 20
GIB = 1 << 30
# more than any loopback carries while a refused caller is still read (LINGER_SECONDS)
ENDLESS = 16 * GIB
STALL_SECONDS = 10  # the kernel asks a silent reader again at growing intervals
SLACK_SECONDS = 4  # this machine has other things to do


def turn_seconds():
    """Return the CPU seconds that one turn of a plain loop takes here at the moment."""
    begun, left = time.process_time(), 0
    for number in range(TURNS):
        left += number % 7
    return (time.process_time() - begun) / TURNS


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def calm(host, unchanged):
    """After the test the host is as it was: its rows, its memory, its sockets, its log without a trace."""
    host.forget_peak()
    cpu, memory, turn = host.cpu_seconds, host.memory_bytes(), turn_seconds()
    yield
    assert host.cpu_seconds - cpu < CPU_TURNS_MAX * max(turn, turn_seconds())
    assert host.memory_bytes(peak=True) - memory < PEAK_BYTES_MAX
    assert "Traceback" not in host.log


@pytest.fixture
def authorization(host, stranger):
    """Return the header line with which a request to a path gets as far as its body."""

    def line(path):
        given = host.member if path == SUBMIT else stranger.bearer(host.identity)
        return f"Authorization: {given['Authorization']}"

    return line


# --- encodings


def bomb(wrap):
    """One GiB of zeros, packed: a megabyte or less."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wrap)
    zeros = bytes(1 << 20)
    return b"".join(packer.compress(zeros) for _ in range(64)) + packer.flush()


ENCODED = {
    "gzip": gzip.compress(b"{}"),
    "GZIP": gzip.compress(b"{}"),
    "x-gzip": gzip.compress(b"{}"),
    "deflate": zlib.compress(b"{}"),
    "br": b"\x0b\x01\x80{}\x03",
    "zstd": b"\x28\xb5\x2f\xfd\x20\x02\x11\x00\x00{}",
    "gzip, gzip": gzip.compress(gzip.compress(b"{}")),
    "identity, gzip": gzip.compress(b"{}"),
    "compress": b"{}",
    "aes128gcm": b"{}",
    "": b"{}",
    "gz\u0131p": b"{}",
}


@pytest.mark.parametrize("encoding", ENCODED)
async def test_an_encoded_body_is_refused_unread(host, authorization, encoding):
    body = ENCODED[encoding]
    for path in PATHS:
        lines = (f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}", authorization(path))
        async with wire(host.address) as caller:
            await caller.send(head("POST", path, *lines) + body)
            said = await caller.answer()
        assert (said.status, said.json["code"]) == (415, "encoded")


@pytest.mark.parametrize("wrap", [15, 31, -15], ids=["zlib", "gzip", "raw"])
async def test_a_bomb_is_not_inflated(host, authorization, wrap):
    """As what it is, and as what it is not: no reader of ours unpacks anything."""
    body = bomb(wrap)
    for encoding, status in (("gzip", 415), ("deflate", 415), ("identity", 400)):
        lines = (f"Content-Encoding: {encoding}", f"Content-Length: {len(body)}", authorization(NEGOTIATE))
        async with wire(host.address) as caller:
            await caller.send(head("POST", NEGOTIATE, *lines) + body)
            said = await caller.answer()
        assert said.status == status
        assert said.json["@type"] == "ContractNegotiationError"


@pytest.mark.parametrize("coding", ["gzip, chunked", "deflate, chunked", "gzip", "chunked, gzip", "identity"])
async def test_a_transfer_is_not_inflated_either(host, authorization, coding):
    body = bomb(31)
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, f"Transfer-Encoding: {coding}", authorization(NEGOTIATE)) + framed)
        assert (await caller.answer()).status == 400


# --- without end


@pytest.mark.parametrize(("path", "limit"), [(NEGOTIATE, MESSAGE_BYTES_MAX), (SUBMIT, BODY_BYTES_MAX)])
@pytest.mark.parametrize("size", [1 << 16, 1 << 10])
async def test_chunks_without_end(host, authorization, path, limit, size):
    async with wire(host.address) as caller:
        await caller.send(head("POST", path, "Transfer-Encoding: chunked", authorization(path)))
        chunk = b"%x\r\n%s\r\n" % (size, b"x" * size)
        pouring = asyncio.ensure_future(caller.pour(chunk, most=ENDLESS))
        said = await caller.answer()
        assert (said.status, said.json["code"]) == (413, "too-large")
        assert await pouring < ENDLESS, "somebody took it all"
        assert str(limit) in said.body.decode()


async def test_chunks_of_one_byte(host, authorization):
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, "Transfer-Encoding: chunked", authorization(NEGOTIATE)))
        pouring = asyncio.ensure_future(caller.pour(b"1\r\nx\r\n" * 1024, most=ENDLESS))
        assert (await caller.answer()).status == 413
        await pouring


@pytest.mark.parametrize(
    "piece", [b"1;" + b"x" * 65_536, b"0\r\n" + b"A: b\r\n" * 10_000], ids=["extension", "trailers"]
)
async def test_what_stands_around_chunks_without_end(host, authorization, piece):
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, "Transfer-Encoding: chunked", authorization(NEGOTIATE)) + piece)
        pouring = asyncio.ensure_future(caller.pour(b"x" * 4096, most=1 << 22))
        said = await caller.answer()
        assert said is None or said.status in (400, 408)
        await pouring


async def test_a_length_that_nobody_could_send_is_not_waited_for(host, authorization):
    for length in (MESSAGE_BYTES_MAX + 1, 10**12, 2**63 - 1):
        async with wire(host.address) as caller:
            await caller.send(head("POST", NEGOTIATE, f"Content-Length: {length}", authorization(NEGOTIATE)))
            assert (await caller.answer()).status == 413
            assert await caller.closed()


async def test_a_question_has_no_body(host, authorization):
    path = "/dsp/negotiations/urn:uuid:1"
    for lines, body in (
        (["Content-Length: 2"], b"{}"),
        (["Transfer-Encoding: chunked"], b"2\r\n{}\r\n0\r\n\r\n"),
    ):
        async with wire(host.address) as caller:
            await caller.send(head("GET", path, *lines, authorization(path)) + body)
            assert (await caller.answer()).status == 413


async def test_whoever_is_not_proven_is_refused_before_the_body(host):
    """Not one byte of it is waited for."""
    for lines in (["Content-Length: 200000"], ["Transfer-Encoding: chunked"]):
        async with wire(host.address) as caller:
            await caller.send(head("POST", NEGOTIATE, *lines, "Authorization: Bearer x.y.z"))
            assert (await caller.answer()).status == 404


# --- slow


async def trickle(host, start):
    """Send a start and then a byte now and then; return the answer when the connection has ended."""
    async with wire(host.address) as caller:
        await caller.send(start)
        dripping = asyncio.ensure_future(drip(caller))
        said = await caller.answer()
        assert await caller.closed()
        await dripping
    return said


async def test_bodies_that_trickle(host, authorization):
    starts = [head("POST", path, "Content-Length: 1000", authorization(path)) for path in PATHS]
    async with asyncio.timeout(REQUEST_SECONDS + SLACK_SECONDS):
        for said in await asyncio.gather(*(trickle(host, start) for start in starts)):
            assert (said.status, said.json["code"]) == (408, "too-slow")


async def test_heads_that_trickle(host):
    starts = (b"", b"P", b"POST /rpc HTTP/1.1\r\n", b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nX: ")
    async with asyncio.timeout(REQUEST_SECONDS + SLACK_SECONDS):
        for said in await asyncio.gather(*(trickle(host, start) for start in starts)):
            assert said is None or said.status == 400


async def drip(caller):
    for _ in range(40):
        try:
            await caller.send(b"1")
        except ConnectionError:
            return
        await asyncio.sleep(0.1)


async def test_slow_callers_leave_no_socket_behind(host, say):
    """Two hundred at once; whoever is honest is answered meanwhile, and in the end all are gone."""
    before = host.sockets()
    slow = [wire(host.address) for _ in range(200)]
    callers = await asyncio.gather(*(each.__aenter__() for each in slow))
    try:
        await asyncio.gather(*(each.send(b"POST /rpc HTTP/1.1\r\nX: ") for each in callers))
        assert (await say("GET", "/health")).status == 200
        assert all(await asyncio.gather(*(each.closed() for each in callers)))
    finally:
        await asyncio.gather(*(each.__aexit__(None, None, None) for each in slow))
    assert host.sockets() <= before + 2


async def test_a_reader_that_takes_nothing_is_dropped(host, say):
    """It has a ticket and asks for more than its side and ours keep in flight; its connection does not stay."""
    key = (host.people[HOST].data / "keys" / "ticket.key").read_bytes()
    ticket = tickets.issue(key, bytes.fromhex(host.edition), tickets.NO_SUBJECT, tickets.NO_TRANSFER, host.now())
    path = f"/sealed/{host.edition}/pieces?first=0&count={host.pieces}"
    async with wire(host.address, window_bytes=4096) as reader:
        await reader.send(head("GET", path, f"Authorization: {tickets.SCHEME}{ticket}"))
        assert (await reader.answer(body=False)).status == 200
        assert host.holds(reader.port)
        async with asyncio.timeout(STALL_SECONDS):
            while host.holds(reader.port):
                await asyncio.sleep(0.05)
    assert (await say("GET", "/health")).status == 200


# --- lengths that lie, two requests in one

FRAMES = {
    "both": ["Content-Length: 2", "Transfer-Encoding: chunked"],
    "both, the other way": ["Transfer-Encoding: chunked", "Content-Length: 2"],
    "two lengths": ["Content-Length: 2", "Content-Length: 3"],
    "the same length twice": ["Content-Length: 2", "Content-Length: 2"],
    "lengths in a list": ["Content-Length: 2, 2"],
    "negative": ["Content-Length: -2"],
    "signed": ["Content-Length: +2"],
    "hexadecimal": ["Content-Length: 0x2"],
    "fraction": ["Content-Length: 2.0"],
    "with a space inside": ["Content-Length: 1 2"],
    "no number": ["Content-Length: two"],
    "empty": ["Content-Length:"],
    "beyond 64 bit": ["Content-Length: 18446744073709551618"],
    "of many digits": ["Content-Length: " + "9" * 1000],
    "digits of another script": ["Content-Length: \u0662"],
    "space before the colon": ["Content-Length : 2"],
    "an unknown coding": ["Transfer-Encoding: xchunked"],
    "chunked twice": ["Transfer-Encoding: chunked, chunked"],
    "chunked in two headers": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
    "chunked not last": ["Transfer-Encoding: chunked, identity"],
    "chunked after a tab of another kind": [b"Transfer-Encoding: \x0bchunked"],
    "a header on two lines": ["Transfer-Encoding:", " chunked"],
    "a header without a name": [": x"],
    "a name with a space": ["X Y: z"],
    "a NUL": [b"X: a\x00b"],
    "a lone line feed": [b"X: a\nContent-Length: 2"],
    "a lone carriage return": [b"X: a\rContent-Length: 2"],
    "another host, too": ["Host: elsewhere"],
}
CHUNKS = {
    "no number": b"zz\r\n{}\r\n0\r\n\r\n",
    "negative": b"-2\r\n{}\r\n0\r\n\r\n",
    "prefixed": b"0x2\r\n{}\r\n0\r\n\r\n",
    "beyond 64 bit": b"ffffffffffffffff2\r\n{}\r\n0\r\n\r\n",
    "longer than it is": b"5\r\n{}\r\n0\r\n\r\n",
    "shorter than it is": b"1\r\n{}\r\n0\r\n\r\n",
    "line feeds": b"2\n{}\n0\n\n",
    "space": b"2 2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("name", FRAMES)
async def test_a_frame_that_two_readers_read_differently(host, authorization, name):
    """Refused, and whatever follows on the connection is nobody's request."""
    smuggled = head("GET", "/health")
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, *FRAMES[name], authorization(NEGOTIATE)) + b"{}" + smuggled)
        assert (await caller.answer()).status == 400
        assert await caller.answer() is None


@pytest.mark.parametrize("name", CHUNKS)
async def test_chunks_that_are_none(host, authorization, name):
    async with wire(host.address) as caller:
        await caller.send(
            head("POST", NEGOTIATE, "Transfer-Encoding: chunked", authorization(NEGOTIATE)) + CHUNKS[name]
        )
        assert (await caller.answer()).status in (400, 408)
        assert await caller.closed()


async def test_less_than_was_announced(host, authorization):
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, "Content-Length: 1000", authorization(NEGOTIATE)) + b"{}")
        caller.hang_up()
        said = await caller.answer()
        assert said is None or said.status in (400, 408)


async def test_more_than_was_announced(host, authorization):
    """The rest is read as the next request, which it is not."""
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, "Content-Length: 2", authorization(NEGOTIATE)) + b"{}" + b"x" * 99)
        assert (await caller.answer()).status == 400
        assert await caller.closed()


# --- heads

HEADS = {
    "a header of 64 KiB": head("GET", "/health", "X: " + "x" * 65_536),
    "a name of 64 KiB": head("GET", "/health", "x" * 65_536 + ": x"),
    "10^4 headers": head("GET", "/health", *(f"X-{number}: x" for number in range(10_000))),
    "129 headers": head("GET", "/health", *(f"X-{number}: x" for number in range(129))),
    "a path of 64 KiB": head("GET", "/" + "a" * 65_536),
    "a query of 64 KiB": head("GET", "/health?" + "a=b&" * 16_384),
    "a method of 64 KiB": head("A" * 65_536, "/health"),
    "no such method": head("STEAL", "/health"),
    "a space in the path": head("GET", "/hea lth"),
    "no path": b"GET\r\n\r\n",
    "no host": b"GET /health HTTP/1.1\r\n\r\n",
    "HTTP/3.0": b"GET /health HTTP/3.0\r\nHost: localhost\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
    "NULs": bytes(10_000) + b"\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_head_that_is_none(host, name):
    async with wire(host.address) as caller:
        await caller.pour(HEADS[name], most=1)
        said = await caller.answer()
        assert said is None or said.status == 400
        assert await caller.closed()


async def test_expectations(host, authorization):
    """`100-continue` gets the answer of the length it announces; nothing else is expected of us."""
    lines = (f"Content-Length: {GIB}", "Expect: 100-continue", authorization(NEGOTIATE))
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, *lines))
        assert [(await caller.answer()).status, (await caller.answer()).status] == [100, 413]
    async with wire(host.address) as caller:
        await caller.send(head("POST", NEGOTIATE, "Content-Length: 2", "Expect: miracles") + b"{}")
        assert (await caller.answer()).status == 417


async def test_many_requests_on_one_connection(host):
    async with wire(host.address) as caller:
        await caller.send(head("GET", "/health") * 500)
        assert [(await caller.answer()).status for _ in range(500)] == [200] * 500
