"""The embedded chain's JSON-RPC, for the members and for any stock client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from connector.errors import Absent

if TYPE_CHECKING:
    from connector.web.call import Call


async def rpc(call: Call) -> web.Response:
    """Answer a JSON-RPC request or batch."""
    if call.connector.embedded is None:
        raise Absent("this exchange hosts no chain; ask the one in its settings")
    body = await call.connector.embedded.rpc(await call.request.read())
    return web.Response(body=body, content_type="application/json")
