"""The time that a receipt says: no lease begins, and no bill counts, by one that cannot be true (spec 4)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from connector.channel import openings, resume
from connector.channel.errors import ChannelFault, ChannelLater
from connector.channel.messages import ReleaseMessage
from connector.runtime.limits import RECEIPT_LEEWAY_SECONDS
from connector.store.rows.channel import Side
from contracts import signature
from contracts.typed_data import digest
from ledger.stamp import at_second
from tests.channel.faulty import refused
from tests.channel.rig import (
    BUYER_DID,
    CHANNEL_ID,
    LEASED,
    PAYEE_KEY,
    REGISTRY,
    Pair,
    over_the_wire,
)

HOUR = 3600
LATE, EARLY = RECEIPT_LEEWAY_SECONDS + 1, -RECEIPT_LEEWAY_SECONDS - 1


@pytest.fixture
def bought():
    """A leased opening whose voucher is signed and not yet sent."""
    pair = Pair(LEASED)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    return pair, pair.sign(request, pair.request(request))


def dated(released, seconds):
    """The same release by a payee that signs another time."""
    receipt = replace(released.receipt, released_at=released.receipt.released_at + seconds)
    return ReleaseMessage(released.preimage, receipt, signature.sign(digest(REGISTRY, receipt), PAYEE_KEY))


def leases(pair, db):
    return [row["lease_until"] for row in db.act(lambda tx: tx.find("openings"))]


@pytest.mark.parametrize("seconds", [LATE, EARLY, 30 * 86_400, -30 * 86_400, 10**14])
def test_a_receipt_of_another_time_is_a_fault_and_begins_no_lease(bought, seconds):
    pair, voucher = bought
    released = dated(pair.pay(voucher), seconds)
    refused("bad-receipt", pair.payer_db, lambda: pair.take(released))
    assert leases(pair, pair.payer_db) == []
    assert pair.states("payer") == ["signed"]


@pytest.mark.parametrize("seconds", [LATE - 1, EARLY + 1, 0])
def test_honest_clocks_may_differ(bought, seconds):
    pair, voucher = bought
    released = dated(pair.pay(voucher), seconds)
    assert len(pair.take(over_the_wire(released)).keys) == 12
    assert leases(pair, pair.payer_db) == [at_second(released.receipt.released_at) + timedelta(seconds=900)]


def test_a_release_that_was_lost_on_its_way_is_taken_with_its_own_time(bought):
    """The same answer comes again after a crash: it was given between the signing and now, and is as old as it is."""
    pair, voucher = bought
    pair.later(10)
    first = pair.pay(voucher)
    pair.later(5 * HOUR)
    assert pair.pay(voucher) == first
    pair.take(first)
    assert leases(pair, pair.payer_db) == leases(pair, pair.payee_db)


@pytest.mark.parametrize("seconds", [10 + RECEIPT_LEEWAY_SECONDS + 1, -5 * HOUR])
def test_nor_was_it_given_before_its_voucher_was_signed(bought, seconds):
    pair, voucher = bought
    pair.later(10)
    released = dated(pair.pay(voucher), -abs(seconds))
    pair.later(5 * HOUR)
    refused("bad-receipt", pair.payer_db, lambda: pair.take(released))


def test_the_chain_bounds_a_receipt_where_the_own_clock_was_set_back(bought):
    pair, _ = bought
    pair.payer_db.act(lambda tx: tx.execute("DELETE FROM windows"))
    pair.now -= timedelta(seconds=RECEIPT_LEEWAY_SECONDS)
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, seq=0))
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    voucher = pair.sign(request, pair.request(request))
    window = pair.payer_db.act(lambda tx: tx.find("windows"))[0]
    assert window["created"] == pair.chain.block_time
    released = pair.pay(voucher)
    refused("bad-receipt", pair.payer_db, lambda: pair.take(dated(released, -1)))
    pair.take(released)


# ---- resuming ----------------------------------------------------------------------------------------------------


def level(pair, dating=0):
    """Resume until both sides are level; the payee dates the receipts that it shows otherwise."""
    told = pair.payer_db.act(lambda tx: resume.show(tx, CHANNEL_ID, Side.PAYER))
    for _ in range(20):
        if told is None:
            return
        theirs = pair.payee_db.act(partial(_answer, pair=pair, told=over_the_wire(told)))
        shown = tuple(_dated(window, dating) for window in theirs.windows)
        theirs = over_the_wire(replace(theirs, windows=shown))
        told = pair.payer_db.act(partial(_take, pair=pair, theirs=theirs))
    raise AssertionError("never level")


def _answer(tx, pair, told):
    return resume.on_resume_payee(tx, pair.holder, BUYER_DID, CHANNEL_ID, told, pair.now)


def _take(tx, pair, theirs):
    return resume.on_resume_payer(tx, pair.buyer, CHANNEL_ID, theirs, pair.now)


def _dated(window, seconds):
    if window.receipt is None:
        return window
    released = dated(ReleaseMessage(window.preimage, window.receipt, window.receipt_signature), seconds)
    return replace(window, receipt=released.receipt, receipt_signature=released.signature)


@pytest.mark.parametrize("lost", [False, True])
def test_an_old_receipt_is_adopted_with_its_own_time_and_its_lease_is_over(bought, lost):
    pair, voucher = bought
    before = pair.payer_db.save()
    if lost:
        before = Pair(LEASED).payer_db.save()
    pair.pay(voucher)
    pair.later(5 * HOUR)
    pair.payer_db.restore(before)
    level(pair)
    assert leases(pair, pair.payer_db) == leases(pair, pair.payee_db)
    assert leases(pair, pair.payer_db)[0] < pair.now


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize("seconds", [5 * HOUR + LATE, -2 * 86_400])
def test_a_receipt_shown_while_resuming_begins_no_lease_at_a_time_that_cannot_be(bought, seconds, lost):
    pair, voucher = bought
    before = Pair(LEASED).payer_db.save() if lost else pair.payer_db.save()
    pair.pay(voucher)
    pair.later(5 * HOUR)
    pair.payer_db.restore(before)
    with pytest.raises(ChannelFault) as refusal:
        level(pair, seconds)
    assert refusal.value.code == "bad-receipt"
    assert leases(pair, pair.payer_db) == []


# ---- a clock that is behind the chain ------------------------------------------------------------------------------


def test_whose_clock_is_behind_the_chain_neither_asks_nor_offers_nor_releases(bought):
    pair, voucher = bought
    ahead = timedelta(seconds=RECEIPT_LEEWAY_SECONDS + 1)
    pair.chain.block_time = pair.now + ahead
    assert isinstance(refused("wrong-clock", pair.payee_db, lambda: pair.pay(voucher)), ChannelLater)
    pair.now += ahead
    pair.take(pair.pay(voucher))
    want = pair.want(use=1, reader=pair.keyring.fresh())
    request = pair.plan(want)
    offer = pair.request(request)
    pair.chain.block_time = pair.now + ahead
    refused("wrong-clock", pair.payer_db, lambda: pair.sign(request, offer))
    refused("wrong-clock", pair.payee_db, lambda: pair.request(replace(request, contexts=({"purpose": "other"},))))


def test_a_lease_that_a_receipt_began_is_the_same_on_both_sides(bought):
    pair, voucher = bought
    pair.take(pair.pay(voucher))
    identity = pair.payer_db.act(lambda tx: tx.find("openings"))[0]["id"]
    assert pair.payer_db.act(lambda tx: openings.is_counted(tx, identity))
    assert leases(pair, pair.payer_db) == leases(pair, pair.payee_db)
