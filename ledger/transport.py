"""The two roads to a chain, as web3 providers: HTTP to somewhere, or a function call into our own process.

Both turn every failure of the road into `ChainUnreachable`, so that web3's own errors are always the chain's answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from aiohttp import ClientSession, ServerDisconnectedError, TCPConnector
from web3.providers.async_base import AsyncJSONBaseProvider
from web3.providers.rpc import AsyncHTTPProvider

from ledger.chain_error import ChainUnreachable

if TYPE_CHECKING:
    import ssl

    from web3.types import RPCEndpoint, RPCResponse

    from ledger.embedded.chain import EmbeddedChain

REQUEST_TIMEOUT_SECONDS = 20
# nodes close what is idle after 30 seconds and more
KEPT_SECONDS = 15


class HttpTransport(AsyncHTTPProvider):
    """JSON-RPC over HTTP; never retries by itself, because whoever waits for an answer has a plan for its absence.

    Connections are kept between questions. One that the node closed just then says nothing about the node, so the
    question is put once more: each may be asked twice, and a raw transaction counts once.
    """

    def __init__(self, url: str, trust: ssl.SSLContext | None = None) -> None:
        checked = {} if trust is None else {"ssl": trust}
        super().__init__(url, request_kwargs=checked, exception_retry_configuration=None)
        self._session: ClientSession | None = None

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask once, within the time limit."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                await self._keep_connections()
                try:
                    return await super().make_request(method, params)
                except ServerDisconnectedError:
                    return await super().make_request(method, params)
        except Exception as error:
            raise ChainUnreachable(f"no answer from the chain at `{self.endpoint_uri}`: {error!r}") from error

    async def _keep_connections(self) -> None:
        """Put a session that keeps its connections in the place of web3's, which closes each after one answer."""
        if self._session is None or self._session.closed:
            self._session = ClientSession(raise_for_status=True, connector=TCPConnector(keepalive_timeout=KEPT_SECONDS))
            await self.cache_async_session(self._session)

    async def close(self) -> None:
        """Close the connections."""
        await self.disconnect()


class LocalTransport(AsyncJSONBaseProvider):
    """JSON-RPC into an embedded chain of this process."""

    def __init__(self, embedded: EmbeddedChain) -> None:
        super().__init__()
        self._embedded = embedded

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask the embedded chain."""
        return self.decode_rpc_response(await self._embedded.rpc(self.encode_rpc_request(method, params)))

    async def close(self) -> None:
        """Leave the chain to its host."""
