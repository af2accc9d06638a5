"""Messages carried to peers over HTTP: the engine's doors `deliver` and `ask`.

Law: each request is authorised anew and bears the newest head of our log; an answer is a status and a JSON value, None
for anything that is no JSON, or heavier than a message. Messages to one peer that are sent in the same moment go as one
request if it takes parcels (`connector.negotiation.parcel`): the first waits for the others of that moment, no longer.
A parcel that its peer does not take is sent message by message at once, and nobody notices: a message may come twice.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import orjson

from connector.negotiation import parcel
from connector.negotiation.parcel import Letter
from connector.runtime.errors import PeerRefused, PeerUnreachable
from connector.runtime.limits import CALL_SECONDS_MAX, MESSAGE_BYTES_MAX, MESSAGE_VALUES_MAX, PEERS_KNOWN_MAX
from contracts.canonical import values_at_most
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.negotiation.protocol.messages import Document
    from connector.net.outbound import Outbound

    Place = tuple[str, str]  # a peer's DID and the base of its addresses
    Outcome = tuple[int, Any]


class Riding(Protocol):
    """The heads of our log on their way out (`connector.store.heads`)."""

    async def riding(self, peer: str) -> Document:
        """Return the head for one message to `peer`."""

    def lost(self, peer: str, riding: Mapping[str, Any]) -> None:
        """Take back a head that did not arrive."""


@dataclass(slots=True, eq=False)
class _Open:
    """A parcel that is being filled; `outcomes` gives each message its answer, None if it is to go alone."""

    letters: list[Letter] = field(default_factory=list)
    outcomes: list[asyncio.Future[Outcome | None]] = field(default_factory=list)


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
        self._taking: OrderedDict[Place, int] = OrderedDict()  # how many messages a peer takes in one parcel
        self._open: dict[Place, _Open] = {}

    async def deliver(self, peer: str, url: str, body: Document) -> Outcome:
        """Post a message; raises what `Outbound.request` raises, save a refusal, which is an answer."""
        parts = parcel.below(url)
        if parts is None or self._taking.get((peer, parts[0]), 0) < 2:
            return await self._alone(peer, url, body)
        raw = orjson.dumps(body)
        if len(raw) > parcel.LETTER_BYTES_MAX:
            return await self._alone(peer, url, body)
        with self._outbound.noted("POST", url) as span:
            letter = Letter(parts[1], span.place.header, raw)
            outcome = await self._with_others((peer, parts[0]), letter)
            if outcome is not None:
                span.status = outcome[0]
                return outcome
        return await self._alone(peer, url, body)

    async def ask(self, peer: str, url: str) -> Outcome:
        """Get a document; raises likewise."""
        return (await self._send("GET", peer, url, None))[:2]

    async def _alone(self, peer: str, url: str, body: Document) -> Outcome:
        """Post one message in a request of its own; learn whether its peer takes parcels."""
        riding, status = await self._heads.riding(peer), 0
        try:
            status, reply, takes = await self._send("POST", peer, url, {**body, CHECKPOINT: riding})
        finally:
            if not 200 <= status < 300:
                self._heads.lost(peer, riding)
        if takes and (parts := parcel.below(url)) is not None:
            self._taking[peer, parts[0]] = takes
            if len(self._taking) > PEERS_KNOWN_MAX:
                self._taking.popitem(last=False)
        return status, reply

    async def _with_others(self, place: Place, letter: Letter) -> Outcome | None:
        """Put a message into the parcel of this moment; whoever opens one sends it when the moment is over."""
        opened = self._open.get(place)
        if opened is None or len(opened.letters) >= self._taking.get(place, 0):
            opened = self._open[place] = _Open()
        mine: asyncio.Future[Outcome | None] = asyncio.get_running_loop().create_future()
        opened.letters.append(letter)
        opened.outcomes.append(mine)
        if len(opened.letters) == 1:
            await self._close(place, opened)
        return await mine

    async def _close(self, place: Place, opened: _Open) -> None:
        """Wait for what else is sent in this moment, send it all, and tell each message what came of it."""
        fault: Exception = PeerUnreachable("whoever carried this message was stopped", "it is sent again")
        try:
            await asyncio.sleep(0)
            if self._open.get(place) is opened:
                del self._open[place]
            found = await self._together(place, opened.letters) if len(opened.letters) > 1 else None
            for number, mine in enumerate(opened.outcomes):
                if not mine.done():
                    mine.set_result(None if found is None else found[number])
        except asyncio.CancelledError:
            opened.outcomes[0].cancel()  # this message's own flight is over
            raise
        except Exception as error:  # noqa: BLE001 - whatever the way to the peer raises is told to every message
            fault = error
        finally:
            if self._open.get(place) is opened:  # nobody joins what nobody sends
                del self._open[place]
            for number, mine in enumerate(opened.outcomes):
                if not mine.done():  # one fault for each: a raised one carries its own trace
                    mine.set_exception(fault if number == 0 else PeerUnreachable(str(fault) or type(fault).__name__))

    async def _together(self, place: Place, letters: list[Letter]) -> list[Outcome] | None:
        """Send a parcel; return what came of each message, None when the peer does not take it as we mean it."""
        (peer, base), answers = place, None
        riding = await self._heads.riding(peer)
        try:
            body = parcel.write(letters, riding)
            status, reply, _ = await self._send("POST", peer, parcel.address(base), body)
            answers = parcel.answers(reply, len(letters)) if status == parcel.TAKEN else None
        finally:
            if answers is None:  # also where the way to it broke: what is sent again goes alone, and learns anew
                self._heads.lost(peer, riding)
                self._taking.pop(place, None)
        return answers

    async def _send(self, method: str, peer: str, url: str, body: Document | bytes | None) -> tuple[int, Any, int]:
        """Send a request; return status, body and how many messages the peer takes in a parcel."""
        proof, seconds = self._authorization(peer), self._timeout_seconds
        try:
            answer = await self._outbound.request(
                method, url, body=body, headers=proof, timeout_seconds=seconds, limit_bytes=MESSAGE_BYTES_MAX
            )
        except PeerRefused as refusal:
            return refusal.status, _json(refusal.body), 0
        return answer.status, _json(answer.body), parcel.most(answer.headers.get(parcel.HEADER))


def _json(body: bytes) -> Any:
    if values_at_most(body) > MESSAGE_VALUES_MAX:
        return None
    try:
        return orjson.loads(body) if body else None
    except orjson.JSONDecodeError:
        return None
