"""Everything between the space and the second provider: a small HTTP proxy that a test can make go wrong."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress

from aiohttp import ClientError, ClientSession, web

HOP = frozenset({"content-length", "transfer-encoding", "connection", "host", "date", "server"})
BODY_BYTES_MAX = 8 << 20


class Proxy:
    """Forwards what comes to `url` to `target` (a port); `log` has (method, path with query) of what passed.

    `spoil(request, body) -> body` may change an answer; `gate(request)` may be awaited before a request passes; of
    what `drips(request)` says, the answer comes byte by byte, with `pause` seconds between them.
    """

    def __init__(self):
        self.target, self.log = 0, []
        self.spoil, self.gate, self.drips, self.pause = None, None, None, 1.0
        self._runner = self._session = None

    async def start(self):
        self._session = ClientSession(auto_decompress=False)
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.router.add_route("*", "/{tail:.*}", self._pass)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://localhost:{self._runner.addresses[0][1]}"

    async def stop(self):
        await self._runner.cleanup()
        await self._session.close()

    def calm(self):
        """Let everything pass again and forget what passed."""
        self.spoil = self.gate = self.drips = None
        self.log.clear()

    async def _pass(self, request):
        body = await request.read()
        if self.gate is not None:
            await self.gate(request)
        self.log.append((request.method, request.path_qs))
        kept = {name: value for name, value in request.headers.items() if name.lower() not in HOP}
        url = f"http://127.0.0.1:{self.target}{request.path_qs}"
        try:
            async with self._session.request(request.method, url, data=body, headers=kept) as answer:
                content = await answer.read()
                headers = {name: value for name, value in answer.headers.items() if name.lower() not in HOP}
        except (ClientError, OSError):
            request.transport.abort()  # as unreachable as what lies behind
            raise
        if self.spoil is not None:
            content = self.spoil(request, content)
        if self.drips is not None and self.drips(request):
            return await self._drip(request, answer.status, content, headers)
        return web.Response(status=answer.status, body=content, headers=headers)

    async def _drip(self, request, status, content, headers):
        dripping = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(content))})
        await dripping.prepare(request)
        with suppress(ConnectionError):
            for byte in content:
                await dripping.write(bytes((byte,)))
                await asyncio.sleep(self.pause)
        return dripping


@asynccontextmanager
async def proxied():
    """A proxy that runs; its `target` is set when that is known."""
    made = Proxy()
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
