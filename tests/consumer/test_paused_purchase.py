"""A pause that is acknowledged while the provider takes its time with an offer: nothing is signed after it."""

from __future__ import annotations

import pytest

from connector.consumer.purchase import Purchase
from connector.consumer.resting import Resting
from tests.channel.rig import CHANNEL_ID, Pair
from tests.consumer.test_lost_window import Way, till


class Slow(Way):
    """A way on which somebody pauses while an offer is waited for."""

    paused = False

    async def post(self, provider, channel, what, body):
        self.paused = True
        return await super().post(provider, channel, what, body)


async def test_no_voucher_is_signed_after_a_pause():
    pair = Pair()
    way = Slow(pair)

    def going(_tx):
        if way.paused:
            raise Resting("it was paused")

    purchase = Purchase(till(pair, way), "did:web:provider", CHANNEL_ID, going=going)
    with pytest.raises(Resting):
        await purchase.next(pair.want([0, 1]))
    assert pair.states("payer") == []
    # resumed, it goes on with what was offered
    again = Purchase(till(pair, Way(pair)), "did:web:provider", CHANNEL_ID)
    assert await again.resume() is None
    assert [key.row for key in (await again.next(pair.want([0, 1]))).keys]
