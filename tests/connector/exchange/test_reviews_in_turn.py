"""Reviews by ourselves: some of one member's at once, and in the end all of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from catalog.listing import State
from connector.exchange import handed_in, listings
from connector.runtime.limits import MEMBER_REVIEWS_MAX
from tests.api.lone import lone
from tests.federation.exchanges import product

COUNT = 3 * MEMBER_REVIEWS_MAX + 1
PROVIDERS = ("did:web:first.example", "did:web:second.example")
SECONDS = 30


async def test_what_is_too_much_at_once_waits_for_its_turn(tmp_path):
    """No edition is on chain here, so every review ends with a refusal: what counts is that each one came about."""
    async with lone(tmp_path / "data", ("exchange",), {"PENSTOCK_REVIEW_AUTOMATIC": "true"}) as exchange:

        def hand_in(tx):
            for provider in PROVIDERS:
                for number in range(COUNT):
                    told = handed_in.listing(product(f"{provider}-{number}", provider=provider))
                    listings.submit(tx, exchange.evidence, told, provider, datetime.now(UTC))

        await exchange.store.write(hand_in)
        await exchange.reviewer.recover()
        most = 0
        async with asyncio.timeout(SECONDS):
            while await exchange.store.read(lambda tx: tx.find("listings", "state = ?", (State.SUBMITTED.value,))):
                most = max([most, *map(len, exchange.reviewer._under_way.values())])
                await asyncio.sleep(0.001)
        assert 0 < most <= MEMBER_REVIEWS_MAX
        async with asyncio.timeout(SECONDS):
            while exchange.reviewer._under_way:
                await asyncio.sleep(0.01)
        states = await exchange.store.read(lambda tx: tx.column("SELECT DISTINCT state FROM listings"))
        assert states == [State.REFUSED.value]
