"""What a payee claims with, what is short, and when a claim is urgent: by amount, by lapse, by freeze and by state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connector.channel import claims
from connector.channel.errors import fault
from connector.store.rows.channel import ChannelState
from ledger.chain import acts
from ledger.chain.deployment import PROGRAMS, Deployment
from tests.channel.rig import CHANNEL_ID, KEPT, START, Pair

DAY = KEPT.lock_ttl


def put(pair, **changes):
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


def newest(pair):
    return pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))


def short(pair):
    account = pair.account("payee")
    return pair.payee_db.act(lambda tx: claims.shortfall(tx, pair.holder, account, pair.now))


def in_hand(pair):
    account = pair.account("payee")
    return pair.payee_db.act(lambda tx: claims.in_hand(tx, pair.holder, account))


def acknowledged(pair):
    return pair.payee_db.act(lambda tx: claims.is_acknowledged(tx, CHANNEL_ID))


def urgent(pair):
    return pair.payee_db.act(lambda tx: claims.urgent(tx, pair.holder, pair.now))


def test_what_the_chain_has_paid_is_not_claimed_again():
    pair = Pair()
    pair.window()
    put(pair, claimed=69)
    assert newest(pair).voucher.cumulative_amount == 70
    put(pair, claimed=70)
    assert newest(pair) is None
    put(pair, claimed=71)
    assert newest(pair) is None


def test_a_claim_is_named_by_its_channel_and_seq_and_brings_the_preimage():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    released = pair.pay(voucher)
    claim = newest(pair)
    assert claim.key == f"claim:{CHANNEL_ID.hex()}:1"
    places = {name: bytes([number]) * 20 for number, name in enumerate(PROGRAMS)}
    deployment = Deployment(4242, bytes(32), places)
    assert claim.act(deployment) == acts.claim(deployment, voucher.voucher, voucher.signature, released.preimage)


def test_what_is_short_is_what_neither_the_chain_nor_a_voucher_holds():
    pair = Pair()
    assert (short(pair), in_hand(pair)) == (0, 0)
    pair.window()
    assert (short(pair), in_hand(pair)) == (0, 70)
    pair.later(DAY + 1)
    assert (short(pair), in_hand(pair)) == (70, 0)
    put(pair, claimed=30)
    assert short(pair) == 40
    put(pair, claimed=80)
    assert short(pair) == 0


def test_a_voucher_can_be_claimed_in_its_last_second_and_by_what_a_freeze_gave_back():
    pair = Pair()
    pair.window()
    pair.later(DAY)
    assert newest(pair) is not None
    pair.later(1)
    assert newest(pair) is None
    put(pair, frozen_for=1)
    assert newest(pair) is not None
    pair.later(1)
    assert newest(pair) is None
    put(pair, state=ChannelState.FROZEN)
    assert newest(pair) is not None, "nothing lapses while a freeze lasts"


def test_all_is_acknowledged_once_the_newest_word_is_one_or_the_channel_has_stopped():
    pair = Pair()
    assert not acknowledged(pair)
    pair.window()
    assert not acknowledged(pair)
    pair.close(pair.acknowledge())
    assert acknowledged(pair)
    pair.window()
    assert not acknowledged(pair)
    put(pair, state=ChannelState.STOPPED)
    assert acknowledged(pair)


@pytest.mark.parametrize("state", [ChannelState.CLOSING, ChannelState.STOPPED])
def test_a_channel_that_never_goes_on_is_urgent_at_once_until_it_is_paid(state):
    pair = Pair()
    put(pair, state=state)
    assert urgent(pair) == []
    put(pair, state=ChannelState.OPEN)
    pair.window()
    assert urgent(pair) == []
    put(pair, state=state)
    assert [(channel, claim.voucher.seq) for channel, claim in urgent(pair)] == [(CHANNEL_ID, 1)]
    put(pair, claimed=70)
    assert urgent(pair) == []


@pytest.mark.parametrize("state", [ChannelState.FROZEN, ChannelState.CLOSED])
def test_a_frozen_or_closed_channel_takes_no_claim(state):
    pair = Pair()
    pair.window()
    put(pair, state=state)
    pair.later(DAY)
    assert urgent(pair) == []


def test_an_acknowledgement_is_urgent_a_margin_before_expiry_and_never_earlier():
    pair = Pair()
    pair.window()
    pair.close(pair.acknowledge())
    pair.later(timedelta(days=30).total_seconds() - KEPT.claim_margin - 1)
    assert urgent(pair) == []
    pair.later(1)
    [(_, claim)] = urgent(pair)
    assert (claim.voucher.valid_until, claim.preimage) == (0, bytes(32))


def test_what_was_earned_is_claimed_though_its_agreement_was_altered_since(monkeypatch):
    pair = Pair()
    pair.window()

    def altered(tx, agreement_digest):
        raise fault("agreement-over", "the agreement kept here is not the one that was signed")

    monkeypatch.setattr(pair.holder.books, "deal", altered)
    pair.later(DAY - KEPT.claim_margin)
    assert [claim.voucher.seq for _, claim in urgent(pair)] == [1]


def test_a_voucher_is_urgent_before_its_channels_expiry_though_it_lives_longer():
    pair = Pair()
    pair.window()
    put(pair, expiry=START + timedelta(hours=2))
    assert urgent(pair) == []
    pair.later(3600)
    assert len(urgent(pair)) == 1


def test_other_roles_and_channels_are_not_claimed():
    pair = Pair()
    pair.window()
    pair.later(DAY)
    assert pair.payer_db.act(lambda tx: claims.urgent(tx, pair.buyer, pair.now)) == []
