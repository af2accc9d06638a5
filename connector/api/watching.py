"""Uses that run, as members tell the exchange of them over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.api.faults import as_json
from connector.exchange.watched_uses import WatchedUses

if TYPE_CHECKING:
    from aiohttp import web

    from connector.api.call import Call


async def told(call: Call) -> web.Response:
    """Take in what the caller tells of its uses; the answer says what of them is stopped."""
    return as_json(await call.of(WatchedUses).receive(call.peer, await call.document(), call.act))
