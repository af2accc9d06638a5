"""A participant in public, in this process: a test sees every name that it resolves and every socket that it makes.

Nothing leaves the machine: whoever calls it is known to it already, because no document could be fetched.
"""

from __future__ import annotations

import socket
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest
from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.identity import did as dids
from connector.identity import peers, tokens
from connector.identity.keys import Signer
from connector.net.addresses import Gate
from connector.operation.initialise import initialise
from connector.runtime import settings
from connector.runtime.clock import Clock
from tests import founded
from tests.api.conftest import Said
from tests.hostile.host import EDITION, ROLES
from tests.negotiation.world import listed_offer, product

if TYPE_CHECKING:
    from pathlib import Path

URL, PRODUCT = "https://connector.example", "flat"
GOOD = ("93.184.215.14",)


class Watch:
    """What the connector tried: names resolved, sockets made; `places` are the answers about a name, in turn."""

    def __init__(self):
        self.places = {}
        self.forget()

    def forget(self):
        self.resolved, self.sockets = [], []

    async def resolve(self, host, port, family):
        self.resolved.append(host)
        told = self.places.get(host, [GOOD])
        found = told.pop(0) if len(told) > 1 else told[0]
        return [
            {"hostname": host, "host": place, "port": port, "family": family, "proto": 0, "flags": 0} for place in found
        ]

    def make(self, gate, info):
        gate.check_address(info[4][0])
        self.sockets.append(info[4])
        raise OSError("the test's network ends here")


@contextmanager
def watched():
    """Put a watch on the door outward."""
    watch, patch = Watch(), pytest.MonkeyPatch()

    async def resolve(_resolver, host, port=0, family=socket.AF_INET):
        return await watch.resolve(host, port, family)

    def make(gate, info):
        return watch.make(gate, info)

    patch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    patch.setattr(Gate, "socket", make)
    try:
        yield watch
    finally:  # else what fails inside takes the network from every test after it
        patch.undo()


@dataclass
class Public:
    """The connector, its data directory, and a client of its HTTP surface."""

    connector: Connector
    data: Path
    session: aiohttp.ClientSession
    address: str

    @property
    def owner(self):
        return {"Authorization": f"Bearer {(self.data / 'management.token').read_text().strip()}"}

    def know(self, did, keys, document=None):
        """Let the connector have just read somebody's document; return what makes headers of theirs."""
        document = document or dids.Document(did, {did + "#token": keys.token.public_key()}, *[None] * 4, {})
        self.connector.peers._known[did] = peers._Known(document, self.connector.clock.monotonic())

        def bearer():
            token = tokens.issue(Signer(keys.token, did + "#token"), self.connector.did, Clock().now())
            return {"Authorization": tokens.SCHEME + token}

        return bearer

    async def say(self, method, path, body, headers):
        """Send bytes or JSON; the test's own sockets are none of the connector's."""
        sent = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self.session.request(method, self.address + path, headers=headers, **sent) as answer:
            return Said(answer.status, await answer.read(), dict(answer.headers))

    async def rows(self, *tables):
        return {table: await self.connector.store.read(lambda tx, t=table: tx.find(t)) for table in tables}


@asynccontextmanager
async def public(data):
    """Run a connector that is not in development: its address and its callers' are https."""
    fixed = {"name": "Public", "roles": ROLES, "region": "US-NY", "exchange": "", "development": False}
    initialise(data, port=7001, public_url=URL, **fixed)
    told = settings.load(data, {}, {})
    founded.lend(data, told)
    connector = await Connector.start(data, told)
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    await connector.recover()
    edition = {"id": EDITION, "header": {"plainBytes": "1000"}, "state": "registered", "created": Clock().now()}
    await connector.store.write(
        lambda tx: (tx.insert("products", **product(id=PRODUCT, tier="plain")), tx.insert("editions", **edition))
    )
    try:
        async with aiohttp.ClientSession() as session:
            yield Public(connector, data, session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
        await connector.close()


def offered():
    return listed_offer(product(id=PRODUCT, tier="plain"))
