"""A window that its payee refused as lost may have been released: until it cannot be claimed, nothing else is sold."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import plan, receive
from connector.channel.errors import ChannelFault, ChannelLater
from connector.channel.messages import OfferMessage, RefusalMessage
from tests.channel.levelling import claimable, level, short
from tests.channel.rig import CHANNEL_ID, LEASED, Pair


class Lost:
    """Row 0 was paid for and released, its answer was lost; the payee was restored and refused it as lost."""

    def __init__(self, terms=None, use=0):
        self.pair = pair = Pair() if terms is None else Pair(terms)
        before = pair.payee_db.save()
        reader = {"reader": pair.keyring.fresh()} if use else {}
        request = pair.plan(pair.want([0], use=use, **reader))
        self.voucher = pair.sign(request, pair.request(request)).voucher
        self.released = pair.pay(pair.waiting())
        pair.payee_db.restore(before)
        level(pair)
        assert (pair.states("payee"), pair.states("payer")) == (["void"], ["void"])

    def again(self):
        pair = self.pair
        return pair.payer_db.act(lambda tx: plan.lost(tx, pair.buyer, CHANNEL_ID, pair.now))

    def claimed(self):
        """Its claim is on chain after all, and both sides see it."""
        pair, voucher = self.pair, self.voucher
        known = {"claimed": voucher.cumulative_amount, "claimed_lock": voucher.lock}
        pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **known))
        taken = (CHANNEL_ID, voucher.cumulative_amount, voucher.account_hash, self.released.preimage, pair.now)
        return pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *taken))


def code_of(act):
    with pytest.raises(ChannelFault) as refused:
        act()
    return refused.value.code


@pytest.mark.parametrize(("past", "sells"), [(-1, False), (0, False), (1, True)])
def test_another_batch_is_sold_once_the_lost_one_cannot_be_claimed(past, sells):
    lost = Lost()
    pair = lost.pair
    pair.chain.block_time = pair.chain.seen_at = pair.now = pair.now.fromtimestamp(
        lost.voucher.valid_until + past, tz=pair.now.tzinfo
    )
    request = pair.plan(pair.want([1]))
    if sells:
        assert isinstance(pair.request(request), OfferMessage)
        return
    assert code_of(lambda: pair.request(request)) == "lost-window"
    assert pair.states("payee") == ["void"]


def test_our_own_clock_does_not_say_that_it_cannot_be_claimed():
    """A block may still be made with a time before the end: its program decides, not our clock."""
    lost = Lost()
    pair = lost.pair
    request = pair.plan(pair.want([1]))
    pair.now = pair.chain.seen_at = pair.now.fromtimestamp(lost.voucher.valid_until + 60, tz=pair.now.tzinfo)
    assert code_of(lambda: pair.request(request)) == "lost-window"


def test_the_time_of_a_freeze_is_given_back_to_the_lost_one():
    lost = Lost()
    pair = lost.pair
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, frozen_for=3600))
    end = pair.now.fromtimestamp(lost.voucher.valid_until, tz=pair.now.tzinfo)
    request = pair.plan(pair.want([1]))
    for more, code in ((3600, "lost-window"), (3601, None)):
        pair.chain.block_time = pair.chain.seen_at = pair.now = end + timedelta(seconds=more)
        assert code is None or code_of(lambda: pair.request(request)) == code
    assert isinstance(pair.request(request), OfferMessage)


def test_the_refusal_says_until_when_and_may_be_tried_later():
    lost = Lost()
    request = lost.pair.plan(lost.pair.want([1]))
    with pytest.raises(ChannelLater, match=r"seq `1` .* until 20\d\d-"):
        lost.pair.request(request)


@pytest.mark.parametrize("is_claimed", [False, True])
def test_the_same_batch_is_sold_again_and_costs_once(is_claimed):
    """`is_claimed`: the first one's claim is mined after the second was released."""
    lost = Lost()
    pair = lost.pair
    request = lost.again()
    offer = pair.request(request)
    assert (offer.offer.seq, offer.offer.account_hash) == (2, lost.voucher.account_hash)
    pair.take(pair.pay(pair.sign(request, offer)))
    if is_claimed:
        lost.claimed()
    level(pair)
    assert pair.account("payee").cumulative == pair.account("payer").cumulative == 70
    assert set(pair.keyring.kept) == {0}
    assert pair.paid("payee") == pair.paid("payer") == ([[0, 1]], 1000, 70)
    pair.window(pair.want([1]))
    assert (claimable(pair), short(pair)) == (140, 0)


def test_a_claim_of_the_lost_one_counts_it_as_released_on_both_sides():
    lost = Lost()
    pair = lost.pair
    assert lost.claimed() is not None
    level(pair)
    assert (pair.states("payee"), pair.states("payer")) == (["acknowledged"], ["released"])
    assert pair.account("payee").account_hash == pair.account("payer").account_hash
    assert set(pair.keyring.kept) == {0}
    pair.window(pair.want([1]))
    assert (claimable(pair), short(pair)) == (140, 0)


def test_a_claim_of_the_lost_one_while_the_same_batch_waits_is_paid_once():
    lost = Lost()
    pair = lost.pair
    request = lost.again()
    waiting = pair.sign(request, pair.request(request))
    assert lost.claimed() is not None
    assert code_of(lambda: pair.pay(waiting)) == "forgotten"
    level(pair)
    answer = pair.pay(waiting)
    assert (isinstance(answer, RefusalMessage), answer.code) == (True, "repriced")
    pair.refuse(answer)
    assert pair.account("payee").cumulative == pair.account("payer").cumulative == 70
    pair.window(pair.want([1]))
    assert (claimable(pair), short(pair)) == (140, 0)


def test_an_offer_of_another_batch_is_not_released_once_a_lost_window_is_shown():
    """The payee had offered row 1 to a payer that kept silent about row 0, and then showed it."""
    pair = Pair()
    before = pair.payee_db.save()
    request = pair.plan(pair.want([0]))
    offer = pair.request(request)
    rival = replace(pair.plan(pair.want([1])), after=1)
    pair.sign(request, offer)
    pair.pay(pair.waiting())
    pair.payee_db.restore(before)
    other = pair.request(rival)
    level(pair)
    voucher = pair.sign(rival, other)
    assert code_of(lambda: pair.pay(voucher)) == "lost-window"
    assert pair.states("payee") == ["void", "offered"]
    assert claimable(pair) == 0


def test_an_opening_that_was_lost_is_asked_for_again_with_its_own_reader_key():
    lost = Lost(LEASED, use=1)
    pair = lost.pair
    rival = pair.plan(pair.want([0], use=1, reader=pair.keyring.fresh()))
    assert code_of(lambda: pair.request(rival)) == "lost-window"
    request = lost.again()
    pair.take(pair.pay(pair.sign(request, pair.request(request))))
    assert len(pair.payee_db.act(lambda tx: tx.find("openings"))) == 1


@pytest.mark.parametrize("why", ["reader key", "over", "lapsed", "waits"])
def test_nothing_is_asked_for_again_that_may_not_be_had(why):
    lost = Lost()
    pair = lost.pair
    assert lost.again() is not None
    if why == "reader key":
        pair.keyring.reader = lambda tx, key: None
    if why == "over":
        deal = pair.buyer_books.deals[pair.deal]
        pair.buyer_books.deals[pair.deal] = replace(deal, live=False)
    if why == "lapsed":
        pair.later(5 * 86_400)
    if why == "waits":
        request = lost.again()
        pair.sign(request, pair.request(request))
    assert lost.again() is None
