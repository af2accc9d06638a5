"""From a request to an offer: how far ahead, how fresh, how long it lives, and what a lapse gives up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import payee
from connector.enforcement.counted import Held
from connector.runtime.limits import RECEIPT_LEEWAY_SECONDS
from contracts.ranges import RowSet
from contracts.typed_json import to_ranges
from tests.channel.faulty import one, refused
from tests.channel.rig import CHANNEL_ID, KEPT, LEASED, START, Pair

LEAST = KEPT.claim_margin + KEPT.stale_max


def expires(pair, seconds):
    put = {"expiry": START + timedelta(seconds=seconds)}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **put))


def lapse(pair):
    return pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now))


def test_a_payer_may_be_as_many_seqs_ahead_as_the_gap_is_wide():
    pair = Pair()
    assert pair.request(replace(pair.plan(), after=64)).offer.seq == 65
    assert pair.account("payee").seq == 65
    assert pair.events("payee") == ["decision.made", "keys.offered"]


def test_an_offer_takes_the_next_seq_after_the_newest_of_either_side():
    pair = Pair()
    assert pair.request(pair.plan()).offer.seq == 1
    assert pair.request(replace(pair.plan(pair.want([1])), after=0)).offer.seq == 2
    assert pair.request(replace(pair.plan(pair.want([2])), after=7)).offer.seq == 8


def test_an_offer_adds_its_amount_to_what_was_released():
    pair = Pair()
    pair.window()
    request = pair.plan(pair.want([3, 4]))
    offer = pair.request(request).offer
    assert (request.orders[0].amount, offer.cumulative_amount) == (70, 140)
    row = pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))
    assert (row["amount"], row["cumulative"], row["state"], len(row["secret"])) == (70, 140, "offered", 32)
    assert row["voucher"] is row["masked"] is row["receipt"] is None


@pytest.mark.parametrize(("seconds", "code"), [(KEPT.stale_max - 1, None), (KEPT.stale_max, "stale-chain")])
def test_a_chain_seen_as_long_ago_as_is_allowed_is_too_old(seconds, code):
    pair = Pair()
    request = pair.plan()
    pair.now += timedelta(seconds=seconds)
    if code:
        refused(code, pair.payee_db, lambda: pair.request(request))
    else:
        assert pair.request(request).offer.seq == 1


@pytest.mark.parametrize("seconds", [KEPT.claim_margin, LEAST - 1])
def test_a_channel_that_expires_within_the_margins_gets_no_offer(seconds):
    pair = Pair()
    request = pair.plan()
    expires(pair, seconds)
    refused("near-expiry", pair.payee_db, lambda: pair.request(request))


@pytest.mark.parametrize(("seconds", "until"), [(LEAST, LEAST), (86_399, 86_399), (86_401, 86_400)])
def test_an_offer_lives_for_the_lock_time_and_no_longer_than_its_channel(seconds, until):
    pair = Pair()
    request = pair.plan()
    expires(pair, seconds)
    assert pair.request(request).offer.valid_until == int(START.timestamp()) + until


def test_the_newest_block_bounds_an_offer_where_it_is_ahead_of_the_clock():
    pair = Pair()
    request = pair.plan()
    pair.chain.block_time += timedelta(seconds=60)
    assert pair.request(request).offer.valid_until == int(START.timestamp()) + 60 + 86_400


@pytest.mark.parametrize(("more", "same"), [(0, True), (1, False)])
def test_an_offer_is_repeated_while_it_lives_long_enough_to_be_claimed(more, same):
    pair = Pair()
    request = pair.plan()
    first = pair.request(request)
    pair.later(86_400 - LEAST + more)
    again = pair.request(request)
    assert (again == first) is same
    assert pair.states("payee") == (["offered"] if same else ["void", "offered"])


def test_what_lapses_is_given_up_when_its_second_has_come_and_counts_nothing():
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, 3),)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    pair.request(request)
    pair.later(86_399)
    assert lapse(pair) == 0
    assert pair.states("payee") == ["offered"]
    pair.later(1)
    assert lapse(pair) == 1
    assert lapse(pair) == 0
    row = pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))
    assert (row["state"], row["code"], row["secret"]) == ("void", "lapsed", None)
    assert [use["state"] for use in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["returned"]


@pytest.mark.parametrize(("seconds", "over"), [(899, False), (900, True)])
def test_more_rows_of_an_opening_are_offered_while_its_lease_runs(seconds, over):
    pair = Pair(LEASED)
    reader = pair.keyring.fresh()
    pair.window(pair.want([0], use=1, reader=reader))
    pair.later(seconds)
    request = pair.plan(pair.want([0, 1], use=1, reader=reader))
    if over:
        refused("lease-ended", pair.payee_db, lambda: pair.request(request))
    else:
        assert pair.request(request).offer.cumulative_amount == 250


def test_nothing_is_offered_by_a_clock_that_is_behind_the_chain():
    pair = Pair()
    request = pair.plan()
    pair.chain.block_time = pair.now + timedelta(seconds=RECEIPT_LEEWAY_SECONDS + 1)
    refused("wrong-clock", pair.payee_db, lambda: pair.request(request))
    pair.chain.block_time -= timedelta(seconds=1)
    assert pair.request(request).offer.seq == 1


def test_what_is_replaced_keeps_its_code_and_not_its_preimage():
    pair = Pair()
    pair.request(pair.plan(pair.want([0])))
    pair.request(pair.plan(pair.want([1])))
    rows = pair.payee_db.act(lambda tx: tx.find("windows", order="seq"))
    assert [(row["state"], row["code"]) for row in rows] == [("void", "superseded"), ("offered", "")]
    assert rows[0]["secret"] is None


def test_rows_asked_for_again_cost_nothing_whatever_is_unreleased_elsewhere():
    """All that may be unreleased is, on another channel: what is free adds nothing to it."""
    pair = Pair(replace(KEPT, max_exposure=140))
    second = b"\xc2" * 32
    pair.open_channel(second, 5000)
    pair.window(pair.want([0]))
    waiting = pair.plan(pair.want([1, 2, 3, 4]), second)
    assert sum(order.amount for order in waiting.orders) == 140
    pair.request(waiting, second)
    again = pair.plan(pair.want([0], use=2))
    more = one(again, use=0, amount=70, ranges=to_ranges(RowSet.rows([5])))
    refused("over-exposure", pair.payee_db, lambda: pair.request(more))
    assert pair.request(again).offer.cumulative_amount == 70


def test_a_deposit_may_be_spent_to_the_last_unit():
    pair = Pair(deposit=70)
    assert pair.request(pair.plan()).offer.cumulative_amount == 70


def test_an_offer_whose_seq_its_payer_has_used_is_not_repeated():
    """Its answer was lost, and so was the acknowledgement that the payer signed with its seq."""
    pair = Pair()
    pair.window(pair.want([0]))
    lost = pair.request(pair.plan(pair.want([1])))
    pair.acknowledge()
    request = pair.plan(pair.want([1]))
    offered = pair.request(request)
    assert (lost.offer.seq, offered.offer.seq) == (2, 3)
    assert len(pair.take(pair.pay(pair.sign(request, offered))).keys) == 1
    assert pair.states("payee") == ["acknowledged", "void", "paid"]
