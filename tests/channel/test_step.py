"""Offer n+1 rides on release n: one round trip a window, and whatever becomes of n+1 never harms n (spec 4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import step
from connector.channel.errors import ChannelFault
from connector.channel.messages import Equivocation, RefusalMessage, Step, StepMessage
from contracts import signature
from contracts.typed_data import digest
from tests.channel.faulty import resigned
from tests.channel.rig import BUYER_DID, CHANNEL_ID, CHANNELS, KEPT, LEASED, PAYER_KEY, Pair, secret_of
from tests.channel.steps import ahead, send, take
from tests.channel.test_crash import level, settled


@pytest.fixture
def pair():
    """A pair with one window behind it and the second one signed."""
    made = Pair(replace(KEPT, max_exposure=150))
    made.window()
    request = made.plan()
    made.sign(request, made.request(request))
    return made


def test_a_pull_in_single_round_trips(pair):
    trips = 0
    while (voucher := pair.waiting()) and (request := ahead(pair)):
        answer = send(pair, voucher, request)
        assert answer.released.receipt.seq == voucher.voucher.seq
        stepped = take(pair, request, answer)
        assert stepped.signed == pair.waiting()
        assert stepped.signed.voucher.seq == voucher.voucher.seq + 1
        trips += 1
    assert trips > 4
    pair.take(pair.pay(pair.waiting()))
    settled(pair)
    assert pair.states("payer") == ["acknowledged"] * (trips + 1) + ["released"]


def test_what_is_asked_for_ahead_is_what_would_be_asked_for_then(pair):
    request = ahead(pair)
    pair.take(pair.pay(pair.waiting()))
    assert pair.plan() == request


def test_nothing_is_asked_for_ahead_without_a_voucher_or_in_an_opening():
    pair = Pair()
    assert ahead(pair) is None
    leased = Pair(LEASED)
    request = leased.plan(leased.want(use=1, reader=leased.keyring.fresh()))
    leased.sign(request, leased.request(request))
    assert ahead(leased, [leased.want(use=1, reader=leased.keyring.fresh())]) is None


def test_a_repeated_step_gets_the_same_bytes_and_counts_once(pair):
    request = ahead(pair)
    first = send(pair, pair.waiting(), request)
    before = pair.payee_db.dump()
    assert send(pair, pair.waiting(), request) == first
    assert pair.payee_db.dump() == before
    take(pair, request, first)
    settled_after(pair)


def settled_after(pair):
    pair.take(pair.pay(pair.waiting()))
    settled(pair)


def test_a_voucher_repeated_by_itself_gets_the_same_release_and_the_offer_stays(pair):
    request = ahead(pair)
    first = send(pair, pair.waiting(), request)
    assert pair.pay(pair.waiting()) == first.released
    pair.take(first.released)
    assert pair.request(pair.plan()) == first.offered
    settled(pair)


@pytest.mark.parametrize("side", ["payer", "payee"])
def test_a_crash_before_the_commit_of_a_step_leaves_nothing(pair, side):
    request = ahead(pair)
    database = pair.payer_db if side == "payer" else pair.payee_db
    if side == "payee":
        before = database.save()
        send(pair, pair.waiting(), request)
    else:
        answer = send(pair, pair.waiting(), request)
        before = database.save()
        take(pair, request, answer)
    database.restore(before)
    pair.keyring.kept = {row: secret_of(row) for row in range(4)}
    assert take(pair, request, send(pair, pair.waiting(), request)).signed == pair.waiting()
    settled_after(pair)


FAULTS = {
    "behind": lambda request: replace(request, prev=bytes(32)),
    "seq-gap": lambda request: replace(request, after=10_000),
    "wrong-amount": lambda request: one(request, amount=request.orders[0].amount + 1),
    "unknown-agreement": lambda request: one(request, agreement_digest=bytes(32)),
    "bad-reader-key": lambda request: one(request, reader_key=bytes(32)),
}


def one(request, **changes):
    return replace(request, orders=(replace(request.orders[0], **changes),))


@pytest.mark.parametrize("code", FAULTS)
def test_a_wrong_request_is_not_answered_and_the_release_stands(pair, code):
    """What the faulty part did is undone: the payee's tables are as after the voucher by itself."""
    voucher, before = pair.waiting(), pair.payee_db.save()
    alone = pair.pay(voucher)
    expected = kept(pair)
    pair.payee_db.restore(before)
    answer = send(pair, voucher, FAULTS[code](ahead(pair)))
    assert (answer.released.preimage, answer.offered) == (alone.preimage, None)
    assert kept(pair) == expected
    pair.take(answer.released)
    settled(pair)


def kept(pair):
    """What the payee keeps, but for what is salted or signed over salts."""

    def look(tx):
        return {
            "windows": [(row["seq"], row["state"], row["cumulative"]) for row in tx.find("windows", order="seq")],
            "decisions": sorted(row["id"] for row in tx.find("decisions")),
            "uses": tx.find("uses"),
            "channels": tx.find("channels"),
            "events": [row["kind"] for row in tx.find("log_entries", order="idx")],
        }

    return pair.payee_db.act(look)


def test_a_denied_request_is_not_answered_and_the_release_stands(pair):
    pair.judge.outcomes["offer"] = "deny"
    answer = send(pair, pair.waiting(), ahead(pair))
    assert answer.offered is None
    pair.take(answer.released)
    assert pair.request(pair.plan()).outcome == "deny"
    pair.judge.outcomes.clear()
    settled(pair)


def test_a_release_that_brings_no_offer_brings_its_keys_and_nothing_is_signed(pair):
    pair.judge.outcomes["offer"] = "deny"
    request = ahead(pair)
    stepped = take(pair, request, send(pair, pair.waiting(), request))
    assert (stepped.received.code, stepped.signed, stepped.fault) == ("", None, None)
    assert {key.row for key in stepped.received.keys} <= set(pair.keyring.kept)
    assert pair.waiting() is None


def test_a_refused_voucher_is_refused_and_nothing_is_offered(pair):
    request = ahead(pair)
    pair.judge.outcomes["release"] = "deny"
    answer = send(pair, pair.waiting(), request)
    assert isinstance(answer, RefusalMessage)
    pair.refuse(answer)
    pair.judge.outcomes.clear()
    settled(pair)


OFFERS = {
    "offer-amount": {"cumulative_amount": 1},
    "offer-account": {"account_hash": bytes(32)},
    "offer-seq": {"seq": 99},
    "offer-lock": {"lock": bytes(32)},
}


@pytest.mark.parametrize("code", OFFERS)
def test_a_wrong_offer_is_not_signed_and_the_keys_are_kept(pair, code):
    request = ahead(pair)
    answer = send(pair, pair.waiting(), request)
    stepped = take(pair, request, replace(answer, offered=resigned(answer.offered, **OFFERS[code])))
    assert (stepped.fault.code, stepped.signed) == (code, None)
    assert {key.row for key in stepped.received.keys} <= set(pair.keyring.kept)
    assert pair.waiting() is None
    settled(pair)


def test_wrong_keys_end_the_channel_before_anything_more_is_signed(pair):
    pair.editions.wrong = set(range(12))
    voucher = pair.waiting()
    pair.payer_db.act(
        lambda tx: tx.update("windows", {"channel": CHANNEL_ID.hex(), "seq": voucher.voucher.seq}, masked=bytes(64))
    )
    request = ahead(pair)
    stepped = take(pair, request, send(pair, voucher, request))
    assert (stepped.received.code, stepped.signed, stepped.fault) == ("key", None, None)
    with pytest.raises(ChannelFault, match="faulted"):
        pair.plan()


def test_another_voucher_in_a_step_is_an_equivocation(pair):
    voucher, request = pair.waiting(), ahead(pair)
    send(pair, voucher, request)
    other = replace(voucher.voucher, cumulative_amount=voucher.voucher.cumulative_amount + 1)
    message = Step(
        replace(voucher, voucher=other, signature=signature.sign(digest(CHANNELS, other), PAYER_KEY)), request
    )
    answer = pair.payee_db.act(lambda tx: step.on_step(tx, pair.holder, BUYER_DID, CHANNEL_ID, message, pair.now))
    assert isinstance(answer, Equivocation)


def test_a_payee_restored_to_before_a_step_learns_it_from_the_payer(pair):
    before = pair.payee_db.save()
    request = ahead(pair)
    answer = send(pair, pair.waiting(), request)
    assert isinstance(answer, StepMessage)
    take(pair, request, answer)
    pair.payee_db.restore(before)
    level(pair)
    settled(pair)


def test_a_payer_restored_to_before_a_step_learns_it_from_the_payee(pair):
    """Both windows come back: the one that was released with its keys, and the one that it signed and lost."""
    before = pair.payer_db.save()
    request = ahead(pair)
    answer = send(pair, pair.waiting(), request)
    take(pair, request, answer)
    pair.pay(pair.waiting())
    pair.payer_db.restore(before)
    pair.keyring.kept = {0: secret_of(0)}
    level(pair)
    settled(pair)
