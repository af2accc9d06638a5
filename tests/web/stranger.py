"""A participant that the test plays itself: a DID document and keys of its own, in no space, ready to be called."""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import tokens


class Stranger:
    """`heard` holds (path, body) of what others sent; every message is answered 200."""

    def __init__(self, folder, now):
        self._keys_folder, self._now = folder, now
        self.heard = asyncio.Queue()

    async def start(self):
        self.keys = key_files.create(self._keys_folder) or key_files.load(self._keys_folder)
        application = web.Application()
        application.router.add_get("/.well-known/did.json", self._document)
        application.router.add_route("*", "/{tail:.*}", self._hear)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        self.url, self.did = f"http://localhost:{port}", f"did:web:localhost%3A{port}"

    async def stop(self):
        await self._runner.cleanup()

    def bearer(self, audience):
        return {"Authorization": tokens.SCHEME + tokens.issue(self.keys.token, self.did, audience, self._now())}

    async def _document(self, _request):
        return web.json_response(dids.build(self.did, self.url, self.keys, None, exchange=False))

    async def _hear(self, request):
        await self.heard.put((request.path, json.loads(await request.read() or b"{}")))
        return web.json_response({})
