"""Offers and releases that a payer does not take; a refusal leaves the state of its side byte-identical."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from connector.channel import box, offer_check, payer
from connector.channel.errors import FAULTS, ChannelFault
from connector.channel.messages import Equivocation, OfferMessage
from contracts.ranges import RowSet
from contracts.typed_data import KeyOffer
from contracts.typed_json import to_ranges
from contracts.voucher import NO_LOCK
from ledger.edition import mask
from tests.channel.faulty import one, refused, resigned, signed
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    DELIVERY,
    DELIVERY_KEY,
    PAYEE_KEY,
    REGISTRY,
    START,
    STRANGER_KEY,
    Pair,
)
from tests.every import every

# ---- offers ------------------------------------------------------------------------------------------------------


OFFERS = {
    "offer-signature": lambda m: resigned(m, STRANGER_KEY),
    "offer-signature-domain": lambda m: resigned(m, domain=CHANNELS),
    "offer-channel": lambda m: resigned(m, channel_id=b"\x01" * 32),
    "offer-seq-far": lambda m: resigned(m, seq=100),
    "offer-seq-zero": lambda m: resigned(m, seq=0),
    "offer-account": lambda m: resigned(m, account_hash=b"\x01" * 32),
    "offer-amount-over": lambda m: resigned(m, cumulative_amount=m.offer.cumulative_amount + 1),
    "offer-amount-under": lambda m: resigned(m, cumulative_amount=m.offer.cumulative_amount - 1),
    "offer-lock": lambda m: resigned(m, lock=NO_LOCK),
    "offer-until-soon": lambda m: resigned(m, valid_until=int(START.timestamp()) + 4199),
    "offer-until-late": lambda m: resigned(m, valid_until=int(START.timestamp()) + 86_400 + 61),
    "offer-keys": lambda m: replace(m, sealed_keys={}),
    "offer-keys-other": lambda m: replace(m, sealed_keys={bytes(32): m.sealed_keys[DELIVERY_KEY]}),
    "offer-keys-broken": lambda m: replace(m, sealed_keys={DELIVERY_KEY: bytes(80)}),
    "masked-hash": lambda m: resigned(m, masked_hash=b"\x01" * 32),
}


@every("name", OFFERS)
def test_an_offer_that_is_not_what_was_asked_for_is_not_signed(name):
    pair = Pair()
    request = pair.plan()
    offer = pair.request(request)
    code = name if name in FAULTS else "-".join(name.split("-")[:2])
    fault = refused(code, pair.payer_db, lambda: pair.sign(request, OFFERS[name](offer)))
    assert fault.whose == "payee"
    assert pair.sign(request, offer)


def test_a_lock_is_never_used_twice():
    pair = Pair()
    pair.window()
    used = pair.payer_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=1))["lock"]
    request = pair.plan()
    offer = pair.request(request)
    refused("offer-lock", pair.payer_db, lambda: pair.sign(request, resigned(offer, lock=used)))
    pair.randoms = 0
    with pytest.raises(AssertionError, match="never used twice"):
        pair.request(one(request, ranges=to_ranges(RowSet.of([(2, 1)])), amount=70))


def test_an_offer_beyond_the_channels_expiry_is_not_signed():
    pair = Pair()
    request = pair.plan()
    offer = pair.request(request)
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, expiry=START + timedelta(hours=20)))
    refused("offer-until", pair.payer_db, lambda: pair.sign(request, offer))


def test_two_offers_of_one_seq_are_kept_and_stop_the_channel(offered):
    pair, offer, _ = offered
    other = resigned(offer, valid_until=offer.offer.valid_until + 1)
    answer = pair.payer_db.act(lambda tx: payer.on_offer(tx, pair.buyer, CHANNEL_ID, None, other, pair.now))
    assert isinstance(answer, Equivocation)
    refused("stopped", pair.payer_db, pair.plan)


def test_nothing_else_is_signed_while_a_voucher_waits(offered):
    pair, offer, voucher = offered
    refused("unreleased", pair.payer_db, pair.plan)
    refused("unreleased", pair.payer_db, pair.acknowledge)
    assert pair.waiting() == voucher
    assert pair.sign(None, offer) == voucher  # the same offer: the same voucher


def test_a_missing_reader_key_is_our_own_fault():
    pair = Pair()
    request = pair.plan()
    offer = pair.request(request)
    pair.keyring.readers.clear()
    assert refused("bad-reader-key", pair.payer_db, lambda: pair.sign(request, offer)).whose == "payer"


# ---- releases ----------------------------------------------------------------------------------------------------


def test_a_release_with_another_preimage_or_receipt_changes_nothing(offered):
    pair, _, voucher = offered
    right = pair.pay(voucher)
    refused("wrong-preimage", pair.payer_db, lambda: pair.take(replace(right, preimage=bytes(32))))
    for change in ({"voucher_digest": bytes(32)}, {"offer_digest": bytes(32)}, {"channel_id": bytes(32)}, {"seq": 1}):
        receipt = replace(right.receipt, **change)
        wrong = replace(right, receipt=receipt, signature=signed(receipt, PAYEE_KEY, REGISTRY))
        refused("bad-receipt", pair.payer_db, lambda wrong=wrong: pair.take(wrong))
    for never in (10**12, 10**17, 2**63, 2**64 - 1):
        receipt = replace(right.receipt, released_at=never)
        undated = replace(right, receipt=receipt, signature=signed(receipt, PAYEE_KEY, REGISTRY))
        refused("bad-receipt", pair.payer_db, lambda undated=undated: pair.take(undated))
    stranger = replace(right, signature=signed(right.receipt, STRANGER_KEY, REGISTRY))
    refused("bad-receipt", pair.payer_db, lambda: pair.take(stranger))
    assert pair.take(right).keys


# ---- sealed keys


def sealed(masked_by_reader, committed):
    """An offer whose boxes hold what is told for each reader, and the commitment to `committed`."""
    offer = KeyOffer(CHANNEL_ID, 1, bytes(32), 70, b"\x01" * 32, mask.masked_hash(committed), bytes(32), 9)
    boxes = {public_of(key): box.seal(masked, public_of(key), CHANNEL_ID, 1) for key, masked in masked_by_reader}
    return OfferMessage(offer, bytes(65), boxes)


def public_of(key):
    return key.public_key().public_bytes_raw()


def opened(masked_by_reader, committed, rows=2):
    readers = {public_of(key): key for key, _ in masked_by_reader}
    return offer_check.open_masked(sealed(masked_by_reader, committed), readers, rows)


SECOND_READER = X25519PrivateKey.from_private_bytes(b"\x56" * 32)
MASKED = b"\x07" * 64


def test_every_reader_is_sealed_the_same_keys():
    assert (
        opened([(DELIVERY, MASKED)], MASKED) == opened([(DELIVERY, MASKED), (SECOND_READER, MASKED)], MASKED) == MASKED
    )
    for number in range(8):
        other = bytes([number]) * 64 if number != 7 else bytes(64)
        with pytest.raises(ChannelFault) as fault:
            opened([(DELIVERY, MASKED), (SECOND_READER, other)], MASKED)
        assert fault.value.code == "masked-hash"


@pytest.mark.parametrize("size", [0, 32, 63, 65, 96])
def test_there_is_a_secret_for_each_row_and_none_beside(size):
    masked = b"\x07" * size
    with pytest.raises(ChannelFault) as fault:
        opened([(DELIVERY, masked)], masked)
    assert fault.value.code == "masked-hash"
