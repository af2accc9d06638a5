"""A payee that released keys and was put back to before: what brings the window back, and what it sells until then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import messages, payee, receive, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import RefusalMessage, Resume
from connector.store.rows.channel import ChannelState
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
        """The chain paid for it before the payee was put back, which has seen that."""
        known = {"claimed": self.due, "claimed_lock": self.voucher.voucher.lock}
        self.pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **known))

    def seen(self):
        """The payer takes its keys from the chain and shows them."""
        pair, voucher = self.pair, self.voucher.voucher
        taken = (CHANNEL_ID, voucher.cumulative_amount, voucher.account_hash, self.released.preimage, pair.now)
        pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *taken))
        return pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, CHANNEL_ID, pair.now))


def level_now(pair):
    assert pair.account("payee").account_hash == pair.account("payer").account_hash
    return pair.account("payee").cumulative


@pytest.mark.parametrize("is_claimed", [True, False])
def test_keys_from_the_chain_are_shown_to_a_payee_that_forgot_them(is_claimed):
    """It claimed a voucher whose release was lost, and was restored: no receipt of it is anywhere."""
    forgotten = Forgotten(with_offer=False, taken=False)
    if is_claimed:
        forgotten.claimed()
    told = forgotten.seen()
    assert told.windows[0].receipt is None
    tell(forgotten.pair, told)
    assert level_now(forgotten.pair) == 70
    assert short(forgotten.pair) == 0


@pytest.mark.parametrize("ends", ["lapsed", "superseded"])
def test_an_offer_that_was_given_up_after_the_restore_comes_back_if_it_was_claimed(ends):
    forgotten = Forgotten(taken=False)
    pair = forgotten.pair
    if ends == "superseded":
        rival = replace(forgotten.request, contexts=({"purpose": "teaching"},))
        assert pair.request(rival).offer.seq == 2
    else:
        pair.chain.block_time += timedelta(days=3)
        assert pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now + timedelta(days=3))) == 1
    forgotten.claimed()
    tell(pair, forgotten.seen())
    assert level_now(pair) == 70
    assert pair.states("payee")[0] == "acknowledged"


def test_free_money_shows_no_other_window_than_the_one_that_was_claimed():
    """Row 0 was claimed and forgotten; a payer that has its key says that it paid for row 1, at the same price."""
    forgotten = Forgotten(with_offer=False, taken=False)
    pair, other = forgotten.pair, Pair()
    other.randoms = 10  # no preimage is drawn twice
    request = other.plan(other.want([1]))
    other.take(other.pay(other.sign(request, other.request(request))))
    other.acknowledge()
    [told] = show(other, 0).windows
    assert told.paid.voucher.cumulative_amount == forgotten.due
    forgotten.claimed()
    bare = replace(told, receipt=None, receipt_signature=b"")
    tell(pair, Resume(1, told.paid.voucher.account_hash, (bare,)))
    assert pair.account("payee").cumulative == 0
    assert pair.states("payee") == []


@pytest.mark.parametrize(("claimed", "comes_back"), [(1, False), (69, False), (70, True), (71, True)])
def test_a_claim_shows_no_window_that_costs_more_than_it_brought(claimed, comes_back):
    """A payer signs free money for an offer that was never released, and claims it: its rows would be paid for."""
    pair = Pair()
    request = pair.plan(pair.want([0]))
    offer = pair.request(request)
    voucher = pair.sign(request, offer)
    pair.request(replace(request, contexts=({"purpose": "teaching"},)))
    assert pair.states("payee") == ["void", "offered"], "with its preimage the locked voucher could be claimed"
    known = {"claimed": claimed, "claimed_lock": offer.offer.lock}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **known))
    told = messages.Testimony(request.prev, request.orders, request.contexts, offer, voucher)
    tell(pair, Resume(1, offer.offer.account_hash, (told,)))
    assert pair.account("payee").cumulative == (70 if comes_back else 0)
    assert pair.paid("payee") == (([[0, 1]], 1000, 70) if comes_back else ([], 0, 0))
    assert short(pair) == 0


def test_another_offer_is_not_shown_by_the_account_hash_of_a_claim():
    """A payer that has the keys of a forgotten window claims one unit more, for an offer that was never released."""
    pair = Pair()
    request = pair.plan(pair.want([0]))
    rival = replace(request, contexts=({"purpose": "teaching"},))
    offer = pair.request(rival)
    voucher = pair.sign(rival, offer)
    before = pair.payee_db.save()
    released = pair.request(request)
    pair.payee_db.restore(before)
    known = {"claimed": 71, "claimed_lock": released.offer.lock}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **known))
    told = messages.Testimony(rival.prev, rival.orders, rival.contexts, offer, voucher)
    tell(pair, Resume(1, offer.offer.account_hash, (told,)))
    assert (pair.account("payee").cumulative, pair.paid("payee")) == (0, ([], 0, 0))


def test_what_a_claimed_window_builds_on_was_released_too():
    """Two windows without a receipt, of which the chain paid the second: the first one is an ancestor of that."""
    pair = Pair()
    before = pair.payee_db.save()
    for rows in ([0], [1, 2]):
        pair.window(pair.want(rows))
    pair.acknowledge()
    told = show(pair, 0)
    pair.payee_db.restore(before)
    bare = [replace(one, receipt=None, receipt_signature=b"") for one in told.windows]
    first, second = bare
    known = {"claimed": 140, "claimed_lock": second.offered.offer.lock}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **known))
    tell(pair, Resume(told.seq, told.account_hash, (first,)))
    assert pair.account("payee").cumulative == 0, "alone it is nobody's ancestor"
    tell(pair, Resume(told.seq, told.account_hash, (first, second)))
    assert level_now(pair) == 140


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


@pytest.mark.parametrize("has_receipt", [True, False])
def test_a_closed_channel_is_made_level_too_and_takes_no_acknowledgement(has_receipt):
    """Its rows count in the books of the agreement, on which other channels go on; free money brings nothing there."""
    forgotten = Forgotten(with_offer=False, taken=has_receipt)
    pair = forgotten.pair
    forgotten.claimed()
    if has_receipt:
        pair.acknowledge()
    else:
        forgotten.seen()
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state=ChannelState.CLOSED))
    assert show(pair, 0).windows[0].acknowledged is not None
    level(pair)
    assert level_now(pair) == 70
    assert pair.states("payee") == ["acknowledged"]
    assert pair.paid("payee") == pair.paid("payer") == ([[0, 1]], 1000, 70)
    assert pair.account("payee").state == ChannelState.CLOSED


def test_free_money_shows_nothing_on_a_closed_channel():
    """It can be claimed by nobody any more, so the window would come for nothing."""
    forgotten = Forgotten(with_offer=False)
    pair = forgotten.pair
    pair.acknowledge()
    [told] = show(pair, 0).windows
    assert told.acknowledged is not None
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state=ChannelState.CLOSED))
    tell(pair, Resume(1, told.paid.voucher.account_hash, (replace(told, receipt=None, receipt_signature=b""),)))
    assert (pair.account("payee").cumulative, pair.paid("payee")) == (0, ([], 0, 0))
