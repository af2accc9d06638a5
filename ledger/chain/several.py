"""Several nodes of one chain as one: the next answers where one does not, and none is believed against another.

Law: what changes something goes to all; what is asked goes to the first that answers. Two nodes may differ about the
newest blocks, which confirmations are for; where they differ about a block `SETTLED_BLOCKS` deep, one of them shows
another history, nobody here can tell which, and nothing is known until somebody looks.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from web3.providers.async_base import AsyncJSONBaseProvider
from web3.types import RPCEndpoint

from ledger.chain.errors import ChainUnreachable
from ledger.chain.transport import HttpTransport

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping, Sequence

    from web3.types import RPCResponse

    from ledger.chain.transport import Proof

# as deep as the deepest reorganisation that is reckoned with
SETTLED_BLOCKS = 12
_SENDING = "eth_sendRawTransaction"


def transport_to(
    url: str, trust: ssl.SSLContext | None, proofs: Mapping[str, Proof]
) -> HttpTransport | SeveralTransport:
    """Return the way to a JSON-RPC address, or to several with commas between; `proofs` are for those named there."""
    nodes = [HttpTransport(each, trust, proofs.get(each)) for each in map(str.strip, url.split(","))]
    return nodes[0] if len(nodes) == 1 else SeveralTransport(nodes)


class SeveralTransport(AsyncJSONBaseProvider):
    """JSON-RPC to nodes that should be of one chain, in the order of preference."""

    def __init__(self, nodes: Sequence[HttpTransport]) -> None:
        assert len(nodes) > 1
        super().__init__()
        self._nodes = tuple(nodes)

    async def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Ask the nodes in turn, or send to all; `ChainUnreachable` when none answers."""
        if method == _SENDING:
            return await self._send(method, params)
        faults = []
        for node in self._nodes:
            try:
                return await node.make_request(method, params)
            except ChainUnreachable as fault:
                faults.append(str(fault))
        raise ChainUnreachable("; ".join(faults))

    async def agree(self) -> None:
        """Raise `ChainUnreachable` if two nodes that answer differ about a settled block."""
        heights = [await self._number(node) for node in self._nodes]
        known = [height for height in heights if height is not None]
        if len(known) < 2:
            return
        settled = max(min(known) - SETTLED_BLOCKS, 0)
        answering = [node for node, height in zip(self._nodes, heights, strict=True) if height is not None]
        hashes = {await self._hash(node, settled): node.endpoint_uri for node in answering}
        if len(hashes) > 1:
            raise ChainUnreachable(
                f"the nodes {' and '.join(f'`{uri}`' for uri in hashes.values())} differ about block `{settled}`: "
                "one of them shows another history; find out which, and take it out of the settings"
            )

    async def close(self) -> None:
        """Close the connections."""
        for node in self._nodes:
            await node.close()

    async def _send(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """Send to all; the first that took it answers, else the first that refused."""
        answers = await asyncio.gather(
            *(node.make_request(method, params) for node in self._nodes), return_exceptions=True
        )
        said: list[Any] = [answer for answer in answers if not isinstance(answer, BaseException)]
        if not said:
            raise ChainUnreachable("; ".join(str(answer) for answer in answers))
        response: RPCResponse = next((answer for answer in said if "result" in answer), said[0])
        return response

    async def _number(self, node: HttpTransport) -> int | None:
        try:
            answer: Any = await node.make_request(RPCEndpoint("eth_blockNumber"), [])
        except ChainUnreachable:
            return None
        return int(answer["result"], 16) if isinstance(answer.get("result"), str) else None

    async def _hash(self, node: HttpTransport, number: int) -> str:
        answer: Any = await node.make_request(RPCEndpoint("eth_getBlockByNumber"), [hex(number), False])
        found = answer.get("result")
        return str(found["hash"]) if isinstance(found, dict) else "absent"
