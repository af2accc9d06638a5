"""Every fault of the specification by name; a refusal leaves the state of its side byte-identical."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.channel import payer, release
from connector.channel.errors import FAULTS, ChannelFault, ChannelLater
from connector.channel.messages import (
    Denial,
    Equivocation,
    KeyRequest,
    RefusalMessage,
    ReleaseMessage,
    VoucherMessage,
)
from contracts import signature
from contracts.ranges import RowSet
from contracts.split import Split
from contracts.typed_data import Order, Range, digest
from contracts.typed_json import to_ranges
from contracts.voucher import NO_LOCK
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    DELIVERY_KEY,
    KEPT,
    LEASED,
    PAYEE_KEY,
    PAYER_KEY,
    REGISTRY,
    START,
    STRANGER_KEY,
    TRANSFER,
    Pair,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def refused(code, db, act):
    """Run an act that must be refused with a code and must change nothing."""
    before = db.dump()
    with pytest.raises(ChannelFault) as refusal:
        act()
    assert refusal.value.code == code
    assert refusal.value.whose == FAULTS[code].whose
    assert db.dump() == before
    return refusal.value


def signed(value, key=PAYER_KEY, domain=CHANNELS):
    return signature.sign(digest(domain, value), key)


@pytest.fixture
def offered():
    """A pair after one whole window and with a second voucher signed, not yet sent."""
    pair = Pair()
    pair.window()
    request = pair.plan()
    offer = pair.request(request)
    return pair, offer, pair.sign(request, offer)


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


# ---- requests ----------------------------------------------------------------------------------------------------


def one(request, **changes):
    return replace(request, orders=(replace(request.orders[0], **changes),))


REQUESTS = {
    "wrong-amount": lambda r: one(r, amount=r.orders[0].amount + 1),
    "unknown-agreement": lambda r: one(r, agreement_digest=b"\x01" * 32),
    "unknown-transfer": lambda r: one(r, transfer_id=b"\x01" * 32),
    "wrong-edition": lambda r: one(r, edition_id=b"\x01" * 32),
    "wrong-use": lambda r: one(r, use=1),
    "wrong-use-later": lambda r: one(r, use=3),
    "unknown-rows": lambda r: one(r, ranges=to_ranges(RowSet.of([(11, 2)]))),
    "not-paid": lambda r: one(r, use=2, amount=0),
    "over-exposure": lambda r: one(r, ranges=to_ranges(RowSet.of([(0, 5)])), amount=350),
    "bad-reader-key": lambda r: one(r, reader_key=bytes(32)),
    "behind": lambda r: replace(r, prev=b"\x01" * 32),
    "seq-gap": lambda r: replace(r, after=65),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_that_may_not_be_had(name):
    pair = Pair()
    request = pair.plan()
    code = "wrong-use" if name.startswith("wrong-use") else name
    refused(code, pair.payee_db, lambda: pair.request(REQUESTS[name](request)))
    assert not isinstance(pair.request(request), Denial)


def test_a_request_under_an_agreement_that_is_over():
    pair = Pair()
    request = pair.plan()
    pair.end_agreement()
    refused("agreement-over", pair.payee_db, lambda: pair.request(request))
    pair.now = KEPT.not_after
    refused("agreement-over", pair.payer_db, pair.plan)


def test_a_request_over_the_agreed_cap_or_the_deposit():
    pair = Pair(cap=69)
    refused("over-cap", pair.payer_db, pair.plan)
    pair = Pair(deposit=69)
    refused("over-credit", pair.payer_db, pair.plan)
    rich = Pair()
    request = rich.plan()
    rich.payee_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, deposit=69))
    refused("over-credit", rich.payee_db, lambda: rich.request(request))
    capped = Pair(cap=70)
    assert len(capped.window().keys) == 1
    refused("over-cap", capped.payer_db, capped.plan)


def test_an_agreement_of_another_split_is_paid_on_another_channel():
    pair = Pair()
    other = pair.agree(replace(KEPT, split=Split(((b"\x77" * 20, 10_000),)), salt=b"\x77" * 32))
    refused("other-account", pair.payer_db, lambda: pair.plan(replace(pair.want(), agreement=other)))


def test_one_row_dearer_than_the_exposure_is_said_so():
    pair = Pair(replace(KEPT, max_exposure=69))
    refused("too-dear", pair.payer_db, pair.plan)


def test_a_closed_channel_takes_no_order():
    pair = Pair()
    request = pair.plan()
    for role in (pair.payer_db, pair.payee_db):
        role.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, state="closed"))
    refused("channel-closed", pair.payee_db, lambda: pair.request(request))
    refused("channel-closed", pair.payer_db, pair.plan)


def test_exposure_is_summed_over_the_channels_of_an_agreement():
    pair = Pair()
    second = b"\xc2" * 32
    pair.open_channel(second, 5000)
    pair.window()
    requests = {channel: pair.plan(pair.want(range(1, 5)), channel) for channel in (CHANNEL_ID, second)}
    small = pair.plan(pair.want(range(6, 8)), second)
    pair.request(requests[CHANNEL_ID])
    assert sum(order.amount for order in requests[CHANNEL_ID].orders) == 140
    refused(
        "over-exposure",
        pair.payee_db,
        lambda: pair.request(one(small, ranges=to_ranges(RowSet.of([(6, 3)])), amount=210), second),
    )
    assert not isinstance(pair.request(small, second), Denial)


def test_a_payer_counts_its_own_exposure_over_all_channels():
    pair = Pair(replace(KEPT, max_exposure=70))
    second = b"\xc2" * 32
    pair.open_channel(second, 5000)
    request = pair.plan()
    pair.sign(request, pair.request(request))
    fault = refused("unreleased", pair.payer_db, lambda: pair.plan(channel=second))
    assert isinstance(fault, ChannelLater)


def test_an_amount_that_another_channel_moved_is_refused_in_writing():
    """Both windows hold row 1: whichever is released second would pay for it twice."""
    pair = Pair(replace(KEPT, max_exposure=1000))
    second = b"\xc2" * 32
    pair.open_channel(second, 5000)
    pair.window()
    requests = {channel: pair.plan(pair.want([1]), channel) for channel in (CHANNEL_ID, second)}
    vouchers = {c: pair.sign(r, pair.request(r, c), c) for c, r in requests.items()}
    pair.take(pair.pay(vouchers[CHANNEL_ID]))
    answer = pair.pay(vouchers[second], second)
    assert isinstance(answer, RefusalMessage)
    assert answer.code == "repriced"
    pair.refuse(answer, second)
    assert pair.paid("payer") == pair.paid("payee")


# ---- policy ------------------------------------------------------------------------------------------------------


def test_a_denied_request_gets_no_offer_and_leaves_the_decision():
    pair = Pair()
    request = pair.plan()
    pair.judge.outcomes["offer"] = "deny"
    answer = pair.request(request)
    assert answer == Denial("deny", ({"code": "no", "text": "because", "path": "", "facts": []},), ())
    assert pair.states("payee") == []
    assert pair.events("payee") == ["decision.made"]


@pytest.mark.parametrize(("outstanding", "offered"), [({"compensate"}, True), ({"compensate", "attribute"}, False)])
def test_only_the_payment_may_be_outstanding_at_the_offer(outstanding, offered):
    pair = Pair()
    pair.judge.outcomes["offer"] = "conditional"
    pair.judge.outstanding["offer"] = frozenset(outstanding)
    assert isinstance(pair.request(pair.plan()), Denial) is not offered


@pytest.mark.parametrize("outcome", ["deny", "default-deny", "conditional"])
def test_a_denied_re_decision_refuses_in_writing_and_reveals_nothing(offered, outcome):
    pair, _, voucher = offered
    pair.judge.outcomes["release"] = outcome
    pair.judge.outstanding["release"] = frozenset({"compensate"})
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert answer.refusal.voucher_digest == digest(CHANNELS, voucher.voucher)
    assert pair.pay(voucher) == answer
    assert pair.payee_db.act(lambda tx: tx.get("windows", channel=CHANNEL_ID.hex(), seq=2))["secret"] is None
    books = pair.paid("payee")
    assert pair.refuse(answer) == 2
    pair.judge.outcomes.clear()
    assert pair.pull()
    assert pair.paid("payer") == pair.paid("payee") != books
    assert pair.states("payer")[:3] == ["acknowledged", "void", "acknowledged"]
    assert pair.states("payee")[:3] == ["acknowledged", "void", "acknowledged"]


def test_an_agreement_ended_between_offer_and_voucher_refuses_in_writing(offered):
    pair, _, voucher = offered
    pair.end_agreement()
    answer = pair.pay(voucher)
    assert isinstance(answer, RefusalMessage)
    assert answer.code == "agreement-over"


def test_a_refusal_must_be_the_payees_and_of_our_voucher(offered):
    pair, _, voucher = offered
    pair.judge.outcomes["release"] = "deny"
    answer = pair.pay(voucher)
    other = replace(answer.refusal, voucher_digest=bytes(32))
    for wrong in (
        replace(answer, signature=signed(answer.refusal, STRANGER_KEY, REGISTRY)),
        replace(answer, refusal=other, signature=signed(other, PAYEE_KEY, REGISTRY)),
        replace(answer, code="other"),
        replace(answer, reasons=()),
    ):
        refused("bad-refusal", pair.payer_db, lambda wrong=wrong: pair.refuse(wrong))
    assert pair.refuse(answer) == 2


# ---- offers ------------------------------------------------------------------------------------------------------


def resigned(message, key=PAYEE_KEY, domain=REGISTRY, **changes):
    offer = replace(message.offer, **changes)
    return replace(message, offer=offer, signature=signed(offer, key, domain))


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


@pytest.mark.parametrize("name", OFFERS)
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
    stranger = replace(right, signature=signed(right.receipt, STRANGER_KEY, REGISTRY))
    refused("bad-receipt", pair.payer_db, lambda: pair.take(stranger))
    assert pair.take(right).keys


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


@pytest.mark.parametrize("code", ACKNOWLEDGEMENTS)
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
