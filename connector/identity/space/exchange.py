"""The exchange of our space, as a member asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import Absent
from connector.runtime.limits import ANSWER_BYTES_MAX

if TYPE_CHECKING:
    from connector.identity.identity import Identity
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.net.outbound import Outbound

EXCHANGE = "exchange"  # the role of whoever keeps a space


@dataclass(frozen=True, slots=True)
class ExchangeDoor:
    """Asks the exchange of the space, with a token of ours."""

    space: SpaceView
    peers: Peers
    outbound: Outbound
    identity: Identity

    @property
    def alone(self) -> bool:
        """Say whether we are in a space of our own that no exchange keeps: nobody lists, reviews or reports there."""
        return self.space.last().exchange == self.identity.did and EXCHANGE not in self.identity.roles

    async def ask(self, method: str, path: str, body: Any = None, *, limit_bytes: int = ANSWER_BYTES_MAX) -> Any:
        """Return what the exchange answers when we ask for `path`; raises as `Outbound.request`, Absent if `alone`."""
        space = await self.space.current()
        if self.alone:
            raise Absent("there is no exchange in a space of one's own", "set `space.exchange` to join one")
        exchange = space.members[space.exchange]
        headers = self.peers.authorization(exchange.did)
        answer = await self.outbound.request(
            method, exchange.url + path, body=body, headers=headers, limit_bytes=limit_bytes
        )
        return answer.json()
