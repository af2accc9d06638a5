"""From an offer to a voucher: what the payer holds it against, to the second and the seq."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import payer
from connector.channel.errors import ChannelFault
from connector.channel.messages import Equivocation
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from contracts.voucher import NO_LOCK
from tests.channel.faulty import one, refused, resigned
from tests.channel.rig import CHANNEL_ID, KEPT, START, STRANGER_KEY, Pair

NOW = int(START.timestamp())
LEAST = KEPT.claim_margin + KEPT.stale_max
LONGEST = KEPT.lock_ttl + CLOCK_LEEWAY_SECONDS


@pytest.fixture
def asked():
    pair = Pair()
    request = pair.plan()
    return pair, request, pair.request(request)


@pytest.mark.parametrize("until", [LEAST, LONGEST])
def test_an_offer_of_the_shortest_and_the_longest_life_is_signed(asked, until):
    pair, request, offer = asked
    assert pair.sign(request, resigned(offer, valid_until=NOW + until)).voucher.valid_until == NOW + until


@pytest.mark.parametrize("until", [LEAST - 1, LONGEST + 1])
def test_a_second_less_or_more_is_not(asked, until):
    pair, request, offer = asked
    refused("offer-until", pair.payer_db, lambda: pair.sign(request, resigned(offer, valid_until=NOW + until)))


def test_an_offer_to_the_last_second_of_its_channel_is_signed(asked):
    pair, request, offer = asked
    expiry = {"expiry": START + timedelta(seconds=LEAST)}
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **expiry))
    refused("offer-until", pair.payer_db, lambda: pair.sign(request, resigned(offer, valid_until=NOW + LEAST + 1)))
    assert pair.sign(request, resigned(offer, valid_until=NOW + LEAST))


def test_the_newest_block_counts_where_it_is_ahead_of_the_clock(asked):
    pair, request, offer = asked
    pair.chain.block_time += timedelta(seconds=10)
    refused("offer-until", pair.payer_db, lambda: pair.sign(request, resigned(offer, valid_until=NOW + LEAST + 9)))
    assert pair.sign(request, resigned(offer, valid_until=NOW + LONGEST + 10))


@pytest.mark.parametrize(("seq", "code"), [(64, "offer-keys"), (65, "offer-seq")])
def test_an_offer_may_be_as_many_seqs_ahead_as_the_gap_is_wide(asked, seq, code):
    """The keys of the rig's offer are sealed for its own seq, which is found later."""
    pair, request, offer = asked
    refused(code, pair.payer_db, lambda: pair.sign(request, resigned(offer, seq=seq)))


def test_a_request_planned_on_another_state_is_not_signed(asked):
    pair, request, offer = asked
    refused("behind", pair.payer_db, lambda: pair.sign(replace(request, prev=bytes(32)), offer))
    dear = one(request, amount=request.orders[0].amount + 1)
    refused("wrong-amount", pair.payer_db, lambda: pair.sign(dear, offer))


def test_money_that_is_gone_since_the_request_is_not_promised(asked):
    pair, request, offer = asked
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, deposit=69))
    refused("over-credit", pair.payer_db, lambda: pair.sign(request, offer))


def test_what_is_signed_is_what_was_offered(asked):
    pair, request, offer = asked
    signed = pair.sign(request, offer).voucher
    terms = offer.offer
    assert (signed.channel_id, signed.seq, signed.cumulative_amount) == (CHANNEL_ID, 1, 70)
    assert (signed.account_hash, signed.lock, signed.valid_until) == (terms.account_hash, terms.lock, terms.valid_until)
    row = pair.payer_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))
    assert (row["state"], row["amount"], row["cumulative"], row["secret"]) == ("signed", 70, 70, None)
    assert len(row["masked"]) == 32
    assert (pair.account("payer").seq, pair.account("payer").cumulative) == (1, 0)


def test_an_offer_that_is_settled_is_not_signed_again(asked):
    pair, request, offer = asked
    pair.take(pair.pay(pair.sign(request, offer)))
    refused("offer-seq", pair.payer_db, lambda: pair.sign(request, offer))


def test_another_offer_of_a_known_seq_stops_nothing_unless_the_payee_signed_it(asked):
    pair, request, offer = asked
    voucher = pair.sign(request, offer)
    other = resigned(offer, STRANGER_KEY, cumulative_amount=1)
    refused("offer-signature", pair.payer_db, lambda: pair.sign(request, other))
    assert pair.waiting() == voucher


def test_an_acknowledgement_is_the_next_seq_for_the_same_amount_and_without_a_lock():
    pair = Pair()
    pair.window()
    account = pair.account("payer")
    last = pair.acknowledge().voucher
    assert (last.seq, last.cumulative_amount, last.account_hash) == (2, 70, account.account_hash)
    assert (last.lock, last.valid_until) == (NO_LOCK, 0)
    assert pair.account("payer").seq == 2
    [_, row] = pair.payer_db.act(lambda tx: tx.find("windows", order="seq"))
    assert (row["amount"], row["cumulative"], row["valid_until"], row["state"]) == (0, 70, 0, "closing")
    assert row["prev"] == row["account_hash"] == account.account_hash


def test_nothing_waits_before_a_voucher_and_after_its_release(asked):
    pair, request, offer = asked
    assert pair.waiting() is None
    voucher = pair.sign(request, offer)
    assert pair.waiting() == voucher
    pair.take(pair.pay(voucher))
    assert pair.waiting() is None


def test_a_channel_that_is_not_there_signs_nothing():
    pair = Pair()
    with pytest.raises(ChannelFault) as unknown:
        pair.payer_db.act(lambda tx: payer.waiting(tx, bytes(32)))
    assert unknown.value.code == "unknown-channel"


def test_a_lock_that_was_used_before_is_not_signed_for_again(asked):
    """Its preimage may be known to anybody by now."""
    pair, request, offer = asked
    pair.take(pair.pay(pair.sign(request, offer)))
    request = pair.plan(pair.want([1]))
    again = resigned(pair.request(request), lock=offer.offer.lock)
    fault = refused("offer-lock", pair.payer_db, lambda: pair.sign(request, again))
    assert fault.text == "the lock was used before"


def test_keys_for_a_reader_key_that_is_gone_are_not_paid(asked):
    pair, request, offer = asked
    pair.keyring.readers.clear()
    refused("bad-reader-key", pair.payer_db, lambda: pair.sign(request, offer))


def test_the_seq_of_an_acknowledgement_is_no_seq_for_an_offer():
    pair = Pair()
    pair.window(pair.want([0]))
    last = pair.acknowledge()
    request = pair.plan(pair.want([1]))
    taken = resigned(pair.request(request), seq=last.voucher.seq)
    refused("offer-seq", pair.payer_db, lambda: pair.sign(request, taken))


def test_the_same_offer_again_gets_the_same_voucher(asked):
    pair, request, offer = asked
    voucher = pair.sign(request, offer)
    before = pair.payer_db.dump()
    assert pair.sign(request, offer) == voucher
    assert pair.payer_db.dump() == before


def test_another_offer_of_a_known_seq_by_the_payee_ends_the_channel_with_a_proof(asked):
    pair, request, offer = asked
    pair.sign(request, offer)
    found = pair.sign(request, resigned(offer, cumulative_amount=1))
    assert (type(found), found.seq, pair.account("payer").state) == (Equivocation, 1, "stopped")
    [row] = pair.payer_db.act(lambda tx: tx.find("bundles"))
    assert (row["id"], row["seq"], row["code"], row["created"]) == (found.bundle, 1, "equivocation", pair.now)


def test_nothing_is_acknowledged_before_anything_was_received(asked):
    pair, _, _ = asked
    refused("nothing-released", pair.payer_db, pair.acknowledge)


def test_a_voucher_acknowledges_the_keys_before_it_and_forgets_their_masked_form():
    pair = Pair()
    pair.window(pair.want([0]))
    request = pair.plan(pair.want([1]))
    pair.sign(request, pair.request(request))
    rows = pair.payer_db.act(lambda tx: tx.find("windows", order="seq"))
    assert [(row["state"], row["masked"] is None) for row in rows] == [("acknowledged", True), ("signed", False)]


def test_a_voucher_is_as_old_as_the_newest_block_where_that_is_ahead_of_the_clock(asked):
    pair, request, offer = asked
    pair.chain.block_time += timedelta(seconds=10)
    pair.sign(request, resigned(offer, valid_until=NOW + LEAST + 10))
    [row] = pair.payer_db.act(lambda tx: tx.find("windows"))
    assert row["created"] == START + timedelta(seconds=10)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"channel_id": bytes(32)}, "offer-channel"),
        ({"account_hash": bytes(32)}, "offer-account"),
        ({"cumulative_amount": 69}, "offer-amount"),
        ({"cumulative_amount": 71}, "offer-amount"),
        ({"lock": bytes(32)}, "offer-lock"),
        ({"seq": 0}, "offer-seq"),
        ({"masked_hash": bytes(32)}, "masked-hash"),
    ],
)
def test_what_is_not_as_it_was_asked_for_is_not_signed(asked, changes, code):
    pair, request, offer = asked
    refused(code, pair.payer_db, lambda: pair.sign(request, resigned(offer, **changes)))
