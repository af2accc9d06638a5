"""Messages carried to peers over HTTP: the engine's doors `deliver` and `ask`.

Law: each request is authorised anew and a message bears the newest head of our log; an answer is a status and a JSON
value, None for anything that is no JSON, or heavier than a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import orjson

from connector.runtime.errors import PeerRefused
from connector.runtime.limits import CALL_SECONDS_MAX, MESSAGE_BYTES_MAX, MESSAGE_VALUES_MAX
from contracts.canonical import values_at_most
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.negotiation.protocol.messages import Document
    from connector.net.outbound import Outbound


class Riding(Protocol):
    """The heads of our log on their way out (`connector.store.heads`)."""

    async def riding(self, peer: str) -> Document:
        """Return the head for one message to `peer`."""

    def lost(self, peer: str, riding: Mapping[str, Any]) -> None:
        """Take back a head that did not arrive."""


class Courier:
    """The way to peers: `authorization` proves us to one, for one request; `heads` are what goes along."""

    def __init__(
        self,
        outbound: Outbound,
        authorization: Callable[[str], Mapping[str, str]],
        heads: Riding,
        timeout_seconds: float = CALL_SECONDS_MAX,
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._outbound = outbound
        self._authorization = authorization
        self._heads = heads

    async def deliver(self, peer: str, url: str, body: Document) -> tuple[int, Any]:
        """Post a message; raises what `Outbound.request` raises, save a refusal, which is an answer."""
        riding, status = await self._heads.riding(peer), 0
        try:
            status, reply = await self._send("POST", peer, url, {**body, CHECKPOINT: riding})
        finally:
            if not 200 <= status < 300:
                self._heads.lost(peer, riding)
        return status, reply

    async def ask(self, peer: str, url: str) -> tuple[int, Any]:
        """Get a document; raises likewise."""
        return await self._send("GET", peer, url, None)

    async def _send(self, method: str, peer: str, url: str, body: Document | None) -> tuple[int, Any]:
        proof, seconds = self._authorization(peer), self._timeout_seconds
        try:
            answer = await self._outbound.request(
                method, url, body=body, headers=proof, timeout_seconds=seconds, limit_bytes=MESSAGE_BYTES_MAX
            )
        except PeerRefused as refusal:
            return refusal.status, _json(refusal.body)
        return answer.status, _json(answer.body)


def _json(body: bytes) -> Any:
    if values_at_most(body) > MESSAGE_VALUES_MAX:
        return None
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
