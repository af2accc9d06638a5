"""One address for the stock connector and its identity hub, as a reverse proxy gives it: one DID answers at both.

A DID document names where its participant answers; ours believes no other address of it. So the
protocol goes to the stock connector, and the rest to the hub: its DID document, its credential service, its owner.
"""

from __future__ import annotations

from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

OF_CONNECTOR = ("/.well-known/dspace-version", "/2025-1/")
KEPT = ("Authorization", "Content-Type", "Accept", "Location", "Link", "Cache-Control")


class Front:
    """Passes calls on to `hub` or to `connector`, each the address below which it answers."""

    def __init__(self) -> None:
        self.hub = self.connector = ""

    async def pass_on(self, request: web.Request) -> web.Response:
        below = self.connector if request.path.startswith(OF_CONNECTOR) else self.hub
        if not below:
            return web.Response(status=503)
        headers, body = _kept(request.headers), await request.read() or None
        async with (
            aiohttp.ClientSession() as session,
            session.request(request.method, below + request.path_qs, headers=headers, data=body) as got,
        ):
            return web.Response(status=got.status, body=await got.read(), headers=_kept(got.headers))


def _kept(headers) -> dict[str, str]:
    return {name: headers[name] for name in KEPT if name in headers}


@asynccontextmanager
async def front(port: int):
    """Serve the address."""
    made, app = Front(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.pass_on)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "localhost", port).start()
        yield made
    finally:
        await runner.cleanup()
