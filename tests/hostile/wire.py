"""A caller that writes bytes, not requests: what HTTP libraries would never send."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager, suppress

from tests.api.conftest import Said

ANSWER_SECONDS = 30  # whether it is ever answered: a busy machine takes long over many at once
TAKEN_SECONDS = 5  # whatever is taken, or ended, is so by then
LIMIT_BYTES = 65_536


class Wire:
    """One connection; `closed` when the other side has ended it."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer

    @property
    def port(self):
        """Return our end's port."""
        return self._writer.get_extra_info("sockname")[1]

    async def send(self, data):
        self._writer.write(data)
        await self._writer.drain()

    async def pour(self, piece, *, most):
        """Write pieces until nobody takes them, at most `most` bytes; return how many bytes were taken."""
        poured = 0
        with suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(TAKEN_SECONDS):
                while poured < most:
                    await self.send(piece)
                    poured += len(piece)
                    await asyncio.sleep(0)  # or the answer would never be read
        return poured

    def hang_up(self):
        """Say that nothing more will come."""
        self._writer.write_eof()

    async def answer(self, *, body=True):
        """Return the next answer, None when the connection ends without one."""
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                head = await self._reader.readuntil(b"\r\n\r\n")
            except (asyncio.IncompleteReadError, ConnectionError):
                return None
            status, *lines = head.decode("latin-1").split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines if line)
            return Said(int(status.split()[1]), await self._body(headers) if body else b"", headers)

    async def closed(self):
        """Return whether the other side ends the connection within its time."""
        with suppress(ConnectionError):
            async with asyncio.timeout(TAKEN_SECONDS):
                while await self._reader.read(65_536):
                    pass
        return True

    async def _body(self, headers):
        with suppress(asyncio.IncompleteReadError):
            return await self._reader.readexactly(int(headers.get("Content-Length", 0)))


@asynccontextmanager
async def wire(url, *, window_bytes=None):
    """Open a connection to `http://host:port`; with `window_bytes` it takes no more than that before it is read."""
    host, port = url.removeprefix("http://").split(":")
    place = (await asyncio.get_running_loop().getaddrinfo(host, port, family=socket.AF_INET))[0][4]
    plug = socket.socket()
    if window_bytes:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window_bytes)
    plug.setblocking(False)
    await asyncio.get_running_loop().sock_connect(plug, place)
    reader, writer = await asyncio.open_connection(sock=plug, limit=window_bytes or LIMIT_BYTES)
    try:
        yield Wire(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def post(url, path, headers, body):
    """Send a request and return its answer, that may come before the body has been sent: then nobody takes the rest."""
    lines = [f"{name}: {value}" for name, value in headers.items()]
    async with wire(url) as caller:
        await caller.send(head("POST", path, f"Content-Length: {len(body)}", *lines))
        pouring = asyncio.ensure_future(caller.pour(body, most=1)) if body else None
        said = await caller.answer()
        if pouring:
            pouring.cancel()
        return said


def head(method, path, *lines):
    """Return a request's head; `lines` are texts or raw bytes."""
    said = [f"{method} {path} HTTP/1.1", "Host: localhost", *lines]
    return b"\r\n".join(line if isinstance(line, bytes) else line.encode() for line in said) + b"\r\n\r\n"
