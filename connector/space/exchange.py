"""The exchange of our space, as a member asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import ANSWER_BYTES_MAX

if TYPE_CHECKING:
    from connector.identity.peers import Peers
    from connector.net.outbound import Outbound
    from connector.space.view import SpaceView


@dataclass(frozen=True, slots=True)
class ExchangeDoor:
    """Asks the exchange of the space, with a token of ours."""

    space: SpaceView
    peers: Peers
    outbound: Outbound

    async def ask(self, method: str, path: str, body: Any = None, *, limit_bytes: int = ANSWER_BYTES_MAX) -> Any:
        """Return what the exchange answers when we ask for `path`; raises as `Outbound.request`."""
        space = await self.space.current()
        exchange = space.members[space.exchange]
        headers = self.peers.authorization(exchange.did)
        answer = await self.outbound.request(
            method, exchange.url + path, body=body, headers=headers, limit_bytes=limit_bytes
        )
        return answer.json()
