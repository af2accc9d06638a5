"""An exchange with its members, all of them whole connectors on their real HTTP surfaces, in the test's own process.

Everybody has a data directory, a database, keys and a port of its own, and is asked through its management API, as its
command line would. A regulator has a desk at each exchange, with one set of keys.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from datetime import timedelta
from unittest.mock import patch

import orjson
from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.client.server import ADDRESS_FILE, Server
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.regulator.sources import Reader
from connector.runtime import settings as settings_file
from tests import founded
from tests.market.goods import LIAR, SILENT

PAYING = ("/voucher", "/step")  # what is answered with keys


def _rest():
    """Go on."""


class Stand:
    """One participant: its connector, and the door of its owner.

    A `liar` gives wrong keys for the last piece of each edition; who is `silent` takes vouchers for keys and says
    nothing, until its first channel with a buyer is settled: `swallowed` counts its answers by channel.
    """

    def __init__(self, name, role, data, outbound, kind=""):
        self.name, self.role, self.data, self.kind = name, role, data, kind
        self.door, self.swallowed = Server(data, outbound), Counter()
        self.connector = self._runner = None

    async def open(self):
        # while other tests run, the day's loop rests and its leases lapse: that is to end no process here
        with patch("connector.app.ground.stop", _rest):
            self.connector = await Connector.start(self.data, settings_file.load(self.data, {}))
        app = build(self.connector.parts)
        if self.kind == LIAR:
            self._lie()
        if self.kind == SILENT:
            app.middlewares.append(self._swallow)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.connector.settings.server.port).start()
        await self.connector.recover()
        (self.data / ADDRESS_FILE).write_bytes(orjson.dumps({"url": self.connector.url, "pid": os.getpid()}))

    async def close(self):
        if self._runner is not None:
            await self._runner.cleanup()
        if self.connector is not None:
            await self.connector.close()

    def _lie(self):
        honest = self.connector.books.secrets

        def secrets(tx, edition_id, rows):
            last = len(self.connector.books.table(tx, edition_id)) - 1
            found = honest(tx, edition_id, rows)
            return [bytes(32) if row == last else secret for row, secret in zip(rows, found, strict=True)]

        self.connector.books.secrets = secrets

    @web.middleware
    async def _swallow(self, request, handler):
        """Act on a voucher, and keep what was to be answered."""
        answer = await handler(request)
        channel = request.match_info.get("id")
        if request.path.endswith(PAYING) and answer.status == 200 and await self._is_first(channel):
            self.swallowed[channel] += 1
            raise web.HTTPServiceUnavailable
        return answer

    async def _is_first(self, channel):
        """Whether it is the first channel of its agreement; on the next one it speaks again."""
        [row] = await self.rows("channels", "id = ?", (channel,))
        return len(await self.rows("channels", "agreement = ?", (row["agreement"],))) == 1

    @property
    def did(self):
        return self.connector.did

    async def ask(self, path):
        return await self.door.call("GET", path)

    async def tell(self, path, body=None):
        return await self.door.call("POST", path, body or {})

    async def age(self, table, key):
        """Let the deadline of a row be over: the clock of its exchange stands where it stood."""
        over = self.connector.clock.now() - timedelta(days=1)
        await self.connector.store.write(lambda tx: tx.update(table, {"id": key}, due=over))

    async def rows(self, table, where="", values=()):
        return await self.connector.store.read(lambda tx: tx.find(table, where, values))


class House:
    """One exchange and who trades there."""

    def __init__(self, folder, name, outbound):
        self.folder, self.name, self._outbound = folder / name, name, outbound
        self.stands = {}

    @property
    def reader(self):
        """Who audits: the regulator, to whom members show with whom they deal."""
        return Reader(self.regulator.connector.identity.keys.log, self.regulator.connector.clock.now)

    async def open(self, regulator_keys=None):
        """Start the exchange and the regulator's desk."""
        self.exchange = await self._start("exchange", "exchange", "US-NY", None)
        self.regulator = await self._start("regulator", "regulator", "US-NY", regulator_keys)
        await self.admit(self.regulator)

    async def join(self, name, role, region, kind=""):
        """Start a member and have it admitted."""
        stand = await self._start(name, role, region, None, kind)
        await self.admit(stand)
        return stand

    async def admit(self, stand):
        await self.exchange.tell("members", {"did": stand.did, "invite": True})

    async def fund(self, stand, amount):
        await self.exchange.tell("credits", {"id": f"funds-{stand.name}", "did": stand.did, "amount": str(amount)})

    async def close(self):
        for stand in reversed(self.stands.values()):
            await stand.close()

    async def _start(self, name, role, region, keys, kind=""):
        data, exchange = self.folder / name, None if role == "exchange" else self.exchange.connector.url
        about = {"name": f"{name.title()} at {self.name}", "roles": (role,), "region": region}
        founded.lend(data, initialise(data, port=free_ports(1)[0], exchange=exchange, development=True, **about))
        if keys is not None:
            shutil.copytree(keys, data / "keys", dirs_exist_ok=True, ignore=shutil.ignore_patterns("vault"))
        stand = Stand(name, role, data, self._outbound, kind)
        self.stands[name] = stand
        await stand.open()
        return stand
