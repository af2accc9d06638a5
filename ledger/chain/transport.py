"""The two roads to a chain, as web3 providers: HTTP to somewhere, or a function call into our own process.

Both turn every failure of the road into `ChainUnreachable`, so that web3's own errors are always the chain's answers.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from aiohttp import ClientConnectorError, ClientResponseError, ClientSession, ServerDisconnectedError, TCPConnector
from web3.providers.async_base import AsyncJSONBaseProvider
from web3.providers.rpc import AsyncHTTPProvider

from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    import ssl

    from web3.types import RPCEndpoint, RPCResponse

# makes the headers that say who asks, for one question
Proof = Callable[[], Mapping[str, str]]

REQUEST_TIMEOUT_SECONDS = 20
# nodes close what is idle after 30 seconds and more
KEPT_SECONDS = 15
# ten thousand blocks of events are a few MiB
ANSWER_BYTES_MAX = 256 << 20


class HttpTransport(AsyncHTTPProvider):
    """JSON-RPC over HTTP; never retries by itself, because whoever waits for an answer has a plan for its absence.

    Connections are kept between questions. One that the node closed just then says nothing about the node, so the
    question is put once more: each may be asked twice, and a raw transaction counts once. `prove` returns the headers
    of one question that say who asks.
    """

    def __init__(self, url: str, trust: ssl.SSLContext | None = None, prove: Proof | None = None) -> None:
        super().__init__(url, exception_retry_configuration=None)
        self._prove = prove
        self._trust = True if trust is None else trust
        self._session: ClientSession | None = None
        self._closed = False

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask once, within the time limit."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                try:
                    return await super().make_request(method, params)
                except ServerDisconnectedError:
                    return await super().make_request(method, params)
        except ChainUnreachable:
            raise
        except Exception as error:
            raise ChainUnreachable(f"no answer from the chain at `{self.endpoint_uri}`: {_why(error)}") from error

    async def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        """Put the encoded question over our own session; web3's closes each connection after one answer."""
        if self._closed:
            raise ChainUnreachable("this connection to the chain is closed")
        # made and kept without a pause between: a question that is called off here leaves no session unclosed
        if self._session is None:
            connector = TCPConnector(keepalive_timeout=KEPT_SECONDS, ssl=self._trust)
            self._session = ClientSession(raise_for_status=True, connector=connector)
        proof = self._prove() if self._prove is not None else {}
        if not isinstance(proof, dict):  # it is signed when it is read, by a key that takes its time
            proof = await asyncio.to_thread(dict, proof)
        headers = {**self.get_request_headers(), **proof}
        async with self._session.post(str(self.endpoint_uri), data=request_data, headers=headers) as answer:
            body = bytearray()
            async for piece in answer.content.iter_any():
                body += piece
                if len(body) > ANSWER_BYTES_MAX:
                    raise ChainUnreachable(f"the answer to `{method}` is larger than {ANSWER_BYTES_MAX} bytes")
            return bytes(body)

    async def close(self) -> None:
        """Close the connections; whoever asks later is refused, or would leave a session behind."""
        self._closed = True
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _why(fault: Exception) -> str:
    """Return in words why a question got no answer."""
    match fault:
        case TimeoutError():
            return f"nothing came within {REQUEST_TIMEOUT_SECONDS} s"
        case ClientResponseError():
            return f"it answered {fault.status}"
        case ClientConnectorError() if fault.os_error.errno:
            return os.strerror(fault.os_error.errno).lower()
        case _:
            return str(fault) or type(fault).__name__


class LocalChain(Protocol):
    """A chain of this process, by what it answers; `ledger.embedded.chain` has one."""

    async def rpc(self, body: bytes) -> bytes:
        """Answer one JSON-RPC body; every fault is in the answer."""


class LocalTransport(AsyncJSONBaseProvider):
    """JSON-RPC into an embedded chain of this process."""

    def __init__(self, embedded: LocalChain) -> None:
        super().__init__()
        self._embedded = embedded

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask the embedded chain."""
        return self.decode_rpc_response(await self._embedded.rpc(self.encode_rpc_request(method, params)))

    async def close(self) -> None:
        """Leave the chain to its host."""
