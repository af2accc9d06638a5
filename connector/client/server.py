"""The own server's management API in an event loop, for the client and for commands that wait, stream or pour.

A command that puts one question asks by `connector.client.question`, which needs no event loop.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from connector.client.address import ADDRESS_FILE as ADDRESS_FILE  # noqa: PLC0414  # who imports it from here means it
from connector.client.address import CALL_SECONDS as CALL_SECONDS  # noqa: PLC0414  # a benchmark waits longer
from connector.client.address import OWN_ANSWER_BYTES_MAX, Address, key_file
from connector.client.presence import awaited
from connector.net.outbound import Outbound
from connector.runtime import traceparent
from connector.runtime.errors import PeerUnreachable, PenstockError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from connector.net.outbound import Download

# what is read as it comes: as much as there is
STREAM_BYTES_MAX = 1 << 63
# where a server may be that its owner named
ANYWHERE = ("0.0.0.0/0", "::/0")


class Server:
    """Calls to one running participant."""

    def __init__(self, data: Path | Address, outbound: Outbound, key: Path | None = None) -> None:
        self._address = data if isinstance(data, Address) else Address(data, key)
        self._outbound = outbound

    def address(self) -> str:
        """Return the server's base URL; raises ServerAbsent when none has been started here."""
        return self._address.base()

    async def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call `/management/{path}` and return the decoded answer; raises the typed fault of the answer.

        A fault carries the id of the request (`request`), by which `penstock admin trace` follows it.
        """
        place = traceparent.outgoing()
        reset = traceparent.CURRENT.set(place)
        try:
            return await self._call(method, path, body)
        except PenstockError as fault:
            fault.request = place.trace
            raise
        finally:
            traceparent.CURRENT.reset(reset)

    async def _call(self, method: str, path: str, body: Any) -> Any:
        limits: dict[str, Any] = {"timeout_seconds": CALL_SECONDS, "limit_bytes": OWN_ANSWER_BYTES_MAX}
        url, headers = self._address.below(path), self._address.headers()
        try:
            answer = await self._outbound.request(method, url, body=body, headers=headers, **limits)
        except PeerUnreachable as fault:
            raise self._address.explained(fault) from fault
        return answer.json() if answer.body else None

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Download]:
        """Read `/management/{path}` as bytes, however slowly they come; raises as `call` does."""
        url, headers = self._address.below(path), self._address.headers()
        limits: dict[str, Any] = {"limit_bytes": STREAM_BYTES_MAX, "stall_seconds": None}
        try:
            async with self._outbound.download(url, headers=headers, **limits) as body:
                yield body
        except PeerUnreachable as fault:
            raise self._address.explained(fault) from fault


@asynccontextmanager
async def server(data: Path | Address, key: Path | None = None) -> AsyncIterator[Server]:
    """Open the door to the server of `data`; the loopback is allowed because the server is our own.

    `key` is the file of a key, by default the environment's: it names the server itself, and `data` may be absent. A
    server that its owner named may be anywhere, in a private network too.
    """
    named = isinstance(data, Address)
    key = key or key_file()
    address = data if isinstance(data, Address) else Address(data, key)
    if not isinstance(data, Address) and key is None:
        await asyncio.to_thread(awaited, data)
    async with Outbound(development=True, networks=ANYWHERE if named else (), trust=address.context()) as outbound:
        yield Server(address, outbound)
