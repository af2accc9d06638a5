"""The embedded chain's JSON-RPC, for the members and for any stock client; members come first.

Law: nobody's work goes on when its caller is gone.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from connector.chain.hosted import Hosted
from connector.runtime.errors import Absent
from ledger.embedded.caller import Caller, Standing, stranger

if TYPE_CHECKING:
    from connector.api.call import Call
    from ledger.embedded.chain import EmbeddedChain

# how soon it is noticed that a caller is gone
LOOK_SECONDS = 0.1


async def rpc(call: Call) -> web.Response:
    """Answer a JSON-RPC request or batch."""
    hosted = call.of(Hosted).chain
    if hosted is None:
        raise Absent("this exchange hosts no chain; ask the one in its settings")
    caller = Caller(Standing.MEMBER, call.peer) if call.peer else stranger(call.request.remote or "")
    return await answer(hosted, call.request, caller)


async def answer(embedded: EmbeddedChain, request: web.Request, caller: Caller) -> web.Response:
    """Answer what somebody asks of a chain, as long as it waits for it."""
    work = asyncio.ensure_future(embedded.rpc(await request.read(), caller))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_SECONDS))[0]:
            if request.transport is None or request.transport.is_closing():
                break
    finally:
        work.cancel()  # nothing, when it is done
    if not work.done():
        return web.Response(status=499, reason="caller gone")
    return web.Response(body=work.result(), content_type="application/json")
