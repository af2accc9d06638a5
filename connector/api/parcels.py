"""Parcels of messages over HTTPS: one caller is proven once, and each message goes to the engine as if it came alone.

Law: (1) the caller's token is used up in the first act, which is queued before those of the messages; these take effect
only after it, so a parcel that is shown twice opens nothing. (2) The head of the sender's log is proven before any
message is acted on, and kept in that first act. (3) Every message holds a place of its peer, as a request of its own
would; nothing else of a message depends on its neighbours.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from connector.api import authorize
from connector.api.dsp import peer_of
from connector.api.faults import PROCESS_OF, as_json, in_a_parcel
from connector.api.places import Places
from connector.identity import tokens
from connector.identity.peers import Peers
from connector.identity.space.peer_logs import PeerLogs
from connector.identity.space.view import SpaceView
from connector.negotiation import parcel
from connector.negotiation.engine import Engine
from connector.negotiation.protocol.messages import DSP_PATH
from connector.negotiation.protocol.states import NEGOTIATION
from connector.negotiation.protocol.validation import IDENTIFIER_LIMIT_CHARACTERS
from connector.runtime import traceparent
from connector.runtime.errors import Absent, TokenError
from connector.runtime.spans import CAME, Span, Spans

if TYPE_CHECKING:
    from connector.api.authorize import Route
    from connector.api.call import Call
    from connector.identity.space.peer_logs import Keep
    from connector.negotiation.doors import Peer
    from connector.negotiation.parcel import Letter
    from connector.store.transaction import Tx

PLACES: web.AppKey[Places] = web.AppKey("parcels", Places)
# the rows of the messages that a parcel may hold, by their path below the base
CARRIED = {
    route.path.removeprefix(DSP_PATH): route
    for route in authorize.DSP
    if route.method == "POST" and route.handler in {"dsp.negotiate", "dsp.transfers"}
}


async def take(call: Call) -> web.Response:
    """Take the messages of a parcel; answer with what came of each."""
    came = parcel.read(await call.request.read())
    with call.request.app[PLACES].one(call.peer, len(came.letters)):
        keep = await call.of(PeerLogs).check(call.peer, came.head)
        peer = await peer_of(call.of(Peers), call.of(SpaceView), call.peer)
        admission = _Admission(call, keep)
        spent, *answers = await asyncio.gather(
            call.core.store.write(admission.spend, short=True),
            *(_answer(call, peer, admission, letter) for letter in came.letters),
            return_exceptions=True,
        )
    for fault in (spent, *answers):
        if isinstance(fault, BaseException):
            raise fault
    return as_json({"answers": answers})


@dataclass(slots=True)
class _Admission:
    """Whether the acts of a parcel may take effect."""

    call: Call
    keep: Keep
    open: bool = False

    def spend(self, tx: Tx) -> None:
        """Use up the caller's token and keep the head of its log."""
        assert self.call.claims is not None
        tokens.remember(tx, self.call.claims)
        self.keep(tx)
        self.open = True

    def admit(self, tx: Tx) -> None:
        """Let an act of a message pass; raises TokenError when the first act did not, or did not last."""
        assert self.call.claims is not None
        if not self.open or not tokens.is_used(tx, self.call.claims):
            raise TokenError("the parcel was not let in", "send its messages again, with a fresh token")


async def _answer(call: Call, peer: Peer, admission: _Admission, letter: Letter) -> dict[str, Any]:
    """Return what one message is answered, under its own trace."""
    path, pid = parcel.whereto(letter.to)
    place, clock = traceparent.received(letter.trace), call.core.clock
    traceparent.CURRENT.set(place)  # of this message's task alone
    named = path if path in CARRIED else "/…"  # what is kept of a message is as short as of one that came alone
    about = (pid or "")[:IDENTIFIER_LIMIT_CHARACTERS]
    span = Span(place, CAME, f"POST {DSP_PATH}{named}", clock.now(), call.peer, about)
    began = clock.monotonic()
    process = PROCESS_OF.get(path.split("/")[1] if path.startswith("/") else "", NEGOTIATION)
    try:
        status, body = await _taken(call, peer, admission, CARRIED.get(path), pid, letter.body)
    except Exception as fault:  # noqa: BLE001 - whatever one message meets is its own answer
        status, body = in_a_parcel(process, pid or "", fault)
    span.status, span.seconds = status, clock.monotonic() - began
    call.of(Spans).add(span)
    return {"status": status, "body": body}


async def _taken(
    call: Call, peer: Peer, admission: _Admission, route: Route | None, pid: str | None, body: Any
) -> tuple[int, Any]:
    if route is None or not route.roles & call.core.identity.roles:
        raise Absent("nothing is served under this path")
    if pid is None and isinstance(body, dict) and isinstance(callback := body.get("callbackAddress"), str):
        await call.core.outbound.vet(callback)
    engine = call.of(Engine)
    negotiates = route.handler == "dsp.negotiate"
    receive = engine.receive_negotiation_message if negotiates else engine.receive_transfer_message
    reply = await receive(route.kind, pid, body, peer, admission.admit)
    return reply.status, reply.body
