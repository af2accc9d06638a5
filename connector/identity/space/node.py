"""The node of our space, as a member asks it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.runtime.errors import Absent
from connector.runtime.limits import ANSWER_BYTES_MAX

if TYPE_CHECKING:
    from connector.identity.peers import Peers
    from connector.identity.space.view import SpaceView
    from connector.net.outbound import Outbound

NODE = "node"  # the role of whoever assigns codes
CODES, TRACES = "/node/codes", "/node/traces"
ACROSS = "/across"  # after a code or a thing: other nodes are asked, too
BELOW, QUESTIONS, REPORTS = (
    "/node/below",
    "/node/questions",
    "/node/reports",
)  # what nodes of several spaces ask each other


@dataclass(frozen=True, slots=True)
class NodeDoor:
    """Asks the node of the space, with a token of ours."""

    space: SpaceView
    peers: Peers
    outbound: Outbound

    @property
    def is_there(self) -> bool:
        """Say whether the space, as last known, has a node."""
        return self.space.last().node is not None

    async def ask(self, method: str, path: str, body: Any = None, *, limit_bytes: int = ANSWER_BYTES_MAX) -> Any:
        """Return what the node answers when we ask for `path`; raises as `Outbound.request`, Absent without a node."""
        node = (await self.space.current()).node or (await self.space.renewed()).node
        if node is None:
            raise Absent("this space has no node", "codes are local: ask the exchange to admit one, `--role node`")
        headers = self.peers.authorization(node.did)
        answer = await self.outbound.request(
            method, node.url + path, body=body, headers=headers, limit_bytes=limit_bytes
        )
        return answer.json()
