"""The vault, as its owner asks for it: what a running server must do itself, because it holds the keys."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.consumer.opening import Openings
from connector.custody.secrets import Keys as Secrets
from connector.licence.collecting import Collecting

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def rekey(call: Call) -> web.Response:
    """Wrap every key under a fresh key-encryption key."""
    await call.texts()
    return as_json({"keys": await asyncio.to_thread(call.of(Secrets).rotate)})


async def collect(call: Call) -> web.Response:
    """Remove what nothing needs; with GET only say what speaks for everything that is kept."""
    if call.route.method == "GET":
        found = await call.of(Collecting).look()
    else:
        await call.texts()
        found = await call.of(Collecting).collect()
    return as_json({"found": [need.json() for need in found]})


async def export_keys(call: Call) -> web.Response:
    """Hand out the keys of a kept replica: `id`, `acquisition`, `purpose`, `said`, `to` (a new file)."""
    return as_json(await call.of(Openings).export_keys(await call.object(), call.person), 201)
