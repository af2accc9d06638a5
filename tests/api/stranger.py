"""A participant that the test plays itself: a DID document and keys of its own, in no space, ready to be called."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager

from aiohttp import web

from connector.identity import did as dids
from connector.identity import keys as key_files
from connector.identity import tokens
from connector.identity.keys import Signer
from connector.store.evidence import Evidence
from connector.store.heads import Heads
from connector.store.store import Store
from connector.store.tables import TABLES


class Stranger:
    """`heard` holds (path, body) of what others sent; every message is answered 200.

    `takes` maps the beginning of a path to who takes what comes there in place of `heard`.
    """

    aggregate = None

    def __init__(self, folder, now):
        self._keys_folder, self._now = folder, now
        self.heard, self.takes = asyncio.Queue(), {}

    async def start(self):
        self.keys = key_files.create(self._keys_folder) or key_files.load(self._keys_folder)
        application = web.Application()
        application.router.add_get("/.well-known/did.json", self._document)
        application.router.add_get("/.well-known/penstock.json", self._description)
        application.router.add_get("/log/{path:tile/.*}", self._tile)
        application.router.add_route("*", "/{tail:.*}", self._hear)
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        self.url, self.did = f"http://localhost:{port}", f"did:web:localhost%3A{port}"

    async def stop(self):
        await self._runner.cleanup()

    def bearer(self, audience):
        signer = Signer(self.keys.token, self.did + "#token")
        return {"Authorization": tokens.SCHEME + tokens.issue(signer, audience, self._now())}

    async def _document(self, _request):
        return web.json_response(dids.build(self.did, self.url, self.keys, self.aggregate, exchange=False))

    async def _description(self, _request):
        return web.json_response({"did": self.did, "name": "Stranger", "role": "buyer", "region": "US-NY"})

    async def _tile(self, request):
        raise web.HTTPNotFound

    async def _hear(self, request):
        for path, take in self.takes.items():
            if request.path.startswith(path):
                await take(request)
                return web.json_response({})
        await self.heard.put((request.path, json.loads(await request.read() or b"{}")))
        return web.json_response({})


class Member(Stranger):
    """A stranger that can be admitted: it has an aggregate key and a log whose newest head it can put on a message."""

    aggregate = (b"\x01" * 48, b"\x02" * 96)  # nobody asks it for a cosignature

    async def start(self):
        await super().start()
        self._store = await Store.open(self._keys_folder / "log.db", TABLES)
        self._evidence = Evidence(
            self.did, self.url.removeprefix("http://") + "/log", self.keys.log, {"owner": self.keys.delivery_public}
        )
        self._heads = Heads(self._store, self._evidence)

    async def stop(self):
        await self._store.close()
        await super().stop()

    async def head(self, audience):
        """Let the log grow by an event and return its head as it rides on a message to `audience`."""
        mark = {"part": "", "fields": {"peers": []}, "now": self._now()}
        await self._store.write(lambda tx: self._evidence.record(tx, "time.mark", **mark))
        return await self._heads.riding(audience)

    async def _tile(self, request):
        path = request.match_info["path"]
        return web.Response(body=await self._store.read(lambda tx: self._evidence.tile(tx, path)))


@asynccontextmanager
async def called(folder, now, kind=Stranger):
    """A stranger (of a kind) that can be called, with fresh keys in `folder`."""
    made = kind(folder, now)
    await made.start()
    try:
        yield made
    finally:
        await made.stop()
