"""A lone provider in this process with one sealed edition; agreements and transfers are rows that a test sets."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta

from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.custody import edition as editions
from connector.custody import tickets
from connector.custody.seal import Brief, seal
from connector.custody.sources import source_of
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from tests import founded

PRODUCT, PEER = "running", "did:web:buyer.example"
SIZE, PIECE = 24 << 20, 1 << 20
TERM = timedelta(days=30)
WITHIN_SECONDS = 10


def rule(*constraints, action="use", **more):
    """Return a policy of one permission; a constraint is (left, operator, right)."""
    named = [dict(zip(("leftOperand", "operator", "rightOperand"), one, strict=True)) for one in constraints]
    return {"permission": [{"action": action, "constraint": named, **more}]}


class Provider:
    """The connector, and what a test does with it."""

    def __init__(self, connector, sealed):
        self.connector, self.store = connector, connector.store
        self.sealed, self.edition, self.rows = sealed, sealed.edition_id, len(sealed.table)

    async def agree(
        self, policy, *, until=None, tier="kept", parent=None, state="performing", peer=PEER, edition=None, terms=None
    ):
        """Write an agreement and a transfer that runs under it; returns their ids."""
        digest, pid, now = os.urandom(32).hex(), f"urn:uuid:{os.urandom(8).hex()}", self.connector.clock.now()
        ends = until or now + TERM
        edition = (edition or self.edition).hex()
        said = {"product": PRODUCT, "tier": tier, "policy": policy, "maxUnpaidBytes": str(1 << 40)}
        terms = (terms or {}) | said
        of = {"role": "provider", "peer": peer}

        def act(tx):
            made = {"product": PRODUCT, "edition": edition, "terms": terms, "state": state}
            tx.insert("agreements", digest=digest, **of, **made, not_after=ends, parent=parent, created=now)
            self.begin_transfer(tx, pid, digest, ends, tier)
            tx.after(lambda: self.connector.continuity.touch(digest))

        await self.store.write(act)
        return digest, pid

    def begin_transfer(self, tx, pid, digest, ends, tier="kept"):
        """Write a transfer that runs."""
        now, kind = self.connector.clock.now(), "HttpData-PULL" if tier == "plain" else "sealed"
        where = {"callback": "http://localhost:1/dsp", "format": kind, "state": "STARTED", "pending": ""}
        times = {"turn": "consumer", "deadline": ends, "entered": {}, "created": now, "updated": now}
        about = {"role": "provider", "peer": PEER, "peer_pid": pid + "-theirs", "agreement": digest}
        tx.insert("transfers", id=pid, **about, **where, **times, reason="")

    def ticket(self, digest, pid):
        about = self.edition, bytes.fromhex(digest), tickets.transfer_digest(pid)
        return tickets.SCHEME + tickets.issue(self.connector.ticket_key, *about, self.connector.clock.now())

    async def draw(self, digest, pid):
        """Draw the edition slowly; returns a task that ends with the connection, or None when it is refused."""
        port = self.connector.settings.server.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 16)
        path = f"/sealed/{self.edition.hex()}/pieces?first=0&count={self.rows}"
        writer.write(
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {self.ticket(digest, pid)}\r\n\r\n".encode()
        )
        said = await reader.readline()
        if b" 200 " not in said:
            writer.close()
            return None

        async def all_of_it():
            drawn = 0
            with closing(writer), suppress(ConnectionError):
                while some := await reader.read(1 << 14):
                    drawn += len(some)
                    await asyncio.sleep(0.02)
            return drawn

        return asyncio.create_task(all_of_it())

    async def row(self, table, **key):
        return await self.store.read(lambda tx: tx.get(table, **key))

    async def decisions(self, digest, place):
        return await self.store.read(lambda tx: tx.find("decisions", "agreement = ? and place = ?", (digest, place)))

    async def events(self, kind, part):
        rows = await self.store.read(lambda tx: tx.find("log_entries", "part = ?", (part,)))
        return [row for row in rows if row["kind"] == kind]

    async def until(self, holds):
        """Return as soon as `holds()` does."""
        async with asyncio.timeout(WITHIN_SECONDS):
            while not (found := await holds()):
                await asyncio.sleep(0.02)
        return found


@asynccontextmanager
async def running(folder, clock=None, roles=("provider",)):
    """Serve a lone connector, as a rule a provider; entered again on the same folder it goes on with what it has."""
    fresh = not (folder / "penstock.toml").exists()
    if fresh:
        port = free_ports(1)[0]
        initialise(folder, name="Lone", roles=roles, region="US-NY", port=port, exchange=None, development=True)
    told = settings_file.load(folder, {})
    if clock is None:
        founded.lend(folder, told)
    connector = await Connector.start(folder, told, clock)
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", connector.settings.server.port).start()
    try:
        sealed = await asyncio.to_thread(_sealed, connector, folder / "source.bin")
        await connector.store.write(lambda tx: editions.record(tx, sealed, product=PRODUCT, now=connector.clock.now()))
        await connector.recover()
        yield Provider(connector, sealed)
    finally:
        await runner.cleanup()
        await connector.close()


def _sealed(connector, source):
    source.write_bytes(os.urandom(SIZE))
    brief = Brief(series=os.urandom(32), number=1, key_holder=connector.did, piece_bytes=PIECE)
    run = connector.secrets.draw_run()
    return seal(source_of([source]), run, connector.blobs, brief, sealed_at=connector.clock.now())
