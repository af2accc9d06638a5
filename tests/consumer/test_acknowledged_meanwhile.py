"""A release that is asked for again, while a settlement asks for the acknowledgement of just these keys."""

from __future__ import annotations

import pytest

from connector.channel import wire
from connector.channel.errors import ChannelFault
from connector.channel.messages import ReleaseMessage
from connector.consumer.purchase import Purchase
from connector.runtime.errors import PeerUnreachable
from tests.channel.rig import BUYER_DID, CHANNEL_ID, DELIVERY_KEY, Pair
from tests.consumer.test_lost_window import Way, till


class Settled(Way):
    """The payee is told that the keys are here before it answers."""

    async def post(self, provider, channel, what, body):
        self.pair.acknowledge()
        return await super().post(provider, channel, what, body)


class Overtaken(Way):
    """The payee's release comes twice: by a settlement, which is acknowledged, and as the answer to the voucher."""

    async def post(self, provider, channel, what, body):
        answer, keep = await super().post(provider, channel, what, body)
        if what == "voucher":
            self.pair.take(wire.decode(ReleaseMessage, answer))
            self.pair.acknowledge()
        return answer, keep


class Wrong(Way):
    """The payee answers with another window's release."""

    async def post(self, provider, channel, what, body):
        answer, keep = await super().post(provider, channel, what, body)
        return answer | {"preimage": "00" * 32}, keep


@pytest.fixture
def bought():
    """Rows 0 and 1 are here, and nothing was signed since."""
    pair = Pair()
    pair.window(pair.want([0, 1]))
    assert pair.states("payer") == ["released"]
    return pair


async def test_what_was_acknowledged_meanwhile_is_not_waited_for(bought):
    purchase = Purchase(till(bought, Settled(bought)), BUYER_DID, CHANNEL_ID)
    assert await purchase.resume([DELIVERY_KEY]) is None
    assert bought.states("payer") == ["acknowledged", "closing"]


async def test_what_is_wrong_with_a_release_is_told_all_the_same(bought):
    purchase = Purchase(till(bought, Wrong(bought)), BUYER_DID, CHANNEL_ID)
    with pytest.raises(ChannelFault):
        await purchase.resume([DELIVERY_KEY])


async def test_keys_that_a_settlement_brought_end_no_purchase(bought):
    """It is begun again by itself, with what is here; a release that is wrong ends it."""
    purchase = Purchase(till(bought, Overtaken(bought)), BUYER_DID, CHANNEL_ID)
    with pytest.raises(PeerUnreachable, match="came by a settlement"):
        await purchase.next(bought.want([5]))
    assert bought.states("payer") == ["acknowledged", "acknowledged", "closing"]
    again = Purchase(till(bought, Way(bought)), BUYER_DID, CHANNEL_ID)
    assert await again.resume([DELIVERY_KEY]) is None
    assert [key.row for key in (await again.next(bought.want([7]))).keys] == [7]
    wrong = Purchase(till(bought, Wrong(bought)), BUYER_DID, CHANNEL_ID)
    with pytest.raises(ChannelFault):
        await wrong.next(bought.want([8]))
