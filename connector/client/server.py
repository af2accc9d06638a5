"""The command line's view of its own server: the management API of the data directory's participant.

The address is in `DIR/server.json`, written when the server is ready; the bearer token in `DIR/management.token`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import orjson

from connector.net import tls
from connector.net.outbound import Outbound
from connector.runtime import traceparent
from connector.runtime.data_folder import TOKEN_FILE
from connector.runtime.errors import InvalidInput, PeerUnreachable, PenstockError, ServerAbsent, Told, told_in

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from pathlib import Path

    from connector.net.outbound import Download

ADDRESS_FILE = "server.json"
# our own server's; the longest is somebody's catalogue (`engine.crawl`)
OWN_ANSWER_BYTES_MAX = 64 * 1_048_576
# what is read as it comes: as much as there is
STREAM_BYTES_MAX = 1 << 63
CALL_SECONDS = 120.0  # settling waits for the chain


class Server:
    """Calls to one running participant."""

    def __init__(self, data: Path, outbound: Outbound, key: Path | None = None) -> None:
        self._data = data
        self._outbound = outbound
        self._key = None if key is None else _operator(key)

    def address(self) -> str:
        """Return the server's base URL; raises ServerAbsent when none has been started here."""
        return str(_told(self._data)["url"] if self._key is None else self._key["url"])

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
        url = f"{self.address()}/management/{path}"
        headers = {"Authorization": "Bearer " + self._token()}
        try:
            limits: dict[str, Any] = {"timeout_seconds": CALL_SECONDS, "limit_bytes": OWN_ANSWER_BYTES_MAX}
            answer = await self._outbound.request(method, url, body=body, headers=headers, **limits)
        except PeerUnreachable as fault:
            raise self._explained(fault) from fault
        return answer.json() if answer.body else None

    @asynccontextmanager
    async def stream(self, path: str) -> AsyncIterator[Download]:
        """Read `/management/{path}` as bytes, however slowly they come; raises as `call` does."""
        url = f"{self.address()}/management/{path}"
        headers = {"Authorization": "Bearer " + self._token()}
        limits: dict[str, Any] = {"limit_bytes": STREAM_BYTES_MAX, "stall_seconds": None}
        try:
            async with self._outbound.download(url, headers=headers, **limits) as body:
                yield body
        except PeerUnreachable as fault:
            raise self._explained(fault) from fault

    def _explained(self, fault: PeerUnreachable) -> PenstockError:
        if told := told_in(fault.body):
            return Told(told)
        hint = "if it was stopped, start it with `penstock serve`, then repeat the command"
        return PeerUnreachable(f"the server of `{self._data}` does not answer: {fault}", hint)

    def _token(self) -> str:
        if self._key is not None:
            return str(self._key["key"])
        try:
            return (self._data / TOKEN_FILE).read_text().strip()
        except FileNotFoundError:
            raise ServerAbsent(f"there is no management token in `{self._data}`") from None


@asynccontextmanager
async def server(data: Path, key: Path | None = None) -> AsyncIterator[Server]:
    """Open the door to the server of `data`; the loopback is allowed because the server is our own.

    `key` is the file of an operator's key: it names the server itself, and `data` may be absent.
    """
    async with Outbound(development=True, trust=trusted(data)) as outbound:
        yield Server(data, outbound, key)


def trusted(data: Path) -> ssl.SSLContext | None:
    """Return the context that believes what the server of `data` believes; its own certificate may be private."""
    try:
        return tls.trusting(str(_told(data).get("trust", "")))
    except ServerAbsent:
        return None  # the first call says so


def _operator(path: Path) -> dict[str, Any]:
    """Return what the file of an operator's key says."""
    try:
        told = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError):
        told = None
    if not isinstance(told, dict) or not {"url", "key"} <= set(told):
        raise InvalidInput(f"`{path}` is no file of an operator's key", "`penstock exchange operator add` writes one")
    return told


def _told(data: Path) -> dict[str, Any]:
    """Return what the server of `data` said when it was ready; raises ServerAbsent when none has been started."""
    try:
        told = orjson.loads((data / ADDRESS_FILE).read_bytes())
    except FileNotFoundError:
        raise ServerAbsent(f"no server runs on `{data}`") from None
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or "url" not in told:
        raise ServerAbsent(f"`{data / ADDRESS_FILE}` is damaged", "start the server again")
    return told
