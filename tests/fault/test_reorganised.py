"""F19's root: the chain takes blocks back, and a claim with them; the provider sees it, and is paid all the same."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing

import pytest

from connector.channel import claims
from connector.runtime.data_folder import CHAIN_DATABASE
from ledger.embedded.engine import Engine
from ledger.embedded.store import Store
from tests.fault.stall import stall

pytestmark = pytest.mark.faults

WITHIN_SECONDS = 20
BLOCK_SECONDS = 60


class Past:
    """The embedded chain as it is now, to be put back later: blocks mined meanwhile are gone then."""

    def __init__(self, shop, folder):
        self._shop, self._path, self._copy = shop, shop.connector.data / CHAIN_DATABASE, folder / "past.db"

    async def keep(self):
        embedded = self._shop.connector.hosted.chain

        def act():
            with closing(sqlite3.connect(self._copy)) as copy:
                embedded._engine.store.connection.backup(copy)

        await embedded._on_worker(act)

    async def put_back(self):
        embedded, clock = self._shop.connector.hosted.chain, self._shop.clock

        def act():
            embedded._engine.store.close()
            for end in ("-wal", "-shm"):
                self._path.with_name(self._path.name + end).unlink(missing_ok=True)
            shutil.copy(self._copy, self._path)
            embedded._engine = Engine(Store(self._path), lambda: int(clock.now().timestamp()))

        await embedded._on_worker(act)


async def claimed(shop, channel):
    """What the chain says, and what the provider's row says."""
    found = await shop.programs.channel(channel)
    row = await shop.connector.store.read(lambda tx: tx.get("channels", id=channel.hex()))
    return found.claimed, row["claimed"]


async def test_a_claim_that_was_taken_back_is_made_again(tmp_path):
    async with stall(tmp_path / "provider") as shop:
        connector = shop.connector
        channel = await shop.open()
        paid = await shop.buy(channel, 0)
        amount = paid.voucher.cumulative_amount
        past = Past(shop, tmp_path)
        await past.keep()
        connector.transactions.start()
        holder, now = connector.holder, connector.clock.now()
        claim = await connector.store.read(lambda tx: claims.newest(tx, holder, channel, now))
        await connector.transactions.submit(claim.key, claim.act(shop.deployment))
        await shop.later(BLOCK_SECONDS)
        assert await claimed(shop, channel) == (amount, amount)

        await past.put_back()
        assert (await claimed(shop, channel))[0] == 0
        async with asyncio.timeout(WITHIN_SECONDS):
            while await claimed(shop, channel) != (amount, amount):
                await shop.later(BLOCK_SECONDS)  # another block, and a look at it
                await asyncio.sleep(0.05)
