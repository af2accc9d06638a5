"""A buyer who holds sealed bytes and never sends the voucher: what that costs the provider, and how it ends (spec 4).

The provider is whole, over HTTP, with a chain of its own; the clock is turned.
"""

from __future__ import annotations

import asyncio
import resource

import pytest

from connector.channel import windows
from connector.store.rows.channel import Side
from ledger.chain import acts
from tests.fault.stall import DAY, DEPOSIT, PIECE, ROWS, Stall, stall

pytestmark = pytest.mark.faults

BOUND = 4 * PIECE
REQUESTS = 200
GROWN_KIB_MAX = 32 * 1024
EXPIRY_DAYS = 3
HOUR = 3_600
CLAIM_SECONDS = 20


def resident_kib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


async def waiting(shop):
    return await shop.connector.store.read(lambda tx: windows.all_unreleased(tx, Side.PAYEE))


async def draw_all(shop):
    """Draw row after row until the provider refuses; return how many bytes came, and the refusal's status."""
    drawn = 0
    for first in range(ROWS):
        status, body = await shop.draw(first, 1)
        if status != 200:
            return drawn, status
        drawn += len(body)
    raise AssertionError("nothing was refused")


async def other_buyer(shop):
    made = Stall(shop.connector, shop.sealed, shop.clock, shop.session, who="other")
    await made.agree()
    return made, await made.open()


async def claimed(shop, channel, amount):
    """Wait until the provider has claimed `amount` by itself, at the rounds of its monitor."""
    async with asyncio.timeout(CLAIM_SECONDS):
        while (await shop.programs.channel(channel)).claimed != amount:
            await shop.connector.monitor.chores["claim before it is too late"]()
            await shop.later(60)
            await asyncio.sleep(0.05)


async def test_who_never_pays_costs_little_and_lapses(tmp_path):
    async with stall(tmp_path / "provider", max_unpaid_bytes=BOUND) as shop:
        shop.connector.transactions.start()
        channel = await shop.open(days=EXPIRY_DAYS)
        paid = (await shop.buy(channel, 0)).voucher.cumulative_amount

        drawn, status = await draw_all(shop)
        assert status == 402
        assert BOUND <= drawn <= BOUND + PIECE  # the row that is paid moved the bound on
        before = resident_kib()
        for number in range(REQUESTS):
            await shop.offer(channel, 1 + number % (ROWS - 1))
        assert len(await waiting(shop)) == 1
        assert resident_kib() - before < GROWN_KIB_MAX
        assert (await shop.draw(ROWS - 1, 1))[0] == 402

        other, theirs = await other_buyer(shop)
        await other.buy(theirs, 1)
        assert [(await other.draw(first, 1))[0] for first in range(ROWS)] == [200] * ROWS

        await shop.later(DAY - HOUR)
        await claimed(shop, channel, paid)
        await shop.later(2 * HOUR)
        await shop.connector.monitor.chores["give up unpaid windows"]()
        assert await waiting(shop) == []
        await shop.later(EXPIRY_DAYS * DAY)
        await shop.do(acts.refund(shop.deployment, channel))
        assert await shop.programs.credit(shop.address) == DEPOSIT - paid
