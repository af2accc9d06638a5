"""The two roads to a chain, as web3 providers: HTTP to somewhere, or a function call into our own process.

Both turn every failure of the road into `ChainUnreachable`, so that web3's own errors are always the chain's answers.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from web3.providers.async_base import AsyncJSONBaseProvider
from web3.providers.rpc import AsyncHTTPProvider

from ledger.chain_error import ChainUnreachable

if TYPE_CHECKING:
    import ssl

    from web3.types import RPCEndpoint, RPCResponse

    from ledger.embedded.chain import EmbeddedChain

REQUEST_TIMEOUT_SECONDS = 20


class HttpTransport(AsyncHTTPProvider):
    """JSON-RPC over HTTP; never retries by itself, because whoever waits for an answer has a plan for its absence."""

    def __init__(self, url: str, trust: ssl.SSLContext | None = None) -> None:
        checked = {} if trust is None else {"ssl": trust}
        super().__init__(url, request_kwargs=checked, exception_retry_configuration=None)

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask once, within the time limit."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_SECONDS):
                return await super().make_request(method, params)
        except Exception as error:
            raise ChainUnreachable(f"no answer from the chain at `{self.endpoint_uri}`: {error!r}") from error

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
