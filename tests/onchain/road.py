"""A road to the embedded chain over HTTP, on which questions meet what bad nodes do."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

from aiohttp import web

SLOW_SECONDS = 0.2


class Road:
    """A proxy before the embedded chain that misbehaves as told, one mood after the other."""

    def __init__(self, embedded):
        self._embedded, self.moods, self.asked = embedded, [], 0

    async def answer(self, request):
        self.asked += 1
        body = await request.read()
        mood = self.moods.pop(0) if self.moods else "good"
        match mood:
            case "429" | "500" | "502":
                return web.Response(status=int(mood), text="slow down")
            case "slow":
                await asyncio.sleep(SLOW_SECONDS)
            case "hang":
                await asyncio.sleep(3600)
            case "close":
                request.transport.abort()
                return web.Response()
            case "noise":
                return web.Response(text="<html>welcome</html>")
            case "empty":
                return web.json_response({"jsonrpc": "2.0", "id": 0, "result": None})
            case "pruned":
                error = {"code": -32000, "message": "missing trie node 00 (path ) state is not available"}
                return web.json_response({"jsonrpc": "2.0", "id": 0, "error": error})
            case "busy":
                error = {"code": -32005, "message": "daily request limit reached"}
                return web.json_response({"jsonrpc": "2.0", "id": 0, "error": error})
        return web.Response(body=await self._embedded.rpc(body), content_type="application/json")


@asynccontextmanager
async def road_to(embedded):
    """Serve a road while the block runs; its `url` leads to it."""
    made = Road(embedded)
    application = web.Application()
    application.router.add_post("/", made.answer)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    try:
        yield made
    finally:
        await runner.cleanup()
