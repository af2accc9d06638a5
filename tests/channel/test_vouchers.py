"""Every fault of a voucher by name; a refusal leaves the state of its side byte-identical."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import release
from connector.channel.errors import ChannelLater
from connector.channel.messages import (
    Equivocation,
    KeyRequest,
    ReleaseMessage,
    VoucherMessage,
)
from contracts.typed_data import Order, Range
from contracts.voucher import NO_LOCK
from tests.channel.faulty import refused, signed
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    DELIVERY_KEY,
    KEPT,
    LEASED,
    REGISTRY,
    START,
    STRANGER_KEY,
    TRANSFER,
    Pair,
)
from tests.every import every

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def high_s(message):
    s = int.from_bytes(message.signature[32:64], "big")
    twin = message.signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes((27 + (28 - message.signature[64]),))
    return VoucherMessage(message.voucher, twin)


VOUCHERS = {
    "wrong-seq-unknown": ("no-offer", lambda v: replace(v, seq=v.seq + 1)),
    "wrong-seq-zero": ("no-offer", lambda v: replace(v, seq=0)),
    "amount-under": ("amount-under", lambda v: replace(v, cumulative_amount=v.cumulative_amount - 1)),
    "amount-over": ("amount-over", lambda v: replace(v, cumulative_amount=v.cumulative_amount + 1)),
    "wrong-lock": ("wrong-lock", lambda v: replace(v, lock=b"\x01" * 32)),
    "no-lock": ("wrong-lock", lambda v: replace(v, lock=NO_LOCK)),
    "wrong-account": ("wrong-account", lambda v: replace(v, account_hash=b"\x01" * 32)),
    "other-channel": ("wrong-channel", lambda v: replace(v, channel_id=b"\x01" * 32)),
    "valid-until-past": ("valid-until-past", lambda v: replace(v, valid_until=int(START.timestamp()))),
    "valid-until-never": ("valid-until-past", lambda v: replace(v, valid_until=0)),
    "valid-until-near": ("valid-until-near", lambda v: replace(v, valid_until=int(START.timestamp()) + 4199)),
}


@pytest.mark.parametrize("name", VOUCHERS)
def test_a_voucher_that_is_not_what_was_offered(offered, name):
    pair, _, right = offered
    code, change = VOUCHERS[name]
    wrong = change(right.voucher)
    refused(code, pair.payee_db, lambda: pair.pay(VoucherMessage(wrong, signed(wrong))))
    assert isinstance(pair.pay(right), ReleaseMessage)


SIGNATURES = {
    "high-s": ("high-s", high_s),
    "foreign-signer": ("foreign-signer", lambda m: replace(m, signature=signed(m.voucher, STRANGER_KEY))),
    "other-chain": (
        "foreign-signer",
        lambda m: replace(m, signature=signed(m.voucher, domain=replace(CHANNELS, chain_id=1))),
    ),
    "other-salt": (
        "foreign-signer",
        lambda m: replace(m, signature=signed(m.voucher, domain=replace(CHANNELS, salt=bytes(32)))),
    ),
    "other-program": ("foreign-signer", lambda m: replace(m, signature=signed(m.voucher, domain=REGISTRY))),
    "malformed": ("bad-signature", lambda m: replace(m, signature=bytes(65))),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_voucher_with_a_wrong_signature(offered, name):
    pair, _, right = offered
    code, change = SIGNATURES[name]
    refused(code, pair.payee_db, lambda: pair.pay(change(right)))
    assert isinstance(pair.pay(right), ReleaseMessage)


def test_a_voucher_over_the_confirmed_deposit(offered):
    """A deposit that the chain took back (a reorganisation) no longer covers the offer."""
    pair, _, right = offered
    pair.payee_db.act(
        lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, deposit=right.voucher.cumulative_amount - 1)
    )
    refused("over-deposit", pair.payee_db, lambda: pair.pay(right))


def test_an_identical_voucher_gets_the_identical_answer(offered):
    pair, _, right = offered
    first = pair.pay(right)
    before = pair.payee_db.dump()
    assert pair.pay(right) == first
    pair.later(3 * 86_400)
    assert pair.pay(right) == first
    assert pair.payee_db.dump() == before


def test_two_vouchers_of_one_seq_are_kept_and_stop_the_channel(offered):
    pair, _, right = offered
    pair.pay(right)
    other = replace(right.voucher, cumulative_amount=right.voucher.cumulative_amount + 1)
    answer = pair.pay(VoucherMessage(other, signed(other)))
    assert isinstance(answer, Equivocation)
    bundle = pair.payee_db.act(lambda tx: tx.get("bundles", id=answer.bundle))
    assert [each["value"]["cumulativeAmount"] for each in bundle["bundle"]["messages"]] == [
        str(right.voucher.cumulative_amount),
        str(other.cumulative_amount),
    ]
    refused("stopped", pair.payee_db, lambda: pair.request(next_request(pair)))
    assert isinstance(pair.pay(right), ReleaseMessage)  # what was promised stays promised


def next_request(pair):
    """A request made by hand, as a payer would make it that does not know that its channel is stopped."""
    account = pair.account("payee")
    order = Order(pair.deal, TRANSFER, KEPT.edition_id, 0, (Range(9, 1),), 70, DELIVERY_KEY)
    return KeyRequest((order,), ({},), account.account_hash, account.seq)


def test_a_strangers_second_voucher_stops_nothing(offered):
    pair, _, right = offered
    pair.pay(right)
    other = replace(right.voucher, cumulative_amount=1)
    wrong = VoucherMessage(other, signed(other, STRANGER_KEY))
    refused("foreign-signer", pair.payee_db, lambda: pair.pay(wrong))


def test_another_peers_channel_is_unknown(offered):
    pair, _, right = offered
    refused(
        "unknown-channel",
        pair.payee_db,
        lambda: pair.payee_db.act(
            lambda tx: release.on_voucher(tx, pair.holder, "did:web:else.example", CHANNEL_ID, right, pair.now)
        ),
    )


# ---- time (spec 3.5) ---------------------------------------------------------------------------------------------


def test_nothing_is_released_on_a_stale_view_of_the_chain(offered):
    pair, _, right = offered
    pair.now += timedelta(seconds=600)
    fault = refused("stale-chain", pair.payee_db, lambda: pair.pay(right))
    assert isinstance(fault, ChannelLater)
    pair.chain.seen_at = pair.now
    assert isinstance(pair.pay(right), ReleaseMessage)


@pytest.mark.parametrize("clock", ["own", "block"])
def test_nothing_is_released_within_the_claim_margin_of_expiry(offered, clock):
    pair, _, right = offered
    pair.payee_db.act(
        lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, expiry=START + timedelta(seconds=4000))
    )
    if clock == "own":
        pair.now += timedelta(seconds=400)
        pair.chain.seen_at = pair.now
    else:
        pair.chain.block_time += timedelta(seconds=400)
    refused("near-expiry", pair.payee_db, lambda: pair.pay(right))


def test_no_offer_that_could_not_be_claimed_in_time():
    pair = Pair()
    pair.payee_db.act(
        lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, expiry=START + timedelta(seconds=4100))
    )
    request = pair.plan()
    refused("near-expiry", pair.payee_db, lambda: pair.request(request))


# ---- acknowledgements --------------------------------------------------------------------------------------------


ACKNOWLEDGEMENTS = {
    "amount-under": lambda v: replace(v, cumulative_amount=v.cumulative_amount - 1),
    "amount-over": lambda v: replace(v, cumulative_amount=v.cumulative_amount + 1),
    "wrong-account": lambda v: replace(v, account_hash=b"\x01" * 32),
    "wrong-lock": lambda v: replace(v, lock=b"\x01" * 32),
    "wrong-channel": lambda v: replace(v, channel_id=b"\x01" * 32),
    "valid-until-set": lambda v: replace(v, valid_until=1),
    "wrong-seq": lambda v: replace(v, seq=v.seq + 100),
}


@every("code", ACKNOWLEDGEMENTS)
def test_a_wrong_acknowledgement(code):
    pair = Pair()
    pair.window()
    right = pair.acknowledge()
    wrong = ACKNOWLEDGEMENTS[code](right.voucher)
    refused(code, pair.payee_db, lambda: pair.close(VoucherMessage(wrong, signed(wrong))))
    refused(
        "foreign-signer",
        pair.payee_db,
        lambda: pair.close(replace(right, signature=signed(right.voucher, STRANGER_KEY))),
    )
    assert pair.close(right) is None


def test_there_is_nothing_to_acknowledge_before_a_release():
    pair = Pair()
    refused("nothing-released", pair.payer_db, pair.acknowledge)


def test_an_offer_that_was_never_signed_makes_way_for_the_acknowledgement():
    pair = Pair()
    pair.window()
    pair.request(pair.plan())
    last = pair.acknowledge()
    assert pair.close(last) is None
    assert pair.states("payee") == ["acknowledged", "closing"]
    assert pair.pull()[-1] == 1
    assert pair.paid("payer") == pair.paid("payee")


def test_leased_needs_use_one_and_a_flat_wish_is_refused():
    pair = Pair(LEASED)
    refused("wrong-use", pair.payer_db, pair.plan)
