"""Who calls: each row of the routes says how a caller is proven (`connector.api.authorize.Who`), and this does it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from connector.api.authorize import Who
from connector.console.api_keys import ApiKeys
from connector.console.sessions import Sessions
from connector.consumer.flows.arriving import Arriving
from connector.consumer.holding import Holding
from connector.custody import bearers, tickets
from connector.exchange.operators import Operators
from connector.identity import readers, tokens
from connector.identity.peers import Peers
from connector.identity.space.view import SpaceView
from connector.operation.dcp.verifier import Verifier
from connector.operation.ndi.landing import Landing
from connector.operation.signaling.data_planes import DataPlanes
from connector.operation.signaling.planes import ControlPlanes
from connector.provider.data_addresses import DataAddresses
from connector.runtime.errors import Absent, PenstockError, Unproven
from connector.runtime.limits import RECOGNITION_SECONDS_MAX

if TYPE_CHECKING:
    from connector.api.call import Call

# how clients of the Management API show the token of the data directory
KEY_HEADER = "X-Api-Key"

log = logging.getLogger(__name__)


async def prove(call: Call) -> None:
    """Prove the caller as the row of the route asks, or raise; see `Who`."""
    header, now = call.request.headers.get("Authorization", ""), call.core.clock.now
    if call.route.who is Who.ANYONE:
        call.peer = await _recognised(call, header)
    elif call.route.who is Who.OWNER:
        await _own(call, header or _key(call))
    elif call.route.who in (Who.PEER, Who.PARTY, Who.MEMBER):
        await _peer(call, header)
    elif call.route.who is Who.TICKET:
        call.ticket = tickets.read(call.of(DataAddresses).key, header, now())
    elif call.route.who is Who.BEARER:
        call.ticket = bearers.read(call.of(DataAddresses).key, header, now())
    elif call.route.who is Who.PLANE:
        call.peer = await call.of(ControlPlanes).admit(header)
    elif call.route.who is Who.MOVER:
        call.peer = await call.of(DataPlanes).admit(header)
    elif call.route.who is Who.SENDER:
        _sender(call, header)
    elif call.route.who is Who.PASS:
        call.carrying = await call.of(Holding).admit(call.path["edition"], header)
    elif call.route.who is Who.READER:
        call.peer = await _reader(call, header)
    elif call.route.who is Who.ACCOUNT:
        call.session = await call.of(Sessions).of(call.request)


async def _own(call: Call, header: str) -> None:
    """Prove a program by its key, an operator by theirs, or the owner."""
    call.key = await call.of(ApiKeys).prove(header)
    if call.key is None:
        call.operator = await call.of(Operators).prove(header)


async def _peer(call: Call, header: str) -> None:
    """Prove a peer by its token, and what the row asks of it besides."""
    call.claims, space = await call.of(Peers).prove(header), call.of(SpaceView)
    call.peer = call.claims.issuer
    await space.refuse_known_barred(call.peer)
    if call.route.who is Who.PARTY:
        await call.of(Verifier).require(call.claims)
    if call.route.who is Who.MEMBER and await space.member(call.peer) is None:
        raise Absent("nothing here for a participant that is not a member; ask the exchange to admit it")


def _sender(call: Call, header: str) -> None:
    """Prove who sends something here by the token of the push, or of the flow, that it is of."""
    if (sequence := call.path.get("sequence")) is not None:
        call.of(Landing).require(sequence, header)
    else:
        call.of(Arriving).require(call.path["id"], header)


def _key(call: Call) -> str:
    """Return the key of a client of the Management API as the header that it stands for."""
    return tokens.SCHEME + call.request.headers.get(KEY_HEADER, "")


async def _recognised(call: Call, header: str) -> str:
    """Return the member whose token it is, empty for anybody else; the document of a stranger is never asked for."""
    if not header.startswith(tokens.SCHEME):
        return ""
    space = call.of(SpaceView)
    try:
        if tokens.take_apart(tokens.of_header(header)).issuer not in space.last().members:
            return ""
        async with asyncio.timeout(RECOGNITION_SECONDS_MAX):
            member = (await call.of(Peers).prove(header)).issuer
            await space.refuse_known_barred(member)
    except (PenstockError, TimeoutError) as fault:
        log.info("a caller is taken for anybody: %s", fault)
        return ""
    return member


async def _reader(call: Call, header: str) -> str:
    """Return the member that proves by the key of its log that it reads."""
    proof = readers.read(header, call.core.identity.did)
    member = await call.of(SpaceView).member(proof.reader)
    if member is None:
        raise Unproven("members show this to members alone", "ask the exchange of the space to admit you")
    proof.check(member.log_key, call.core.clock.now())
    return proof.reader
