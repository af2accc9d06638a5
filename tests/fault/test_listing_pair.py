"""Two processes of one exchange on one PostgreSQL, killed while products are handed in and reviewed and heads anchored.

A provider publishes one product after the other; the exchange reviews each by itself, and an operator asks for every
other review by hand as well. Somebody has the log anchored all the time, by its two witnesses, a regulator and a buyer.
These three are real participants beside the pair. In the end what was acknowledged is there once: each listing with
its version, its events and its place in the index, each anchor with its transaction, and the log is whole.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import sys
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from aiohttp import web

from connector.api.server import build
from connector.app.app import Connector
from connector.demo.processes import free_ports
from connector.demo.story import term_end
from connector.net.outbound import Outbound
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file
from connector.runtime.clock import Clock
from ledger.log import checkpoint as checkpoints
from tests.fault.pair import BUSY, NAMES, Caller, die, pair, settled
from tests.postgres import durable, new_schema

pytestmark = pytest.mark.faults

SEED = int(os.environ["PENSTOCK_TEST_SEED"])
KILLS = 16 if os.environ.get("PENSTOCK_TEST_FAULTS") == "all" else 2
DONE_SECONDS = 120 + 30 * KILLS
ANCHORS_LEAST = 3
AT_ONCE = 2  # products on their way
BYTES = 20_000
STEPS = ("submitted", "reviewed", "listed")
KEPT = ("listings", "listing_versions", "log_entries", "checkpoints", "anchors", "leases")
# a witness that was led on meanwhile, or a review that somebody else has ended: ask again
LATER = BUSY | {409}


@asynccontextmanager
async def joined(folder, role, exchange):
    """Run a participant of the pair's space in this process."""
    named = {"name": f"The {role}", "roles": (role,), "region": "US-NY", "exchange": exchange.url, "development": True}
    initialise(folder, port=free_ports(1)[0], **named)
    connector = await Connector.start(folder, settings_file.load(folder, {"PENSTOCK_CHAIN_RPC": exchange.chain}))
    runner = web.AppRunner(build(connector.parts), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", connector.settings.server.port).start()
    await connector.recover()
    try:
        yield connector
    finally:
        await runner.cleanup()
        await connector.close()


class Market(Caller):
    """The provider's products, the operator's reviews and anchors, and what each was told."""

    def __init__(self, exchange, outbound, chance, folder):
        super().__init__(exchange, outbound, chance)
        self.folder, self.listed, self.anchored = folder, set(), []
        self.by_hand = 0

    async def publish(self, provider, number):
        """Publish a product and, every other time, have it reviewed by hand; returns when it was acknowledged."""
        key = f"product-{number}"
        path = self.folder / f"{key}.bin"
        path.write_bytes(self.chance.randbytes(BYTES))
        about = {"id": key, "files": [str(path)], "title": f"Product {number}", "price": "100", "floor": "50"}
        ways = {"unit": "MiB", "tier": "kept", "purpose": "Research", "region": "US", "keywords": [], "pieceKiB": 64}
        brief = about | ways | {"until": term_end(Clock().now())}
        assert (await provider.publications.publish(brief))["state"] == "submitted"
        self.listed.add(key)
        if number % 2:
            told = await self.ask("POST", f"/management/listings/{key}/review", {}, later=LATER)
            assert told["state"] == "listed"
            self.by_hand += 1

    async def trade(self, provider, numbers, dying):
        while not dying.done():
            await self.publish(provider, next(numbers))

    async def anchor(self, dying):
        while not dying.done() or len(self.anchored) < ANCHORS_LEAST:
            told = await self.ask("POST", "/management/log/anchor", {}, later=LATER)
            self.anchored.append(int(told["size"]))
            await asyncio.sleep(self.chance.uniform(0, 0.5))


async def test_what_was_listed_and_anchored_is_there_once(tmp_path, absent):
    chance = random.Random(SEED)
    sys.stdout.write(f"PENSTOCK_TEST_SEED={SEED}\n")  # shown when the test fails
    with durable(absent) as base:
        async with AsyncExitStack() as stack:
            outbound = await stack.enter_async_context(Outbound(development=True))
            exchange, balancer, _ = await stack.enter_async_context(
                pair(tmp_path, new_schema(base), chance, {"PENSTOCK_REVIEW_AUTOMATIC": "true"})
            )
            market = Market(exchange, outbound, chance, tmp_path)
            people = {}
            for role in ("regulator", "buyer", "provider"):
                people[role] = await stack.enter_async_context(joined(tmp_path / role, role, exchange))
                await market.ask("POST", "/management/members", {"did": people[role].did, "invite": True})
            try:
                await trade(market, people["provider"], balancer, chance)
            except BaseException:
                sys.stdout.write(exchange.said()[-6000:])
                raise


async def trade(market, provider, balancer, chance):
    """Publish, review and anchor while one process after the other dies; then look at everything."""
    exchange, numbers = market.exchange, itertools.count()
    async with asyncio.timeout(DONE_SECONDS), asyncio.TaskGroup() as work:
        dying = work.create_task(die(exchange, balancer, chance, KILLS))
        for _ in range(AT_ONCE):
            work.create_task(market.trade(provider, numbers, dying))
        work.create_task(market.anchor(dying))

    def reviewed(kept):
        return all(row["state"] == "listed" for row in kept["listings"])

    kept = await settled(exchange.database, KEPT, reviewed)
    check_listings(kept, market.listed)
    await check_log(exchange, kept)
    await check_anchors(exchange, provider.programs, market.anchored)
    assert sorted(await found(market)) == sorted(market.listed)
    sys.stdout.write(
        f"listed={len(market.listed)} by_hand={market.by_hand} anchored={len(market.anchored)} "
        f"repeated={market.repeated} kills={exchange.kills}\n"
    )
    assert len(market.listed) >= KILLS
    assert market.by_hand
    assert sum(exchange.kills.values()) == KILLS


async def found(market):
    """Return the ids of all products that are found, page by page."""
    ids = []
    while page := (await market.ask("GET", f"/management/find?q=product&first={len(ids)}"))["products"]:
        ids += [one["id"] for one in page]
    return ids


def check_listings(kept, acknowledged):
    """Each acknowledged product is listed once, with one version, one review and three moves in the log."""
    assert {row["id"] for row in kept["listings"]} == acknowledged
    assert Counter(row["product"] for row in kept["listing_versions"]) == dict.fromkeys(acknowledged, 1)
    moved = Counter(row["part"] for row in kept["log_entries"] if row["kind"] == "listing.moved")
    assert moved == dict.fromkeys(acknowledged, len(STEPS))
    opened = Counter(row["part"] for row in kept["log_entries"] if row["kind"] == "edition.reviewed")
    assert opened == {row["edition"]: 1 for row in kept["listings"]}


async def check_log(exchange, kept):
    assert max(row["size"] for row in kept["checkpoints"]) <= len(kept["log_entries"])
    for name in NAMES:
        code, said = await exchange.run(name, "log", "fsck", "--data", str(exchange.processes[name].data), "--json")
        assert code == 0, said


async def check_anchors(exchange, programs, acknowledged):
    """Each acknowledged anchor is kept, each kept one was mined once, and nothing is on chain that is not kept.

    The exchange anchors on by itself, so the chain is read on both sides of the database: what was there before is
    kept, and what is kept is there after.
    """
    [origin] = {row["origin"] for row in (await settled(exchange.database, KEPT))["anchors"]}
    earlier = await sizes_anchored(programs, origin)
    kept = await settled(exchange.database, KEPT)
    later = await sizes_anchored(programs, origin)
    assert len(acknowledged) >= ANCHORS_LEAST
    assert set(acknowledged) <= {row["size"] for row in kept["anchors"]}
    sent = {row["id"]: row for row in kept["chain_txs"] if row["id"].startswith("anchor:")}
    assert {f"anchor:{origin}:{row['size']}" for row in kept["anchors"]} <= set(sent)
    assert all(row["state"] == "mined" for row in sent.values()), sent
    sizes = {int(key.rpartition(":")[2]) for key in sent}
    assert set(earlier) <= sizes <= set(later)
    assert later == sorted(set(later)), "no head was anchored twice, none after a later one"


async def sizes_anchored(programs, origin):
    """Return the sizes of this log that were anchored, in the chain's order."""
    events = await programs.events("anchors", "Anchored", origin=checkpoints.origin_id(origin))
    return [event.fields["size"] for event in events]
