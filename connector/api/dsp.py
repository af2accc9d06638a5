"""Negotiations and transfers of the Dataspace Protocol 2025-1 over HTTPS: routes to the engine, typed answers.

Law: nothing is decided here. A caller that is not proven sees what an absent id shows (404 with the typed body).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.api.faults import as_json
from connector.identity.peers import Peers
from connector.identity.space.peer_logs import PeerLogs
from connector.identity.space.view import SpaceView
from connector.negotiation import parcel
from connector.negotiation.doors import Peer
from connector.negotiation.engine import Engine
from connector.negotiation.protocol import validation
from connector.negotiation.protocol.errors import ProtocolError
from connector.runtime.limits import PARCEL_MESSAGES_MAX
from contracts.namespace import CHECKPOINT

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call
    from connector.store.transaction import Tx


async def negotiate(call: Call) -> web.Response:
    """Take a message of a negotiation."""
    return await _receive(call, call.of(Engine).receive_negotiation_message)


async def transfers(call: Call) -> web.Response:
    """Take a message of a transfer."""
    return await _receive(call, call.of(Engine).receive_transfer_message)


async def negotiation(call: Call) -> web.Response:
    """Show a negotiation to its peer."""
    peer = await peer_of(call.of(Peers), call.of(SpaceView), call.peer)
    reply = await call.of(Engine).view_negotiation(call.path["pid"], peer, call.use_up)
    return as_json(reply.body, reply.status)


async def transfer(call: Call) -> web.Response:
    """Show a transfer to its peer."""
    peer = await peer_of(call.of(Peers), call.of(SpaceView), call.peer)
    reply = await call.of(Engine).view_transfer(call.path["pid"], peer, call.use_up)
    return as_json(reply.body, reply.status)


async def _receive(call: Call, receive: Any) -> web.Response:
    body = await call.request.read()
    keep = await call.of(PeerLogs).check(call.peer, await _looked_at(call, body))
    peer = await peer_of(call.of(Peers), call.of(SpaceView), call.peer)
    spend = call.use_up

    def admit(tx: Tx) -> None:
        spend(tx)
        keep(tx)

    reply = await receive(call.route.kind, call.path.get("pid"), body, peer, admit)
    answer = as_json(reply.body, reply.status)
    answer.headers[parcel.HEADER] = str(PARCEL_MESSAGES_MAX)
    return answer


async def peer_of(peers: Peers, space: SpaceView, did: str) -> Peer:
    """Return an authenticated peer with its account: as the space has it, else as its own document says.

    A document is believed for minutes, and an account that another one has followed signs nothing new.
    """
    said = (await peers.document(did)).agreement
    known = space.listed(did)
    return Peer(did, said if said is None or known is None else known.address)


async def _looked_at(call: Call, body: bytes) -> Any:
    """Return the sender's checkpoint, after a first message's callback was vetted, resolved and all.

    The engine itself asks no resolver; a body that cannot be read is refused by it, in its own words.
    """
    try:
        message = validation.read(call.route.kind, body)
    except ProtocolError:
        return None
    if "pid" not in call.path and "callbackAddress" in message:
        await call.core.outbound.vet(message["callbackAddress"])
    return message.get(CHECKPOINT)
