"""The data of flows over HTTP: what ours give, and what others send to ours (decision 0177).

GET  /flows/{id}             as `/plain/{edition}`: the only file, or the list of files; `Range`, `If-Range`, HEAD
GET  /flows/{id}/a/b.csv     one of several files
PUT  /flows/{id}/in          the only file of a push to us; POST is the same
PUT  /flows/{id}/in/a/b.csv  one of several
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from connector.api.plain import serve
from connector.consumer.flows.arriving import Arriving
from connector.provider.flows.given import Given
from connector.runtime.errors import RequestRefused
from connector.runtime.limits import STALL_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.api.call import Call

PIECE_BYTES = 256 * 1024


async def read(call: Call) -> web.StreamResponse:
    """Serve what a flow gives."""
    assert call.ticket is not None, "the row asks for one"
    given = call.of(Given)
    await given.require(call.ticket, call.path["id"])
    return await serve(call, given, call.ticket)


async def take(call: Call) -> web.Response:
    """Keep a file that is sent to us."""
    await call.of(Arriving).take(call.path["id"], call.path.get("path", ""), pieces(call.request))
    return web.Response(status=204)


async def pieces(request: web.Request) -> AsyncIterator[bytes]:
    """Yield a body as it comes; raises RequestRefused for one that stalls or breaks off."""
    try:
        while True:
            async with asyncio.timeout(STALL_SECONDS_MAX):
                piece = await request.content.read(PIECE_BYTES)
            if not piece:
                return
            yield piece
    except TimeoutError:
        raise RequestRefused("too-slow", f"nothing came for {STALL_SECONDS_MAX:g} s") from None
    except (ConnectionError, web.RequestPayloadError) as fault:
        raise RequestRefused("malformed", f"the body broke off: {fault}") from fault
