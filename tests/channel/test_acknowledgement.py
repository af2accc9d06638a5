"""What a payer owes once it was served: when, how often, and that windows go on after it (spec 4, message 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import acknowledgement, claims, openings
from connector.channel.acknowledgement import Owed
from connector.channel.messages import RefusalMessage
from connector.store.rows.channel import ChannelState
from contracts.voucher import NO_LOCK
from tests.channel.rig import CHANNEL_ID, LEASED, PROVIDER_DID, Pair, over_the_wire
from tests.channel.test_receipts import level
from tests.channel.test_resume import signed

HALF_OF_A_VOUCHER = 43_200


def owed(pair):
    return pair.payer_db.act(lambda tx: acknowledgement.owed(tx, CHANNEL_ID))


def channels(pair):
    return pair.payer_db.act(acknowledgement.channels)


def acknowledged(pair):
    """Acknowledge as the driver does: sign, send, take note."""
    message = pair.acknowledge()
    assert pair.close(over_the_wire(message)) is None
    pair.payer_db.act(lambda tx: acknowledgement.taken(tx, CHANNEL_ID, message.voucher.seq))
    return message.voucher


def newest(pair):
    return pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))


def leased(pair):
    return pair.want(use=1, reader=pair.keyring.fresh())


def end_openings(pair):
    def end(tx):
        for row in tx.find("openings"):
            openings.end(tx, pair.buyer.evidence, row["id"], "read", pair.now)

    pair.payer_db.act(end)


def test_it_is_owed_from_the_first_keys_until_the_payee_has_it():
    pair = Pair()
    assert owed(pair) is None
    assert channels(pair) == []
    pair.window()
    assert owed(pair) == Owed(PROVIDER_DID)
    assert channels(pair) == [CHANNEL_ID.hex()]
    message = pair.acknowledge()
    assert owed(pair) == Owed(PROVIDER_DID, signed=True)  # it was never sent: a start finds it
    assert channels(pair) == [CHANNEL_ID.hex()]
    pair.close(message)
    pair.payer_db.act(lambda tx: acknowledgement.taken(tx, CHANNEL_ID, message.voucher.seq))
    assert owed(pair) is None
    assert channels(pair) == []
    assert pair.acknowledge() == message


def test_windows_go_on_after_it_and_each_of_several_can_be_claimed():
    pair, seqs = Pair(), []
    for rows in ([0], [0, 1, 2], [0, 1, 2, 3, 4]):
        pair.window(pair.want(rows))
        promised = pair.account("payee").cumulative
        assert newest(pair).voucher.valid_until > 0
        voucher = acknowledged(pair)
        seqs.append(voucher.seq)
        claim = newest(pair)
        assert (claim.voucher, claim.voucher.cumulative_amount) == (voucher, promised)
        assert pair.states("payer") == pair.states("payee")
    assert seqs == sorted(set(seqs))
    assert pair.states("payee") == ["acknowledged", "closing"] * 3
    pair.pull()
    assert pair.paid("payer") == pair.paid("payee")


def test_it_may_be_late_for_a_window_that_is_offered_meanwhile():
    """The payee offers the seq that the payer took for an acknowledgement: that never reached it."""
    pair = Pair()
    pair.window(pair.want([0]))
    message = pair.acknowledge()
    request = pair.plan(pair.want([0, 1]))
    offer = pair.request(request)
    assert offer.offer.seq > message.voucher.seq
    pair.close(message)
    pair.take(pair.pay(pair.sign(request, offer)))
    assert owed(pair) == Owed(PROVIDER_DID)
    acknowledged(pair)
    assert newest(pair).voucher.cumulative_amount == pair.account("payer").cumulative


def test_it_ends_an_offer_of_an_older_seq_whose_voucher_would_be_for_more():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([0, 1]))
    offer, account = pair.request(request), pair.account("payee")
    voucher = pair.sign(request, offer)
    free = {"cumulative_amount": account.cumulative, "account_hash": account.account_hash, "lock": NO_LOCK}
    pair.close(signed(replace(voucher.voucher, seq=offer.offer.seq + 1, valid_until=0, **free)))
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert answer.code == "superseded"
    assert newest(pair).voucher.cumulative_amount == account.cumulative == pair.account("payee").cumulative


def test_nothing_is_owed_while_a_voucher_waits_nor_on_a_channel_that_stands_still():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    assert owed(pair) is None
    pair.take(pair.pay(voucher))
    assert owed(pair) == Owed(PROVIDER_DID)
    for state in (ChannelState.STOPPED, ChannelState.FROZEN, "closed"):
        pair.payer_db.act(lambda tx, state=state: tx.update("channels", {"id": CHANNEL_ID.hex()}, state=state))
        assert owed(pair) is None
        assert channels(pair) == []


def test_an_opening_is_acknowledged_when_it_has_ended_or_its_lease_has():
    pair = Pair(LEASED)
    pair.window(leased(pair))
    released = pair.now
    assert owed(pair) == Owed(PROVIDER_DID, leased=True, runs_until=released + timedelta(seconds=900))
    end_openings(pair)
    assert owed(pair) == Owed(PROVIDER_DID, leased=True)
    acknowledged(pair)
    pair.window(leased(pair))
    pair.later(900)
    pair.payer_db.act(lambda tx: openings.end_lapsed(tx, pair.buyer.evidence, pair.now))
    assert owed(pair) == Owed(PROVIDER_DID, leased=True)


def test_a_lease_longer_than_a_voucher_is_not_waited_for():
    pair = Pair(replace(LEASED, lease_seconds=30 * 86_400))
    pair.window(leased(pair))
    assert owed(pair).runs_until == pair.now + timedelta(seconds=HALF_OF_A_VOUCHER)


@pytest.mark.parametrize("lost", ["the window", "the acknowledgement"])
def test_a_payee_that_lost_what_it_is_about_takes_it_once_both_are_level(lost):
    pair = Pair()
    pair.window(pair.want([0]))
    before = pair.payee_db.save()
    if lost == "the window":
        before = Pair().payee_db.save()
    message = pair.acknowledge()
    pair.close(message)
    pair.payee_db.restore(before)
    level(pair)
    assert pair.states("payer") == ["acknowledged", "closing"]
    pair.close(over_the_wire(message))
    assert newest(pair).voucher == message.voucher


def test_what_is_owed_says_what_it_is_of_and_whether_it_was_signed():
    plain = Owed(PROVIDER_DID)
    assert (plain.signed, plain.leased, plain.runs_until) == (False, False, None)
    pair = Pair()
    pair.window()
    assert (owed(pair).signed, owed(pair).leased) == (False, False)
    message = pair.acknowledge()
    assert owed(pair).signed is True
    pair.payer_db.act(lambda tx: acknowledgement.taken(tx, CHANNEL_ID, message.voucher.seq))
    window = pair.payer_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=message.voucher.seq))
    assert (window["code"], window["state"]) == (acknowledgement.TAKEN, "closing")
    pair.window()
    assert owed(pair).signed is False


def test_a_payee_owes_no_acknowledgement():
    pair = Pair()
    pair.window()
    assert pair.payee_db.act(acknowledgement.channels) == []
    assert pair.payee_db.act(lambda tx: acknowledgement.owed(tx, CHANNEL_ID)) is None
