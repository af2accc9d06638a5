"""Saved searches over HTTP: a member's own, at the exchange."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.searches import Searches

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def save(call: Call) -> web.Response:
    """Save a search of the caller's: `name`, `q`, `where`."""
    return as_json(await call.of(Searches).save(call.peer, await call.document(), call.act), 201)


async def page(call: Call) -> web.Response:
    """List the caller's searches, each with what is new of it."""
    found = await call.of(Searches).page(call.peer)
    await call.spend()
    return as_json({"searches": found})


async def take_note(call: Call) -> web.Response:
    """Take what is new of a search for seen."""
    await call.texts()
    return as_json(await call.of(Searches).take_note(call.peer, call.path["id"], call.act))


async def drop(call: Call) -> web.Response:
    """Forget a search."""
    await call.texts()
    return as_json(await call.of(Searches).drop(call.peer, call.path["id"], call.act))
