"""The participant's one HTTP surface, built from the route table.

Law: a handler runs only after its row's caller has been proven; a peer's token is used up in the transaction of the
act it permits (`Caller.spend`), so a refused message costs nothing and a repeated token opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from connector.errors import Absent
from connector.limits import BODY_BYTES_MAX, REQUEST_SECONDS_MAX
from connector.web import chain, channel, dsp, exchange, log, management, processes, sealed, wellknown, witness
from connector.web.authorize import ROUTES, Route, Who
from connector.web.call import Call
from connector.web.faults import answer_fault, answer_refusal

if TYPE_CHECKING:
    from connector.app import Connector

T = TypeVar("T")
MODULES = {
    "chain": chain,
    "channel": channel,
    "dsp": dsp,
    "exchange": exchange,
    "log": log,
    "management": management,
    "processes": processes,
    "sealed": sealed,
    "wellknown": wellknown,
    "witness": witness,
}
Handler = Callable[[Call], Awaitable[web.StreamResponse]]


async def _prove(call: Call) -> None:
    """Prove the caller as the row of the route asks, or raise; see `Who`."""
    connector, header = call.connector, call.request.headers.get("Authorization", "")
    if call.route.who is Who.OWNER:
        connector.check_management(header)
    elif call.route.who in (Who.PEER, Who.MEMBER):
        call.claims = await connector.prove(header)
        call.peer = call.claims.issuer
        if call.route.who is Who.MEMBER and not await connector.is_member(call.peer):
            raise Absent("nothing here for a participant that is not a member; ask the exchange to admit it")


def _handler(connector: Connector, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    module, name = route.handler.split(".")
    function: Handler = getattr(MODULES[module], name)

    async def handle(request: web.Request) -> web.StreamResponse:
        call = Call(connector, request, route)
        try:
            await _prove(call)
            await _take_body(request)
            return await function(call)
        except web.HTTPException:
            raise
        except Exception as fault:  # noqa: BLE001  # the one place where every fault becomes an answer
            return answer_fault(request, fault)

    return handle


async def _take_body(request: web.Request) -> None:
    """Read the body into the request, within its limits of bytes and time; what announces more is not waited for."""
    if (request.content_length or 0) > BODY_BYTES_MAX:
        raise web.HTTPRequestEntityTooLarge(BODY_BYTES_MAX, request.content_length or 0)
    try:
        async with asyncio.timeout(REQUEST_SECONDS_MAX):
            await request.read()
    except TimeoutError:
        raise web.HTTPRequestTimeout from None


@web.middleware
async def _in_words(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return answer_refusal(request, refusal)


def build(connector: Connector) -> web.Application:
    """Return the application with the routes that exist for the connector's roles."""
    app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=[_in_words])
    for route in ROUTES:
        if route.roles & connector.roles:
            app.router.add_route(route.method, route.path, _handler(connector, route))
    return app
