"""The participant's one HTTP surface, built from the route table.

Law: a handler runs only after its row's caller has been proven and its body is there; a peer's token is used up in the
transaction of the act it permits (`Call.act`), so a refused message costs nothing and a repeated token opens nothing.
What the owner asks for in another's role is refused in words; to everybody else it does not exist. Whoever is not
proven has a place among its neighbours, whoever is has places of its own (`connector.api.places`); a member that shows
its token has them also where anybody may ask, and one whose token proves nothing is anybody.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from connector.api import body, console, operators, parcels
from connector.api.authorize import EARLY, ROUTES, Route, Who
from connector.api.call import Call
from connector.api.faults import answer_fault, answer_refusal
from connector.api.forwarding import Forwarding
from connector.api.places import Places
from connector.api.proving import prove
from connector.core.core import Core
from connector.identity.space.peer_logs import SeenElsewhere
from connector.net import tls
from connector.operation import coming
from connector.operation.health import Health
from connector.operation.metrics import Metrics
from connector.runtime import actor
from connector.runtime.errors import Absent, CatchingUp
from connector.runtime.limits import (
    BODY_BYTES_MAX,
    LINGER_SECONDS,
    PEER_REQUESTS_MAX,
    STRANGER_REQUESTS_MAX,
)
from connector.runtime.spans import Spans
from connector.store.tenure import Tenure

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.api.operators import Handler
    from connector.core.service import Parts
    from connector.identity.identity import Identity

# so often a message is looked at again because another process of ours heard of its sender meanwhile
SEEN_ELSEWHERE_MAX = 8

log = logging.getLogger(__name__)


class _Surface:
    """The way of every request: proven in a stranger's place, served in a place of its own."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._core, self._health = parts, parts.of(Core), parts.of(Health)
        settings, trust = self._core.settings, tls.trusting(self._core.settings.server.trust)
        self.forwarding = Forwarding(settings, parts.of(Tenure), trust)
        self._unproven = Places(STRANGER_REQUESTS_MAX)
        self._strangers = Places(STRANGER_REQUESTS_MAX)
        self._proven = Places(PEER_REQUESTS_MAX)

    def handler(self, route: Route) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Return what serves a row of the table."""
        function = operators.handler_of(route)

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                self._require_caught_up(route)
                if (passed := await self.forwarding.pass_on(route, request)) is not None:
                    return passed
                return await self._pass(Call(self._parts, self._core, request, route), function)
            except web.HTTPException:
                raise
            except Exception as fault:  # noqa: BLE001  # the one place where every fault becomes an answer
                return answer_fault(request, fault)

        return handle

    def _require_caught_up(self, route: Route) -> None:
        if self._health.catching_up and route.handler not in EARLY:
            raise CatchingUp(f"`{self._core.identity.did}` was restored and asks what others know of its log")

    async def _pass(self, call: Call, function: Handler) -> web.StreamResponse:
        remote = str(call.request.remote)
        with self._unproven.one(remote):
            await prove(call)
        span = call.request[coming.SPAN]
        span.peer, span.who = call.peer or call.route.who, call.named
        if call.named != Who.ANYONE:
            span.remote = ""  # who proves who it is is no address
        if call.route.who is Who.ANYONE and not call.peer:
            with self._strangers.one(remote):
                return await self._serve(call, function)
        ours = actor.acting(call.named) if call.route.who in (Who.OWNER, Who.ACCOUNT) else nullcontext()
        # the owner's own programs may ask as much as they like
        with self._proven.one(call.caller) if call.caller else nullcontext(), ours:
            return await self._serve(call, function)

    async def _serve(self, call: Call, function: Handler) -> web.StreamResponse:
        _require_role(call.route, self._core.identity)
        call.request = await body.take(call.request, call.route, self._core.settings.server.request_seconds)
        if call.route.who is Who.OWNER:
            return await operators.govern(call, function)
        for _ in range(SEEN_ELSEWHERE_MAX):
            with suppress(SeenElsewhere):
                return await function(call)
        return await function(call)


def _require_role(route: Route, us: Identity) -> None:
    """Tell our owner that somebody else is asked for this; to others such a path does not exist."""
    if not route.roles & us.roles:
        raise Absent(
            f"this is for the role {' or '.join(sorted(route.roles))}; `{us.did}` is {', '.join(sorted(us.roles))}",
            "`--data` says which participant is meant; what it is stands in its settings as `participant.roles`",
        )


@web.middleware
async def _in_words(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    try:
        return await handler(request)
    except web.HTTPException as refusal:
        return answer_refusal(request, refusal)


def build(parts: Parts) -> web.Application:
    """Return the application with the routes that exist for the participant's roles, and all of its owner's."""
    core = parts.of(Core)
    limits = {
        "auto_decompress": False,
        "keepalive_timeout": core.settings.server.request_seconds,  # also of a first request that never comes
        "lingering_time": LINGER_SECONDS,
        "logger": _murmur(),
    }
    middlewares = [coming.middleware(core, parts.of(Spans), parts.of(Metrics)), _in_words]
    app = web.Application(client_max_size=BODY_BYTES_MAX, middlewares=middlewares, handler_args=limits)
    app.on_response_prepare.append(coming.name)
    console.prepare(app)
    app[parcels.PLACES] = Places(PEER_REQUESTS_MAX)
    surface = _Surface(parts)
    app.cleanup_ctx.append(surface.forwarding.run)
    for route in ROUTES:
        if route.roles & core.identity.roles or route.who is Who.OWNER:
            app.router.add_route(route.method, route.path, surface.handler(route))
    return app


def _murmur() -> logging.Logger:
    """Return the HTTP library's logger without a trace for every request that is not HTTP: a stranger's to send."""
    found = logging.getLogger(__name__ + ".http")
    if not found.filters:
        found.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))
    return found
