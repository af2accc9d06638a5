"""The second half of the payer: claims on chain, lapses, refusals, and the proof that a wrong key leaves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import receive, windows
from connector.channel.errors import ChannelFault
from tests.channel.faulty import refused, signed
from tests.channel.rig import CHANNEL_ID, LEASED, PAYEE_KEY, PAYER_KEY, REGISTRY, START, Pair, secret_of
from tests.every import every


def put(pair, **changes):
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


def bought(terms=None, **wanted):
    """A voucher that is signed, and the release that answers it, not yet taken."""
    pair = Pair(terms) if terms else Pair()
    request = pair.plan(pair.want(**wanted))
    voucher = pair.sign(request, pair.request(request))
    return pair, voucher.voucher, pair.pay(voucher)


def claimed(pair, voucher, preimage, **other):
    about = {"cumulative": voucher.cumulative_amount, "account_hash": voucher.account_hash, **other}
    act = pair.payer_db.act
    return act(lambda tx: receive.on_claimed(tx, pair.buyer, CHANNEL_ID, preimage=preimage, now=pair.now, **about))


def lapse(pair, **closed):
    return pair.payer_db.act(lambda tx: receive.lapse(tx, pair.buyer, CHANNEL_ID, **closed))


def test_what_the_chain_paid_is_noted_and_never_falls():
    pair, voucher, released = bought()
    assert claimed(pair, voucher, bytes(32), cumulative=50) is None
    assert pair.account("payer").claimed == 50
    assert claimed(pair, voucher, bytes(32), cumulative=20) is None
    assert pair.account("payer").claimed == 50
    assert claimed(pair, voucher, released.preimage, account_hash=bytes(32)) is None
    assert pair.states("payer") == ["signed"]
    got = claimed(pair, voucher, released.preimage)
    assert (got.code, [key.secret for key in got.keys]) == ("", [secret_of(0)])
    assert (pair.account("payer").claimed, pair.states("payer")) == (70, ["released"])


def test_a_claim_of_keys_that_were_released_brings_nothing_new():
    pair, voucher, released = bought()
    pair.take(released)
    before = pair.paid("payer")
    assert claimed(pair, voucher, released.preimage) is None
    assert (pair.paid("payer"), pair.account("payer").claimed) == (before, 70)


@pytest.mark.parametrize("state", ["acknowledged", "void", "fault", "closing"])
def test_a_release_is_of_a_voucher_that_waits_for_it_or_had_it(state):
    pair, _, released = bought()
    pair.payer_db.act(lambda tx: tx.update("windows", {"channel": CHANNEL_ID.hex(), "seq": 1}, state=state))
    with pytest.raises(ChannelFault) as none:
        pair.take(released)
    assert (none.value.code, pair.states("payer")) == ("bad-receipt", [state])


def test_a_lease_from_the_chain_begins_when_the_claim_is_seen():
    pair, voucher, released = bought(LEASED, use=1)
    pair.later(100)
    assert claimed(pair, voucher, released.preimage).keys
    [opening] = pair.payer_db.act(lambda tx: tx.find("openings"))
    assert opening["lease_until"] == START + timedelta(seconds=1000)
    assert pair.keyring.kept == {}


def test_a_wrong_key_from_the_chain_is_proven_without_a_receipt():
    pair = Pair()
    pair.editions.wrong = {0}
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    released = pair.pay(voucher)
    got = claimed(pair, voucher.voucher, released.preimage)
    assert (got.code, got.keys) == ("key", ())
    [row] = pair.payer_db.act(lambda tx: tx.find("bundles"))
    bundle = row["bundle"]
    assert (row["id"], row["code"], row["seq"]) == (got.bundle, "key", 1)
    assert (bundle["v"], bundle["position"], bundle["index"]) == (1, 0, 0)
    assert bundle["receipt"] is bundle["receiptSignature"] is None
    assert bundle["voucherSignature"] == voucher.signature.hex()
    assert pair.states("payer") == ["fault"]


def test_a_waiting_voucher_is_given_up_in_the_block_after_its_last():
    pair, voucher, _ = bought()
    alive = voucher.valid_until - int(START.timestamp())
    assert lapse(pair) is None
    pair.chain.block_time = START + timedelta(seconds=alive)
    assert lapse(pair) is None
    pair.chain.block_time += timedelta(seconds=1)
    assert lapse(pair) == 1
    assert lapse(pair) is None
    [row] = pair.payer_db.act(lambda tx: tx.find("windows"))
    assert (row["state"], row["code"]) == ("void", "lapsed")


def given_up():
    """A voucher that was released, whose answer was lost, and that lapsed before anybody looked at the chain."""
    pair, voucher, released = bought()
    pair.chain.block_time = START + timedelta(days=2)
    assert lapse(pair) == 1
    return pair, voucher, released


def test_what_lapsed_here_and_was_claimed_there_is_paid_for_and_can_be_acknowledged():
    pair, voucher, released = given_up()
    got = claimed(pair, voucher, released.preimage)
    assert [key.secret for key in got.keys] == [secret_of(0)]
    assert (pair.states("payer"), pair.account("payer").cumulative) == (["released"], 70)
    assert pair.events("payer")[-1] == "keys.received"
    pair.close(pair.acknowledge())
    assert pair.states("payee") == ["acknowledged", "closing"]


def test_what_lapsed_and_was_followed_by_another_voucher_leaves_its_keys_alone():
    pair, voucher, released = given_up()
    forgotten = {"cumulative": 0, "account_hash": CHANNEL_ID}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **forgotten))
    pair.chain.block_time = START
    request = pair.plan(pair.want([1]))
    pair.sign(request, pair.request(request))
    got = claimed(pair, voucher, released.preimage)
    assert [key.secret for key in got.keys] == [secret_of(0)]
    assert (pair.states("payer"), pair.account("payer").cumulative) == (["void", "signed"], 0)


def test_what_lapsed_and_was_followed_by_another_release_leaves_its_keys_alone():
    pair, voucher, released = given_up()
    forgotten = {"cumulative": 0, "account_hash": CHANNEL_ID}
    pair.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **forgotten))
    pair.chain.block_time = START
    pair.window(pair.want([1]))
    assert claimed(pair, voucher, released.preimage).keys
    assert (pair.states("payer"), pair.account("payer").cumulative) == (["void", "released"], 70)


def test_what_was_refused_and_claimed_leaves_its_keys_and_no_debt():
    pair, voucher, released = given_up()
    row = {"channel": CHANNEL_ID.hex(), "seq": 1}
    pair.payer_db.act(lambda tx: tx.update("windows", row, code="denied"))
    got = claimed(pair, voucher, released.preimage)
    assert [key.secret for key in got.keys] == [secret_of(0)]
    assert (pair.states("payer"), pair.account("payer").cumulative) == (["void"], 0)


def test_a_freeze_holds_a_voucher_and_gives_its_time_back():
    pair, _, _ = bought()
    pair.chain.block_time = START + timedelta(days=2)
    put(pair, state="frozen")
    assert lapse(pair) is None
    put(pair, state="open", frozen_for=86_400)
    assert lapse(pair) is None
    pair.chain.block_time += timedelta(seconds=1)
    assert lapse(pair) == 1


@pytest.mark.parametrize("state", ["open", "frozen"])
def test_a_voucher_of_a_closed_channel_is_given_up_at_once(state):
    pair, _, _ = bought()
    put(pair, state=state)
    assert lapse(pair, closed=True) == 1
    assert pair.states("payer") == ["void"]


# ---- what is no release of ours


def receipted(released, key=PAYEE_KEY, **changes):
    receipt = replace(released.receipt, **changes)
    return replace(released, receipt=receipt, signature=signed(receipt, key, REGISTRY))


NO_RELEASE = {
    "another preimage": ("wrong-preimage", lambda r: replace(r, preimage=bytes(32))),
    "a receipt of another channel": ("bad-receipt", lambda r: receipted(r, channel_id=bytes(32))),
    "a receipt of another seq": ("bad-receipt", lambda r: receipted(r, seq=2)),
    "a receipt of another voucher": ("bad-receipt", lambda r: receipted(r, voucher_digest=bytes(32))),
    "a receipt of another offer": ("bad-receipt", lambda r: receipted(r, offer_digest=bytes(32))),
    "a receipt by the payer": ("bad-receipt", lambda r: receipted(r, PAYER_KEY)),
    "a receipt for which another was signed": (
        "bad-receipt", lambda r: replace(r, receipt=replace(r.receipt, released_at=r.receipt.released_at + 1))
    ),
}  # fmt: skip


@every("wrong", NO_RELEASE)
def test_a_release_is_of_our_voucher_and_offer_and_by_the_payee(wrong):
    pair, _, released = bought()
    code, forge = NO_RELEASE[wrong]
    refused(code, pair.payer_db, lambda: pair.take(forge(released)))
    account = pair.account("payer")
    [window] = pair.payer_db.act(lambda tx: windows.later(tx, account, 0, 9))
    with pytest.raises(ChannelFault) as fault:
        receive.brought(pair.buyer, account, window, pair.editions.tables, forge(released))
    assert fault.value.code == code
    assert pair.states("payer") == ["signed"]
    assert pair.take(receipted(released)).keys


def test_keys_of_a_refused_voucher_that_was_claimed_all_the_same_are_kept_once():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request)).voucher
    preimage = pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))["secret"]
    pair.judge.outcomes["release"] = "deny"
    pair.refuse(pair.pay(pair.waiting()))
    assert [key.row for key in claimed(pair, voucher, preimage).keys] == [0]
    [row] = pair.payer_db.act(lambda tx: tx.find("windows"))
    assert (row["state"], row["code"], row["masked"]) == ("void", "claimed", None)
    assert pair.keyring.kept == {0: secret_of(0)}
    assert pair.account("payer").cumulative == 0
    assert claimed(pair, voucher, preimage) is None


def test_nothing_lapses_where_nothing_waits():
    assert lapse(Pair(), closed=True) is None


def test_a_refusal_is_kept_with_its_reasons_and_of_nothing_is_none():
    pair = Pair()
    request = pair.plan()
    voucher = pair.sign(request, pair.request(request))
    pair.judge.outcomes["release"] = "deny"
    answer = pair.pay(voucher)
    assert pair.refuse(answer) == 1
    [row] = pair.payer_db.act(lambda tx: tx.find("windows"))
    assert (row["state"], row["code"]) == ("void", "denied")
    assert [reason["code"] for reason in row["reasons"]] == ["no"]
    assert row["refusal_signature"] == answer.signature
    refused("bad-refusal", pair.payer_db, lambda: pair.refuse(answer))


@pytest.mark.parametrize("seq", [2, 9])
def test_only_a_released_window_can_be_of_a_malformed_edition(seq):
    pair, _, released = bought()
    pair.take(released)
    request = pair.plan()
    pair.sign(request, pair.request(request))

    def fault(tx):
        return receive.on_fault(tx, pair.buyer, CHANNEL_ID, seq, 1, "edition", released.preimage, pair.now)

    refused("nothing-released", pair.payer_db, lambda: pair.payer_db.act(fault))


def test_what_is_read_is_not_yet_taken():
    pair, _, released = bought()
    before = pair.payer_db.dump()
    read = pair.payer_db.act(lambda tx: receive.read(tx, pair.buyer, CHANNEL_ID, released))
    assert pair.payer_db.dump() == before
    assert (read.seq, read.preimage, read.bundle) == (1, released.preimage, "")
    assert pair.keyring.kept == {}
    for _ in ("first", "after a crash, before its keys were durable"):
        assert pair.take(released) == read
        assert pair.keyring.kept == {0: secret_of(0)}
        assert (pair.states("payer"), pair.paid("payer")) == (["released"], ([[0, 1]], 1000, 70))
        assert pair.events("payer") == ["keys.received"]
        pair.keyring.kept.clear()
    with pytest.raises(ChannelFault) as none:
        pair.take(replace(released, receipt=replace(released.receipt, seq=2)))
    assert none.value.code == "bad-receipt"
