"""What is shown when both sides compare their newest states: signatures move a side, words do not, and money stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import claims, closing, messages, payee, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import RefusalMessage, Resume, VoucherMessage
from connector.store.rows.channel import ChannelState
from contracts import signature
from contracts.typed_data import Voucher, digest
from ledger.edition import mask
from tests.channel.levelling import claimable, level, short, show, tell
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    LEASED,
    PAYEE_KEY,
    PAYER_KEY,
    REGISTRY,
    Pair,
    over_the_wire,
)

OTHER = b"\x99" * 32


@pytest.fixture
def restored():
    """Two windows released, a back-up of the payee, a third window, the back-up put back."""
    pair = Pair()
    pair.window(pair.want([0]))
    pair.window(pair.want([1, 2]))
    pair.before, pair.kept = pair.payee_db.save(), claimable(pair)
    pair.window(pair.want([3, 4, 5]))
    pair.all = claimable(pair)
    pair.payee_db.restore(pair.before)
    assert pair.kept < pair.all
    return pair


def signed(voucher, key=PAYER_KEY):
    return VoucherMessage(voucher, signature.sign(digest(CHANNELS, voucher), key))


def offered(told, key=PAYEE_KEY, **changes):
    offer = replace(told.offered.offer, **changes)
    return replace(told.offered, offer=offer, signature=signature.sign(digest(REGISTRY, offer), key))


def order_for(told, amount):
    return (replace(told.orders[0], amount=amount), *told.orders[1:])


# what is wrong → the testimony that has it, out of the honest one; all else in it is signed as it should be
FORGED = {
    "a voucher for less than was offered": lambda t: replace(
        t, paid=signed(replace(t.paid.voucher, cumulative_amount=t.paid.voucher.cumulative_amount - 1))
    ),
    "a voucher with another seq": lambda t: replace(t, paid=signed(replace(t.paid.voucher, seq=9))),
    "a voucher for other orders": lambda t: replace(t, paid=signed(replace(t.paid.voucher, account_hash=OTHER))),
    "a voucher with another lock": lambda t: replace(t, paid=signed(replace(t.paid.voucher, lock=mask.lock(OTHER)))),
    "a voucher of another channel": lambda t: replace(t, paid=signed(replace(t.paid.voucher, channel_id=OTHER))),
    "an offer of another channel": lambda t: replace(t, offered=offered(t, channel_id=OTHER)),
    "a voucher that nobody signed": lambda t: replace(t, paid=replace(t.paid, signature=bytes(65))),
    "a voucher that the payee signed": lambda t: replace(t, paid=signed(t.paid.voucher, PAYEE_KEY)),
    "an offer that the payer signed": lambda t: replace(t, offered=offered(t, PAYER_KEY)),
    "offer and voucher of another channel": lambda t: replace(
        t, paid=signed(replace(t.paid.voucher, channel_id=OTHER)), offered=offered(t, channel_id=OTHER)
    ),
    "other orders": lambda t: replace(t, orders=order_for(t, t.orders[0].amount + 1)),
    "a receipt that the payer signed": lambda t: replace(
        t, receipt_signature=signature.sign(digest(REGISTRY, t.receipt), PAYER_KEY)
    ),
    "a receipt for another offer": lambda t: receipted(t, offer_digest=OTHER),
    "a receipt for another voucher": lambda t: receipted(t, voucher_digest=OTHER),
}


def receipted(told, **changes):
    receipt = replace(told.receipt, **changes)
    return replace(told, receipt=receipt, receipt_signature=signature.sign(digest(REGISTRY, receipt), PAYEE_KEY))


@pytest.mark.parametrize("wrong", FORGED)
def test_a_forged_testimony_moves_nobody(restored, wrong):
    """With its receipt or without one: what is signed must agree by itself."""
    message = show(restored)
    [told] = message.windows
    before = restored.payee_db.dump()
    forged = [FORGED[wrong](told)]
    if forged[0].receipt == told.receipt and forged[0].receipt_signature == told.receipt_signature:
        forged.append(replace(forged[0], receipt=None, receipt_signature=b""))
    for shown in forged:
        with pytest.raises(ChannelFault) as refused:
            tell(restored, replace(message, windows=(shown,)))
        assert refused.value.code == "bad-testimony"
        assert restored.payee_db.dump() == before


def test_an_amount_that_does_not_follow_is_no_testimony(restored):
    """Both sides signed it, and it skips money: its window does not build on the newest common state."""
    [told] = show(restored).windows
    more = told.paid.voucher.cumulative_amount + 1
    voucher = replace(told.paid.voucher, cumulative_amount=more)
    odd = replace(told, paid=signed(voucher), offered=offered(told, cumulative_amount=more), receipt=None)
    odd = replace(odd, receipt_signature=b"", acknowledged=odd.paid)
    before = restored.payee_db.dump()
    with pytest.raises(ChannelFault) as refused:
        tell(restored, Resume(3, told.paid.voucher.account_hash, (odd,)))
    assert refused.value.code == "bad-testimony"
    assert restored.payee_db.dump() == before


def test_a_receipt_brings_a_window_back_and_takes_no_money_away(restored):
    tell(restored, show(restored))
    assert restored.account("payee").cumulative == restored.all
    assert claimable(restored) == restored.kept, "the preimage of the third is gone"
    assert short(restored) == restored.all - restored.kept


def test_an_honest_buyers_acknowledgement_brings_all_of_it(restored):
    level(restored)
    restored.close(over_the_wire(restored.acknowledge()))
    assert (claimable(restored), short(restored)) == (restored.all, 0)


def test_a_window_without_receipt_comes_back_by_an_acknowledgement(restored):
    """The payer has its keys from the chain, say: free money shows what no receipt does."""
    final = restored.acknowledge()
    [told] = show(restored, 2).windows
    assert told.acknowledged == final
    tell(restored, Resume(3, told.paid.voucher.account_hash, (replace(told, receipt=None, receipt_signature=b""),)))
    assert (claimable(restored), short(restored)) == (restored.all, 0)


@pytest.mark.parametrize("seq", [2, 3, 60])
def test_the_payers_word_brings_no_window_back(restored, seq):
    [told] = show(restored, 2).windows
    bare = replace(told, receipt=None, receipt_signature=b"", acknowledged=None)
    answer = tell(restored, Resume(seq, told.paid.voucher.account_hash, (bare,)))
    assert restored.account("payee").cumulative == restored.kept == claimable(restored)
    assert short(restored) == 0
    assert {isinstance(one.refused, RefusalMessage) for one in answer.windows} == ({True} if seq < 3 else set())


@pytest.mark.parametrize("ends", ["superseded", "lapsed"])
def test_what_was_given_up_never_comes_back_by_a_voucher(ends):
    pair = Pair()
    pair.window(pair.want([0]))
    due = claimable(pair)
    request = pair.plan(pair.want([1, 2]))
    offer = pair.request(request)
    if ends == "superseded":
        pair.request(replace(request, contexts=({"purpose": "else"},)))
    else:
        pair.close(pair.acknowledge())  # so that what was released does not lapse as well
        pair.later(3 * 86_400)
        pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now))
    terms = offer.offer
    voucher = Voucher(CHANNEL_ID, terms.seq, terms.cumulative_amount, terms.account_hash, terms.lock, terms.valid_until)
    told = messages.Testimony(request.prev, request.orders, request.contexts, offer, signed(voucher))
    free = signed(replace(voucher, seq=terms.seq + 3, lock=bytes(32), valid_until=0))
    for shown in (told, replace(told, acknowledged=free)):
        tell(pair, Resume(terms.seq, terms.account_hash, (shown,)))
        assert (claimable(pair), pair.account("payee").cumulative) == (due, due)


def test_an_acknowledgement_counts_though_a_newer_window_lapsed():
    pair = Pair()
    pair.window(pair.want([0]))
    pair.close(pair.acknowledge())
    due = claimable(pair)
    pair.window(pair.want([1]))
    assert claimable(pair) > due
    pair.later(3 * 86_400)
    assert claimable(pair) == due
    assert short(pair) > 0


# ---- closing -------------------------------------------------------------------------------------------------------


def begin(pair):
    return pair.payee_db.act(lambda tx: closing.begin(tx, pair.holder, CHANNEL_ID, pair.now))


def test_a_channel_is_not_closed_below_what_was_released(restored):
    level(restored)
    picked = begin(restored)
    assert (picked.claim.voucher.cumulative_amount, picked.short) == (restored.kept, restored.all - restored.kept)
    assert restored.account("payee").state == ChannelState.OPEN
    restored.close(over_the_wire(restored.acknowledge()))
    assert begin(restored).short == 0
    assert restored.account("payee").state == ChannelState.CLOSING


def test_a_stopped_channel_is_claimed_at_once_and_has_it_known():
    pair = Pair()
    heard = []
    pair.holder = replace(
        pair.holder, contradicted=lambda _tx, account, bundle, _now: heard.append((account.id, bundle))
    )
    request = pair.plan(pair.want([0]))
    voucher = pair.sign(request, pair.request(request))
    pair.pay(voucher)
    assert pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now)) == []
    more = signed(replace(voucher.voucher, cumulative_amount=voucher.voucher.cumulative_amount + 1))
    stopped = pair.pay(more)
    assert heard == [(CHANNEL_ID.hex(), stopped.bundle)]
    [(channel, claim)] = pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now))
    assert (channel, claim.voucher) == (CHANNEL_ID, voucher.voucher)


# ---- what a payee adopts, and from when on it counts


@pytest.mark.parametrize("deposit", [280, 279])
def test_nothing_is_adopted_beyond_the_confirmed_deposit(restored, deposit):
    assert restored.all == 280
    restored.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, deposit=deposit))
    if deposit == restored.all:
        level(restored)
        assert restored.account("payee").cumulative == 280
        return
    with pytest.raises(ChannelFault) as refused:
        level(restored)
    assert refused.value.code == "bad-testimony"
    assert restored.account("payee").cumulative == restored.kept


def test_a_lease_that_only_free_money_shows_begins_when_it_is_shown():
    pair = Pair(LEASED)
    before = pair.payee_db.save()
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    pair.acknowledge()
    [told] = show(pair, 0).windows
    pair.payee_db.restore(before)
    pair.later(500)
    tell(pair, Resume(1, told.paid.voucher.account_hash, (replace(told, receipt=None, receipt_signature=b""),)))
    [opening] = pair.payee_db.act(lambda tx: tx.find("openings"))
    assert opening["lease_until"] == pair.now + timedelta(seconds=900)


@pytest.mark.parametrize("after", [1, 7])
def test_a_seq_that_was_refused_as_lost_is_used_and_none_is_given_back(after):
    """`after`: the newest seq that the payer had said it knew when the payee, restored, made its last offer."""
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payee_db.save()
    request = pair.plan(pair.want([1]))
    pair.sign(request, pair.request(request))
    pair.payee_db.restore(before)
    if after > 1:
        pair.request(replace(request, after=after))
    level(pair)
    assert pair.states("payer") == ["acknowledged", "void"]
    assert pair.account("payee").seq == (2 if after == 1 else after + 1)
    assert pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))["code"] == "lost"


# ---- what is shown


def test_a_fresh_channel_shows_that_nothing_was_released():
    pair = Pair()
    assert show(pair) == Resume(0, CHANNEL_ID)
    assert pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, CHANNEL_ID, pair.now)) == Resume(0, CHANNEL_ID)


def test_only_the_newest_signed_window_is_shown_first_however_many_were_refused_before_it():
    pair = Pair(rows=4)
    pair.window(pair.want([0]))
    pair.window(pair.want([1]))
    pair.judge.outcomes["release"] = "deny"
    for _ in range(15):
        request = pair.plan(pair.want([2]))
        voucher = pair.sign(request, pair.request(request))
        pair.refuse(pair.pay(voucher))
    shown = show(pair)
    assert (shown.seq, [told.paid for told in shown.windows]) == (2, [voucher])


def test_an_acknowledgement_is_shown_with_the_window_that_it_is_of(restored):
    final = restored.acknowledge()
    restored_windows = show(restored, 0).windows
    assert [told.acknowledged for told in restored_windows] == [None, None, final]
    assert [told.preimage for told in restored_windows] == [None] * 3
