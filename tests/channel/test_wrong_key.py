"""A wrong key: the channel ends with a bundle that a stranger can judge; right keys of the same window are kept."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from connector.channel import receive
from connector.channel.errors import ChannelFault
from contracts import signature
from contracts.canonical import sha
from contracts.typed_data import Agreement, Batch, Edition, KeyOffer, Order, Receipt, Voucher, digest, struct_hash
from contracts.typed_json import from_json, row_set
from ledger.dispute import bundle as bundles
from ledger.dispute import verdict as dispute
from ledger.edition import mask
from ledger.edition.header import Header
from ledger.edition.row import Row, key_commitment
from ledger.log import merkle
from ledger.space.domains import Domains
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    KEPT,
    PAYEE,
    PAYEE_KEY,
    PAYER,
    PAYER_KEY,
    REGISTRY,
    START,
    Pair,
)


def judge(bundle, root):
    """A third party's view of a bundle: nothing but its values, SHA-256 and the edition's root. Returns the finding."""
    offer, voucher = from_json(KeyOffer, bundle["offer"]), from_json(Voucher, bundle["voucher"])
    assert signature.is_by(PAYEE, digest(REGISTRY, offer), bytes.fromhex(bundle["offerSignature"]))
    assert signature.is_by(PAYER, digest(CHANNELS, voucher), bytes.fromhex(bundle["voucherSignature"]))
    receipt = from_json(Receipt, bundle["receipt"])
    assert signature.is_by(PAYEE, digest(REGISTRY, receipt), bytes.fromhex(bundle["receiptSignature"]))
    orders = tuple(from_json(Order, order) for order in bundle["batch"]["orders"])
    assert struct_hash(Batch(bytes.fromhex(bundle["batch"]["prev"]), orders)) == offer.account_hash
    preimage, masked = bytes.fromhex(bundle["t"]), bytes.fromhex(bundle["masked"])
    assert hashlib.sha256(preimage).digest() == offer.lock
    assert hashlib.sha256(masked).digest() == offer.masked_hash
    rows = [(order.edition_id, row) for order in orders for row in row_set(order.ranges)]
    assert rows[bundle["position"]] == (bytes.fromhex(bundle["editionId"]), bundle["index"])
    raw = bytes.fromhex(bundle["row"])
    path = [bytes.fromhex(node) for node in bundle["path"]]
    merkle.verify_inclusion(merkle.leaf_hash(raw), bundle["index"], 12, path, root)
    secret = mask.unmask(preimage, offer.channel_id, offer.seq, masked)[bundle["position"]]
    row = Row.decode(raw)
    return "honest" if key_commitment(row.head.slot, secret) == row.key_commitment else "wrong key"


def bundle_of(pair, identifier):
    return pair.payer_db.act(lambda tx: tx.get("bundles", id=identifier))["bundle"]


def test_a_wrong_key_is_proven_and_stops_the_payer():
    pair = Pair()
    pair.window()
    pair.editions.wrong = {3}
    got = pair.window()
    assert got.code == "key"
    assert sorted(key.row for key in got.keys) == [1, 2, 4]
    assert {1, 2, 4} <= set(pair.keyring.kept)
    assert 3 not in pair.keyring.kept
    bundle = bundle_of(pair, got.bundle)
    assert (bundle["code"], bundle["index"], bundle["position"]) == ("key", 3, 2)
    assert sha(bundle).hex() == got.bundle
    assert judge(bundle, pair.table.root()) == "wrong key"
    assert pair.events("payer")[-2:] == ["keys.received", "keys.faulted"]
    for act in (pair.plan, pair.acknowledge):
        with pytest.raises(ChannelFault) as refusal:
            act()
        assert refusal.value.code == "faulted"
        assert refusal.value.whose == "payee"
    assert pair.states("payer") == ["acknowledged", "fault"]
    assert pair.paid("payer") == pair.paid("payee")


def test_no_more_than_one_window_is_paid_for_keys_that_prove_wrong():
    pair = Pair()
    pair.editions.wrong = set(range(12))
    assert pair.window().code == "key"
    with pytest.raises(ChannelFault):
        pair.window()
    assert pair.account("payer").cumulative == 70


def fault(pair, seq, row, preimage):
    return pair.payer_db.act(
        lambda tx: receive.on_fault(tx, pair.buyer, CHANNEL_ID, seq, row, "edition", preimage, pair.now)
    )


def test_a_malformed_edition_is_reported_with_the_release_still_at_hand():
    pair = Pair()
    pair.window()
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    pair.take(released)
    with pytest.raises(ChannelFault):
        fault(pair, 2, 3, bytes(32))
    bundle = bundle_of(pair, fault(pair, 2, 3, released.preimage))
    assert bundle["code"] == "edition"
    assert judge(bundle, pair.table.root()) == "honest"  # the key is right, so what it opens is the provider's fault
    assert pair.states("payer") == ["acknowledged", "fault"]


def test_a_lie_does_not_make_a_bundle():
    pair = Pair()
    request = pair.plan()
    released = pair.pay(pair.sign(request, pair.request(request)))
    pair.take(released)
    bundle = bundle_of(pair, fault(pair, 1, 0, released.preimage))
    bundle["masked"] = (bytes(32)).hex()
    with pytest.raises(AssertionError):
        judge(bundle, pair.table.root())


def test_the_ledgers_judge_comes_to_the_same_finding():
    """The bundle, completed with what lies outside the channel, before the project's own arbiter."""
    pair = Pair()
    header = header_of(pair)
    terms = replace(KEPT, edition_id=header.edition_id())
    pair = Pair(terms)
    pair.editions.tables = {terms.edition_id: pair.table}
    pair.editions.wrong = {0}
    bundle = bundle_of(pair, pair.window().bundle)
    signed = Edition(terms.edition_id, header.series, header.number)
    edition = bundles.Signed(signed, signature.sign(digest(REGISTRY, signed), PAYEE_KEY))
    agreement = from_json(Agreement, bundle["agreement"])
    signatures = tuple(signature.sign(digest(REGISTRY, agreement), key) for key in (PAYEE_KEY, PAYER_KEY))
    domains = Domains(REGISTRY, REGISTRY, CHANNELS)
    verdict = dispute.judge(bundles.complete(bundle, header, edition, signatures), domains)
    assert verdict.finding is dispute.Finding.WRONG_KEY
    assert verdict.at_fault == "payee"
    assert verdict.refund == 70


def header_of(pair):
    return Header(
        series=b"\x21" * 32,
        number=1,
        prev=None,
        key_holder="did:web:provider.example",
        piece_bytes=64 * 1024,
        rows=len(pair.table),
        sealed_bytes=pair.table.sealed_bytes,
        plain_bytes=pair.table.plain_bytes(),
        root=pair.table.root(),
        table_digest=pair.table.digest(),
        sealed_at=START,
    )
