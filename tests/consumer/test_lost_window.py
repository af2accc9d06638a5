"""A purchase whose provider was restored and refused its window as lost: the same batch is bought again first."""

from __future__ import annotations

from contextlib import asynccontextmanager
from types import SimpleNamespace

import pytest

from connector.channel import wire
from connector.channel.errors import ChannelFault
from connector.channel.messages import KeyRequest, VoucherMessage
from connector.channel.pace import Paces
from connector.consumer.purchase import Purchase
from connector.runtime.errors import NotPermitted
from tests.channel.levelling import claimable, level
from tests.channel.rig import CHANNEL_ID, DELIVERY_KEY, Pair


class Way:
    """The way to the payee of a pair: what is posted is answered by its acts; `asked` are the batches."""

    def __init__(self, pair):
        self.pair, self.asked = pair, []

    async def level(self, provider, channel):
        level(self.pair)

    async def claimed(self, channel, voucher):
        return None

    async def post(self, provider, channel, what, body):
        if what == "request":
            request = wire.decode(KeyRequest, body)
            self.asked.append([one.ranges for one in request.orders])
            answer = self.pair.request(request)
        else:
            answer = self.pair.pay(wire.decode(VoucherMessage, body))
        return wire.encode(answer), lambda tx: None


def till(pair, way):
    async def act(work):
        return pair.payer_db.act(work)

    async def look():
        return None

    @asynccontextmanager
    async def turn(channel):
        yield

    clock = SimpleNamespace(now=lambda: pair.now, monotonic=lambda: 0.0)
    return SimpleNamespace(
        core=SimpleNamespace(store=SimpleNamespace(read=act, write=act), clock=clock),
        buyer=pair.buyer,
        watch=SimpleNamespace(look=look),
        paces=Paces(),
        turns=SimpleNamespace(of=turn),
        payments=way,
        acknowledging=SimpleNamespace(served=lambda channel: None),
    )


@pytest.fixture
def lost():
    """Row 0, the first half of a wish, was signed for and released; the answer was lost, and the payee restored."""
    pair = Pair()
    before = pair.payee_db.save()
    request = pair.plan(pair.want([0, 1]))
    pair.sign(request, pair.request(request))
    pair.pay(pair.waiting())
    pair.payee_db.restore(before)
    return pair


async def test_the_lost_batch_is_bought_again_before_anything_else(lost):
    way = Way(lost)
    purchase = Purchase(till(lost, way), "did:web:provider", CHANNEL_ID)
    received = await purchase.resume(DELIVERY_KEY)
    assert [key.row for key in received.keys] == [0]
    assert (lost.states("payer"), claimable(lost)) == (["void", "released"], 70)
    assert [key.row for key in (await purchase.next(lost.want([0, 5]))).keys] == [5]
    assert len(way.asked) == 2
    assert claimable(lost) == 140


async def test_a_purchase_that_may_not_have_it_again_says_why(lost):
    lost.judge.outcomes["offer"] = "deny"
    purchase = Purchase(till(lost, Way(lost)), "did:web:provider", CHANNEL_ID)
    with pytest.raises(NotPermitted):
        await purchase.resume(DELIVERY_KEY)


async def test_who_asks_for_another_batch_is_told_until_when_it_waits(lost):
    way = Way(lost)
    level(lost)
    purchase = Purchase(till(lost, way), "did:web:provider", CHANNEL_ID)
    with pytest.raises(ChannelFault, match="can be claimed until") as refused:
        await purchase.next(lost.want([7]))
    assert refused.value.code == "lost-window"
