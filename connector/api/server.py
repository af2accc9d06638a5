"""The participant's one HTTP surface, built from the route table.

Law: a handler runs only after its row's caller has been proven and its body is there; a peer's token is used up in the
transaction of the act it permits (`Call.act`), so a refused message costs nothing and a repeated token opens nothing.
Whoever is not proven has a place among its neighbours, whoever is has places of its own (`connector.api.places`); a
member that shows its token has them also where anybody may ask, and one whose token proves nothing is anybody.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from connector.api import body, console, operators
from connector.api.authorize import ROUTES, Route, Who
from connector.api.call import Call
from connector.api.faults import answer_fault, answer_refusal
from connector.api.places import Places
from connector.custody import bearers, tickets
from connector.identity import readers, tokens
from connector.operation import coming
from connector.runtime.errors import Absent, PenstockError, Unproven
from connector.runtime.limits import (
    BODY_BYTES_MAX,
    LINGER_SECONDS,
    PEER_REQUESTS_MAX,
    RECOGNITION_SECONDS_MAX,
    STRANGER_REQUESTS_MAX,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.api.operators import Handler
    from connector.app.app import Connector

log = logging.getLogger(__name__)


async def _prove(call: Call) -> None:
    """Prove the caller as the row of the route asks, or raise; see `Who`."""
    connector, header = call.connector, call.request.headers.get("Authorization", "")
    if call.route.who is Who.ANYONE:
        call.peer = await _recognised(connector, header)
    elif call.route.who is Who.OWNER:
        call.operator = await connector.operators.prove(header)
    elif call.route.who in (Who.PEER, Who.MEMBER):
        call.claims = await connector.prove(header)
        call.peer = call.claims.issuer
        await connector.refuse_barred(call.peer)
        if call.route.who is Who.MEMBER and not await connector.is_member(call.peer):
            raise Absent("nothing here for a participant that is not a member; ask the exchange to admit it")
    elif call.route.who is Who.TICKET:
        call.ticket = tickets.read(connector.ticket_key, header, connector.clock.now())
    elif call.route.who is Who.BEARER:
        call.ticket = bearers.read(connector.ticket_key, header, connector.clock.now())
    elif call.route.who is Who.PASS:
        call.carrying = await connector.holding.admit(call.path["edition"], header)
    elif call.route.who is Who.READER:
        call.peer = await _reader(connector, header)
    elif call.route.who is Who.ACCOUNT:
        call.session = await connector.sessions.of(call.request)


async def _recognised(connector: Connector, header: str) -> str:
    """Return the member whose token it is, empty for anybody else; the document of a stranger is never asked for."""
    if not header.startswith(tokens.SCHEME):
        return ""
    try:
        if tokens.take_apart(tokens.of_header(header)).issuer not in connector.space.members:
            return ""
        async with asyncio.timeout(RECOGNITION_SECONDS_MAX):
            member = (await connector.prove(header)).issuer
            await connector.refuse_barred(member)
    except (PenstockError, TimeoutError) as fault:
        log.info("a caller is taken for anybody: %s", fault)
        return ""
    return member


async def _reader(connector: Connector, header: str) -> str:
    """Return the member that proves by the key of its log that it reads."""
    proof = readers.read(header, connector.did)
    member = (await connector.space_view.current()).members.get(proof.reader)
    if member is None:
        raise Unproven("members show this to members alone", "ask the exchange of the space to admit you")
    proof.check(member.log_key, connector.clock.now())
    return proof.reader


class _Surface:
    """The way of every request: proven in a stranger's place, served in a place of its own."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._unproven = Places(STRANGER_REQUESTS_MAX)
        self._strangers = Places(STRANGER_REQUESTS_MAX)
        self._proven = Places(PEER_REQUESTS_MAX)

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return what serves a row of the table."""
        function = operators.handler_of(route)

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                return await self._pass(Call(self._connector, request, route), function)
            except web.HTTPException:
                raise
            except Exception as fault:  # noqa: BLE001  # the one place where every fault becomes an answer
                return answer_fault(request, fault)

        return handle

    async def _pass(self, call: Call, function: Handler) -> web.StreamResponse:
        remote = str(call.request.remote)
        with self._unproven.one(remote):
            await _prove(call)
        call.request[coming.SPAN].peer = call.peer or call.route.who
        if call.route.who is Who.ANYONE and not call.peer:
            with self._strangers.one(remote):
                return await self._serve(call, function)
        # the owner's own programs may ask as much as they like
        with self._proven.one(call.caller) if call.caller else nullcontext():
            return await self._serve(call, function)

    async def _serve(self, call: Call, function: Handler) -> web.StreamResponse:
        call.request = await body.take(call.request, call.route, self._connector.settings.server.request_seconds)
        if call.route.who is Who.OWNER:
            return await operators.govern(call, function)
        return await function(call)


@web.middleware
async def _in_words(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return answer_refusal(request, refusal)


def build(connector: Connector) -> web.Application:
    """Return the application with the routes that exist for the connector's roles."""
    limits = {
        "auto_decompress": False,
        "keepalive_timeout": connector.settings.server.request_seconds,  # also of a first request that never comes
        "lingering_time": LINGER_SECONDS,
        "logger": _murmur(),
    }
    middlewares = [coming.middleware(connector.core, connector.spans, connector.metrics), _in_words]
    app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=middlewares, handler_args=limits)
    app.on_response_prepare.append(coming.name)
    console.prepare(app)
    surface = _Surface(connector)
    for route in ROUTES:
        if route.roles & connector.roles:
            app.router.add_route(route.method, route.path, surface.handler(route))
    return app


def _murmur() -> logging.Logger:
    """Return the HTTP library's logger without a trace for every request that is not HTTP: a stranger's to send."""
    found = logging.getLogger(__name__ + ".http")
    if not found.filters:
        found.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))
    return found
