"""The spaces of an exchange over HTTP: for anybody to look up, for its operators to make, rule and wind up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.spaces import WORDS, Spaces
from connector.identity.space.exchange import ExchangeDoor
from connector.runtime.errors import InvalidInput

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call

CHANGES = frozenset({*WORDS, "rules"})


async def page(call: Call) -> web.Response:
    """List the spaces, and say who checks whom among the operators."""
    return as_json(await call.of(Spaces).page())


async def show(call: Call) -> web.Response:
    """Show a space with its rules."""
    return as_json(await call.of(Spaces).show(call.path["id"]))


async def versions(call: Call) -> web.Response:
    """List every version of a space's words and rules."""
    return as_json({"versions": await call.of(Spaces).versions(call.path["id"])})


async def create(call: Call) -> web.Response:
    """Make a space: `id`, `name`, `description`, `rules`."""
    body = await call.members({"id": "text", "name": "text", "description": "text", "rules": "document"})
    words = {name: body[name] for name in WORDS}
    return as_json(await call.of(Spaces).create(body["id"], words, body["rules"], call.who), 201)


async def change(call: Call) -> web.Response:
    """Give a space other words or rules: `reason` with any of `name`, `description`, `rules`."""
    body = await call.object()
    changes = {name: value for name, value in body.items() if name != "reason"}
    if not changes or set(changes) - CHANGES or not isinstance(body.get("reason"), str):
        raise InvalidInput(f"the body is an object with `reason` and any of {', '.join(sorted(CHANGES))}")
    return as_json(await call.of(Spaces).change(call.path["id"], changes, call.who, body["reason"]))


async def close(call: Call) -> web.Response:
    """Wind a space up: `reason`."""
    reason = (await call.texts("reason"))["reason"]
    return as_json(await call.of(Spaces).close(call.path["id"], call.who, reason))


async def look(call: Call) -> web.Response:
    """Ask our exchange for what it tells everybody of its spaces."""
    path = call.request.rel_url.raw_path_qs.removeprefix("/management")
    return as_json(await call.of(ExchangeDoor).ask("GET", path))
