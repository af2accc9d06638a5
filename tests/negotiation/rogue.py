"""Peers that misbehave on a real socket, one row each: what they do with any request, and what we are to say of it."""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote

from connector.negotiation.envelope import PID_OF
from connector.negotiation.protocol import messages
from connector.negotiation.protocol.states import other

ENDLESS = b"10000\r\n" + b"x" * 65_536 + b"\r\n"


@dataclass
class Request:
    """A request as it was read: `row` is our process that it is about, as the test knows it."""

    process: str
    row: dict

    def ack(self, state, **changes):
        ours, theirs = PID_OF[self.row["role"]], PID_OF[other(self.row["role"])]
        pids = {ours: self.row["id"], theirs: self.row["peer_pid"] or f"urn:theirs:{self.row['id']}"} | changes
        return messages.ack(self.process, pids["providerPid"], pids["consumerPid"], state)


def answer(status, body=b"", *headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def say(status, body=b"", *headers):
    async def act(_reader, writer, _request):
        writer.write(answer(status, body, *headers))
        await writer.drain()

    return act


async def hang(reader, _writer, _request):
    await reader.read()  # until the other side has had enough


async def garbage(_reader, writer, _request):
    writer.write(bytes(range(256)) * 4)
    await writer.drain()


async def half(reader, writer, _request):
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")
    writer.write_eof()
    await reader.read()


async def close(_reader, _writer, _request):
    pass


async def endless(_reader, writer, _request):
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(ENDLESS)
        await writer.drain()


async def wrong_pids(_reader, writer, request):
    writer.write(answer(200, request.ack("REQUESTED", providerPid="urn:x", consumerPid="urn:y")))
    await writer.drain()


async def backwards(_reader, writer, request):
    writer.write(answer(200, request.ack("REQUESTED")))
    await writer.drain()


async def terminated(_reader, writer, request):
    writer.write(answer(200, request.ack("TERMINATED")))
    await writer.drain()


JSON = "Content-Type: application/json"
REFUSAL = {"@type": "ContractNegotiationError", "reason": ["we do not like it"]}
# name -> what it does, and the words of it that must stand in the reason ("" where a 200 counts as taken)
BEHAVIOURS = {
    "is not there": (None, "did not answer"),
    "never answers": (hang, "did not answer"),
    "answers garbage": (garbage, "did not answer"),
    "closes after reading": (close, "did not answer"),
    "half-closes after the headers": (half, "did not answer"),
    "sends a body without end": (endless, "sends more than"),
    "sends an encoded body": (say(200, b"\x1f\x8b", "Content-Encoding: gzip"), "encoded answer"),
    "500 for ever": (say(500), "500 Internal Server Error"),
    "503 in HTML": (say(503, b"<html>", "Content-Type: text/html"), "come later (status 503)"),
    "404 for ever": (say(404), "404 Not Found"),
    "301": (say(301, b"", "Location: http://localhost:1/"), "301 Moved Permanently"),
    "400 with reasons": (say(400, REFUSAL, JSON), "we do not like it"),
    "429 with Retry-After": (say(429, b"", "Retry-After: 3600"), "come later (status 429)"),
    "200 and no JSON": (say(200, b"<html>", "Content-Type: text/html"), ""),
    "200 and nothing": (say(200), ""),
    "200 and null": (say(200, b"null", JSON), ""),
    "200 with other ids": (wrong_pids, ""),
    "200 with an earlier state": (backwards, ""),
    "200, terminated": (terminated, ""),
}


# whom nobody waits for longer than this test has time; all others are given all the time they need
HANG = frozenset({"never answers", "half-closes after the headers"})


class Rogue:
    """A server whose behaviour is the first segment of the path; `rows` holds our processes by their id."""

    def __init__(self):
        self.rows = {}
        self.requests = 0

    async def start(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.base = f"http://localhost:{self._server.sockets[0].getsockname()[1]}"
        with_nobody = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
        self.nowhere = f"http://localhost:{with_nobody.sockets[0].getsockname()[1]}"
        with_nobody.close()
        await with_nobody.wait_closed()

    async def stop(self):
        self._server.close()

    def url(self, name, pid, path):
        """Return where a request about our process `pid` goes when its peer behaves as `name`."""
        base = self.nowhere if BEHAVIOURS[name][0] is None else self.base
        number = list(BEHAVIOURS).index(name)
        return f"{base}/{number}/{pid}{path}"

    async def _serve(self, reader, writer):
        self.requests += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            await reader.readexactly(length)
            _, number, pid, kind, *_ = unquote(head.split()[1].decode()).split("/")
            act = list(BEHAVIOURS.values())[int(number)][0]
            await act(reader, writer, Request(kind.removesuffix("s"), self.rows[pid]))
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
