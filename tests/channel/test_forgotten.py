"""A payee that released keys and was put back to before: what brings the window back, and what it sells until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import receive, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import RefusalMessage, Resume
from tests.channel.levelling import claimable, level, short, show, tell
from tests.channel.rig import CHANNEL_ID, Pair


class Forgotten:
    """Row 0 was offered, paid and released, `taken` or not; then the payee was put back, with its offer or without."""

    def __init__(self, *, with_offer=True, taken=True):
        self.pair = pair = Pair()
        without = pair.payee_db.save()
        self.request = pair.plan(pair.want([0]))
        offer = pair.request(self.request)
        before = pair.payee_db.save() if with_offer else without
        self.voucher = pair.sign(self.request, offer)
        self.released = pair.pay(self.voucher)
        self.due = claimable(pair)
        if taken:
            pair.take(self.released)
        pair.payee_db.restore(before)

    def claimed(self):
        """The chain paid for it before the payee was put back."""
        self.pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=self.due))


def test_keys_from_the_chain_are_shown_to_a_payee_that_forgot_them():
    """It claimed a voucher whose release was lost, and was restored: no receipt of it is anywhere."""
    forgotten = Forgotten(with_offer=False, taken=False)
    pair, due = forgotten.pair, forgotten.due
    taken = (CHANNEL_ID, due, forgotten.voucher.voucher.account_hash, forgotten.released.preimage, pair.now)
    pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *taken))
    told = pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, CHANNEL_ID, pair.now))
    assert told.windows[0].receipt is None
    tell(pair, told)
    assert (claimable(pair), short(pair)) == (due, 0)
    assert pair.account("payee").account_hash == pair.account("payer").account_hash


@pytest.mark.parametrize("with_offer", [True, False])
def test_nothing_is_sold_while_the_chain_paid_for_more_than_is_known(with_offer):
    forgotten = Forgotten(with_offer=with_offer, taken=False)
    forgotten.claimed()
    pair = forgotten.pair
    for attempt in (lambda: pair.request(forgotten.request), lambda: pair.pay(forgotten.voucher)):
        with pytest.raises(ChannelFault) as refused:
            attempt()
        assert refused.value.code == "forgotten"
    assert pair.account("payee").cumulative == 0


def test_a_voucher_that_may_have_been_claimed_is_not_refused_as_lost():
    """The refusal would be a signed word against its own claim."""
    forgotten = Forgotten(with_offer=False, taken=False)
    forgotten.claimed()
    level(forgotten.pair)
    assert (forgotten.pair.states("payee"), forgotten.pair.states("payer")) == ([], ["signed"])


@pytest.mark.parametrize(("claimed", "sells"), [(69, True), (70, True), (71, False)])
def test_a_claim_of_what_is_known_stops_nothing(claimed, sells):
    pair = Pair()
    pair.window(pair.want([0]))
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, claimed=claimed))
    if sells:
        pair.window(pair.want([1]))
        assert pair.account("payee").cumulative == 140
        return
    with pytest.raises(ChannelFault):
        pair.window(pair.want([1]))


def test_a_window_whose_offer_the_back_up_still_has_comes_back_with_its_preimage():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([1, 2]))
    offer = pair.request(request)
    before = pair.payee_db.save()
    pair.take(pair.pay(pair.sign(request, offer)))
    pair.payee_db.restore(before)
    level(pair)
    assert pair.states("payee") == ["paid", "acknowledged"]
    assert (claimable(pair), short(pair)) == (140, 0)
    pair.window(pair.want([3]))
    assert pair.states("payee") == ["paid", "acknowledged", "paid"], "a voucher acknowledges what it builds on"


def test_free_money_brings_a_window_back_whose_offer_the_back_up_still_has():
    forgotten = Forgotten()
    pair, voucher = forgotten.pair, forgotten.voucher
    pair.acknowledge()
    [told] = show(pair, 0).windows
    tell(pair, Resume(1, told.paid.voucher.account_hash, (replace(told, receipt=None, receipt_signature=b""),)))
    assert pair.states("payee") == ["acknowledged", "closing"]
    assert (claimable(pair), short(pair)) == (70, 0)
    with pytest.raises(ChannelFault) as refused:  # there is no receipt of it to send again
        pair.pay(voucher)
    assert refused.value.code == "wrong-seq"


def test_a_window_that_was_released_and_then_refused_comes_back_by_its_receipt():
    """A back-up forgot the release, and the voucher came again when the policy no longer allowed it."""
    forgotten = Forgotten()
    pair = forgotten.pair
    pair.end_agreement()
    assert isinstance(pair.pay(forgotten.voucher), RefusalMessage)
    level(pair)
    assert (pair.states("payee"), pair.account("payee").cumulative) == (["acknowledged"], 70)
    assert pair.account("payee").account_hash == pair.account("payer").account_hash


def test_what_came_late_is_acknowledged_though_an_older_acknowledgement_bears_a_later_seq():
    """Seq 2 lapsed here and was claimed there; meanwhile seq 3 acknowledged what was before it."""
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payee_db.save()
    request = pair.plan(pair.want([1]))
    voucher = pair.sign(request, pair.request(request))
    released = pair.pay(voucher)
    pair.payee_db.restore(before)
    pair.chain.block_time += timedelta(days=2)
    assert pair.payer_db.act(lambda tx: receive.lapse(tx, pair.buyer, CHANNEL_ID)) == 2
    assert pair.acknowledge().voucher.seq == 3
    taken = (CHANNEL_ID, 140, voucher.voucher.account_hash, released.preimage, pair.now)
    pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *taken))
    assert pair.acknowledge().voucher.seq == 4
    level(pair)
    assert pair.acknowledge().voucher.seq == 4, "asked again, it is the same"
    assert (claimable(pair), short(pair)) == (140, 0)
