"""Every crash point of the specification's table, back-ups, lapses and claims: nothing is counted twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import payee, receive, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import Equivocation, RefusalMessage
from connector.enforcement.counted import Held
from contracts import signature
from contracts.typed_data import digest
from contracts.typed_json import to_json
from tests.channel.rig import (
    BUYER_DID,
    CHANNEL_ID,
    CHANNELS,
    KEPT,
    LEASED,
    PAYER_KEY,
    Pair,
    over_the_wire,
    secret_of,
)


def settled(pair):
    """Both sides agree on every figure, and all rows are paid exactly once."""
    pair.pull()
    assert pair.paid("payer") == pair.paid("payee")
    assert pair.paid("payer")[0] == [[0, 12]]
    for role in ("payer", "payee"):
        assert pair.account(role).cumulative == pair.paid("payee")[2]
        assert pair.account(role).account_hash == pair.account("payee").account_hash
    assert pair.keyring.kept == {row: secret_of(row) for row in range(12)}


def started():
    pair = Pair()
    pair.window()
    return pair


# ---- messages that are lost, one by one --------------------------------------------------------------------------


def test_the_request_is_repeated_when_the_offer_was_lost():
    pair = started()
    first = pair.request(pair.plan())
    before = pair.payee_db.dump()
    again = pair.request(pair.plan())
    assert again == first
    assert pair.payee_db.dump() == before
    settled(pair)


def test_another_request_replaces_an_offer_that_was_never_paid():
    pair = started()
    lost = pair.plan(pair.want([1, 2]))
    offer = pair.request(lost)
    settled(pair)
    assert pair.states("payee")[:3] == ["acknowledged", "void", "acknowledged"]
    assert offer.offer.seq == 2


def test_another_context_is_another_request():
    pair = started()
    pair.request(pair.plan())
    offer = pair.request(pair.plan(pair.want(purpose="statistics")))
    assert offer.offer.seq == 3


def test_a_late_voucher_for_a_replaced_offer_is_refused_in_writing():
    pair = started()
    request = pair.plan(pair.want([1, 2]))
    voucher = pair.sign(request, pair.request(request))
    account = pair.account("payee")
    again = replace(request, contexts=({"purpose": "else"},))
    assert pair.request(again).offer.seq == 3
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert answer.code == "superseded"
    assert pair.account("payee").account_hash == account.account_hash
    pair.refuse(over_the_wire(answer))
    settled(pair)


def test_the_voucher_is_repeated_with_the_same_bytes_when_the_release_was_lost():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    first = pair.pay(voucher)
    books = pair.paid("payee")
    again = pair.pay(pair.waiting())
    assert again == first
    assert pair.paid("payee") == books
    pair.take(again)
    settled(pair)


def test_the_release_is_taken_again_when_the_keys_were_lost_before_they_were_durable():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    before = pair.payer_db.save()
    pair.take(pair.pay(voucher))
    pair.payer_db.restore(before)
    pair.keyring.kept = {0: secret_of(0)}
    pair.take(pair.pay(pair.waiting()))
    settled(pair)


def test_a_release_taken_twice_counts_once_and_gives_the_keys_again():
    pair = started()
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    first = pair.take(released)
    books = pair.payer_db.dump()
    assert pair.take(released) == first
    assert pair.payer_db.dump() == books


def test_the_payees_crash_before_its_commit_leaves_nothing():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    before = pair.payee_db.save()
    pair.pay(voucher)
    pair.payee_db.restore(before)
    pair.take(pair.pay(pair.waiting()))
    settled(pair)


# ---- the other way to learn t ------------------------------------------------------------------------------------


def claimed(pair, voucher, preimage):
    return pair.payer_db.act(
        lambda tx: receive.on_claimed(
            tx,
            pair.buyer,
            CHANNEL_ID,
            voucher.voucher.cumulative_amount,
            voucher.voucher.account_hash,
            preimage,
            pair.now,
        )
    )


def test_a_claim_on_chain_brings_the_keys_that_were_withheld():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    withheld = pair.pay(voucher)
    got = claimed(pair, voucher, withheld.preimage)
    assert [key.secret for key in got.keys] == [secret_of(key.row) for key in got.keys]
    assert claimed(pair, voucher, withheld.preimage) is None
    assert pair.account("payer").claimed == voucher.voucher.cumulative_amount
    settled(pair)


def test_a_claim_after_a_refusal_still_gives_the_keys():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    preimage = pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))["secret"]
    pair.judge.outcomes["release"] = "deny"
    pair.refuse(pair.pay(voucher))
    got = claimed(pair, voucher, preimage)
    assert {key.row for key in got.keys} <= set(pair.keyring.kept)
    assert pair.states("payer") == ["acknowledged", "void"]


def test_an_unlocked_claim_brings_nothing_new():
    pair = started()
    last = pair.acknowledge()
    assert claimed(pair, last, bytes(32)) is None
    assert pair.account("payer").claimed == last.voucher.cumulative_amount


# ---- lapses ------------------------------------------------------------------------------------------------------


def lapse(pair):
    return pair.payer_db.act(lambda tx: receive.lapse(tx, pair.buyer, CHANNEL_ID))


def test_a_voucher_lapses_in_block_time_only():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.later(KEPT.lock_ttl)
    assert lapse(pair) is None  # the last second is still claimable
    pair.chain.block_time = pair.now
    pair.later(1)
    assert lapse(pair) == voucher.voucher.seq
    with pytest.raises(ChannelFault) as refusal:
        pair.pay(voucher)
    assert refusal.value.code == "valid-until-past"
    assert pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now)) == 1
    settled(pair)


def test_a_freeze_gives_a_voucher_its_time_back():
    """What was alive when an arbitrator froze the channel may be claimed for as long after it (decision 0007)."""
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state="frozen"))
    pair.later(KEPT.lock_ttl + 1)
    assert lapse(pair) is None
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state="open", frozen_for=100))
    pair.later(99)
    assert lapse(pair) is None
    pair.later(1)
    assert lapse(pair) == voucher.voucher.seq


def test_an_offer_too_old_to_be_paid_is_replaced_for_the_same_request():
    pair = started()
    request = pair.plan()
    pair.request(request)
    pair.later(KEPT.lock_ttl - 4199)
    assert pair.request(request).offer.seq == 3
    settled(pair)


# ---- back-ups ----------------------------------------------------------------------------------------------------


def level(pair):
    """Let both sides compare until they are level; returns how many rounds it took."""
    message = pair.payer_db.act(lambda tx: resume.show(tx, CHANNEL_ID, "payer"))
    for rounds in range(1, 20):
        sent = over_the_wire(message)
        reply = pair.payee_db.act(
            lambda tx, sent=sent: resume.on_resume_payee(tx, pair.holder, BUYER_DID, CHANNEL_ID, sent, pair.now)
        )
        if isinstance(reply, Equivocation):
            return reply
        got = over_the_wire(reply)
        message = pair.payer_db.act(
            lambda tx, got=got: resume.on_resume_payer(tx, pair.buyer, CHANNEL_ID, got, pair.now)
        )
        if message is None:
            return rounds
        if isinstance(message, Equivocation):
            return message
    raise AssertionError("never level")


def test_level_sides_need_one_round_and_change_nothing():
    pair = started()
    before = pair.payer_db.dump(), pair.payee_db.dump()
    assert level(pair) == 1
    assert (pair.payer_db.dump(), pair.payee_db.dump()) == before


@pytest.mark.parametrize("windows", [1, 2, 4])
def test_a_payer_restored_from_a_back_up_learns_what_it_paid(windows):
    pair = Pair()
    backup = pair.payer_db.save()
    for _ in range(windows):
        pair.window()
    pair.payer_db.restore(backup)
    pair.keyring.kept.clear()
    with pytest.raises(ChannelFault) as refusal:
        pair.request(pair.plan())
    assert refusal.value.code == "behind"
    assert level(pair) <= 2
    settled(pair)


@pytest.mark.parametrize("windows", [1, 2, 4])
def test_a_payee_restored_from_a_back_up_learns_what_it_released(windows):
    pair = Pair()
    backup = pair.payee_db.save()
    for _ in range(windows):
        pair.window()
    pair.payee_db.restore(backup)
    with pytest.raises(ChannelFault) as refusal:
        pair.request(pair.plan())
    assert refusal.value.code == "behind"
    assert level(pair) <= 2
    assert pair.close(pair.acknowledge()) is None  # which gives it back a voucher to claim with
    settled(pair)


def test_a_payee_that_lost_an_unreleased_window_refuses_it_in_writing():
    pair = started()
    backup = pair.payee_db.save()
    request = pair.plan()
    pair.sign(request, pair.request(request))
    pair.payee_db.restore(backup)
    assert level(pair) == 1
    assert pair.states("payer") == ["acknowledged", "void"]
    assert pair.states("payee") == ["acknowledged", "void"]
    settled(pair)


def test_many_windows_come_back_in_several_rounds():
    pair = Pair(replace(KEPT, max_exposure=70), rows=40)
    backup = pair.payer_db.save()
    for _ in range(35):
        pair.window()
    pair.payer_db.restore(backup)
    assert level(pair) == 3
    pair.pull()
    assert pair.paid("payer") == pair.paid("payee")


def test_a_window_given_up_as_lapsed_is_taken_back_when_it_was_released():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.pay(voucher)
    pair.later(KEPT.lock_ttl + 1)
    lapse(pair)
    assert level(pair) == 1
    assert pair.states("payer")[1] == "released"
    settled(pair)


def test_shown_windows_must_be_signed_by_both_sides():
    pair = Pair()
    backup = pair.payee_db.save()
    pair.window()
    pair.payee_db.restore(backup)
    shown = pair.payer_db.act(lambda tx: resume.show(tx, CHANNEL_ID, "payer"))
    told = shown.windows[0]
    forged = replace(told.paid.voucher, cumulative_amount=1)
    for wrong in (
        replace(told, paid=replace(told.paid, voucher=forged)),
        replace(told, offered=replace(told.offered, signature=told.paid.signature)),
        replace(told, orders=(replace(told.orders[0], amount=1),)),
        replace(told, receipt_signature=told.paid.signature),
    ):
        with pytest.raises(ChannelFault) as refusal:
            pair.payee_db.act(
                lambda tx, wrong=wrong: resume.on_resume_payee(
                    tx, pair.holder, BUYER_DID, CHANNEL_ID, replace(shown, windows=(wrong,)), pair.now
                )
            )
        assert refusal.value.code == "bad-testimony"


def test_another_voucher_shown_for_a_known_seq_is_an_equivocation():
    pair = started()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.pay(voucher)
    row = pair.payer_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))
    other = replace(voucher.voucher, valid_until=voucher.voucher.valid_until + 1)
    pair.payer_db.act(
        lambda tx: tx.update(
            "windows",
            {"channel": CHANNEL_ID.hex(), "seq": row["seq"]},
            voucher=to_json(other),
            voucher_signature=signature.sign(digest(CHANNELS, other), PAYER_KEY),
        )
    )
    assert isinstance(level(pair), Equivocation)
    assert pair.account("payee").state == "stopped"


def test_a_restored_payer_of_leased_openings_learns_the_count_without_the_keys():
    pair = Pair(LEASED)
    backup = pair.payer_db.save()
    reader = pair.keyring.fresh()
    pair.window(pair.want(use=1, reader=reader))
    pair.payer_db.restore(backup)
    pair.keyring.readers.clear()
    assert level(pair) == 1
    assert pair.paid("payer") == pair.paid("payee") == ([[0, 12]], 1, 250)
    opening = pair.payer_db.act(lambda tx: tx.find("openings"))[0]
    assert (opening["number"], opening["reader_key"], opening["state"]) == (1, reader, "open")
    pair.close(pair.acknowledge())


def test_a_payee_restored_before_an_opening_counts_it_again():
    pair = Pair(LEASED)
    pair.judge.held = (Held("permission/0", "count", 1, 1),)
    backup = pair.payee_db.save()
    pair.window(pair.want(use=1, reader=pair.keyring.fresh()))
    pair.payee_db.restore(backup)
    level(pair)
    assert [row["state"] for row in pair.payee_db.act(lambda tx: tx.find("uses"))] == ["committed"]
    assert pair.request(pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))).outcome == "deny"
