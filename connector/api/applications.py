"""Applications for membership: an applicant's and the operator's requests, and the owner's who asks through its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.applications import APPLICATIONS, Applications, view
from connector.identity.space.exchange import ExchangeDoor

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def apply(call: Call) -> web.Response:
    """Take in the caller's application: `message`, in its own words."""
    told, claims = await call.texts("message"), call.claims
    assert claims is not None, "who applies has shown a token"
    return as_json(await call.of(Applications).apply(claims, told["message"], call.act), 201)


async def own(call: Call) -> web.Response:
    """Show the caller's application."""
    row = await APPLICATIONS.read(call.core.store, call.peer)
    await call.spend()
    return as_json(view(row))


async def refuse(call: Call) -> web.Response:
    """Refuse an application: `did` and `reason`."""
    told = await call.texts("did", "reason")
    return as_json(await call.of(Applications).refuse(told["did"], told["reason"]))


async def join(call: Call) -> web.Response:
    """Apply at the exchange of our settings, in our own name."""
    told = await call.texts("message")
    return as_json(await call.of(ExchangeDoor).ask("POST", "/exchange/applications", told), 201)


async def joined(call: Call) -> web.Response:
    """Show what became of our application."""
    return as_json(await call.of(ExchangeDoor).ask("GET", "/exchange/applications/own"))
