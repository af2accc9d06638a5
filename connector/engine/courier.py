"""Messages carried to peers over HTTP: the engine's doors `deliver` and `ask`.

Law: each request is authorised anew, and a message carries the newest head of our log as it leaves (spec 4); an answer
is a status and a JSON value, None for anything that is no JSON.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from connector.errors import PeerRefused
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.outbound import Outbound
    from connector.protocol.messages import Document
    from connector.store.heads import Heads


class Courier:
    """The way to peers; `authorization` makes the header that proves us to one, for one request."""

    def __init__(self, outbound: Outbound, authorization: Callable[[str], Mapping[str, str]], heads: Heads) -> None:
        self._outbound = outbound
        self._authorization = authorization
        self._heads = heads

    async def deliver(self, peer: str, url: str, body: Document) -> tuple[int, Any]:
        """Post a message; raises what `Outbound.request` raises, save a refusal, which is an answer."""
        return await self._send("POST", peer, url, {**body, CHECKPOINT: await self._heads.riding(peer)})

    async def ask(self, peer: str, url: str) -> tuple[int, Any]:
        """Get a document; raises likewise."""
        return await self._send("GET", peer, url, None)

    async def _send(self, method: str, peer: str, url: str, body: Document | None) -> tuple[int, Any]:
        try:
            answer = await self._outbound.request(method, url, body=body, headers=self._authorization(peer))
        except PeerRefused as refusal:
            return refusal.status, _json(refusal.body)
        return answer.status, _json(answer.body)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
