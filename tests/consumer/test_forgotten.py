"""A provider that forgot what it claimed is shown it: the buyer looks at the chain, and both sides are made level."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.channel import receive
from connector.channel.errors import fault
from connector.consumer.purchase import LEVEL_TRIES, Purchase
from connector.runtime.errors import PeerRefused
from connector.settlement.paying import Payments
from tests.channel.rig import CHANNEL_ID, START, Pair


class SoldError(Exception):
    """The window was sold."""


class Buyer(Purchase):
    """A purchase whose provider answers as it is told."""

    def __init__(self, *answers):
        self.said, self.answers = [], list(answers)
        self._till = SimpleNamespace(payments=self)
        self._provider, self._channel = "did:web:provider", CHANNEL_ID

    async def recall(self, channel):
        self.said.append(("recall", channel))

    async def level(self, provider, channel):
        self.said.append(("level", channel))

    async def level_former(self, provider, channel):
        self.said.append(("level former", channel))

    async def _signed_for(self, want):
        raise self.answers.pop(0)


async def test_who_is_told_that_a_claim_is_forgotten_looks_at_the_chain_and_shows_it():
    buyer = Buyer(fault("forgotten", "70 was claimed"), fault("behind", "another state"), SoldError())
    with pytest.raises(SoldError):
        await buyer._sign(None)
    assert [what for what, _ in buyer.said] == ["recall", "level", "level"]


@pytest.mark.parametrize("code", ["over-exposure", "wrong-amount", "not-paid"])
async def test_who_is_told_of_other_books_shows_what_was_paid_on_earlier_channels(code):
    buyer = Buyer(fault(code, "by our books"), SoldError())
    with pytest.raises(SoldError):
        await buyer._sign(None)
    assert [what for what, _ in buyer.said] == ["level former", "level"]


async def test_earlier_channels_of_the_agreement_are_made_level_and_one_that_cannot_be_stops_nothing():
    pair, levelled = Pair(), []
    second, third = b"\xc2" * 32, b"\xc3" * 32
    for channel in (second, third):
        pair.now += timedelta(seconds=1)
        pair.open_channel(channel, 5000)
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state="closed"))

    class Levelled(Payments):
        async def level(self, provider, channel):
            levelled.append(channel)
            if channel == second:
                raise PeerRefused("there is no such channel", 404, b"{}")

    async def read(look):
        return pair.payer_db.act(look)

    nothing = SimpleNamespace()
    ground = SimpleNamespace(store=SimpleNamespace(read=read))
    payments = Levelled(ground, *[nothing] * 7)
    await payments.level_former("did:web:provider", third)
    assert levelled == [second, CHANNEL_ID]


async def test_who_is_told_so_again_and_again_says_it():
    buyer = Buyer(*[fault("forgotten", "70 was claimed")] * LEVEL_TRIES)
    with pytest.raises(Exception, match="70 was claimed"):
        await buyer._sign(None)
    assert len(buyer.said) == 2 * (LEVEL_TRIES - 1)


async def test_every_claim_on_chain_is_taken_in_its_order():
    pair, told = Pair(), []
    for rows in ([0], [1]):
        request = pair.plan(pair.want(rows))
        voucher = pair.sign(request, pair.request(request))
        released = pair.pay(voucher)
        told.append((voucher.voucher, released.preimage))
        if rows == [0]:
            pair.take(released)
    pair.chain.block_time = START + timedelta(days=2)
    assert pair.payer_db.act(lambda tx: receive.lapse(tx, pair.buyer, CHANNEL_ID)) == 2

    async def events(program, name, **about):
        assert (program, name, about) == ("channels", "Claimed", {"channelId": CHANNEL_ID})
        fields = ({"cumulativeAmount": one.cumulative_amount, "accountHash": one.account_hash, "preimage": preimage}
                  for one, preimage in told)  # fmt: skip
        return [SimpleNamespace(fields=each) for each in fields]

    async def write(act):
        return pair.payer_db.act(act)

    core = SimpleNamespace(store=SimpleNamespace(write=write), clock=SimpleNamespace(now=lambda: pair.now))
    nothing = SimpleNamespace()
    payments = Payments(
        core, nothing, SimpleNamespace(events=events), nothing, pair.buyer, nothing, nothing, nothing
    )  # fmt: skip
    await payments.recall(CHANNEL_ID)
    assert (pair.account("payer").claimed, pair.account("payer").cumulative) == (140, 140)
    assert sorted(pair.keyring.kept) == [0, 1]
