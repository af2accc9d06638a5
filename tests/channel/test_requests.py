"""What may not be ordered: requests, money and policy; a refusal leaves the state byte-identical."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel.errors import ChannelLater
from connector.channel.messages import (
    Denial,
    RefusalMessage,
)
from contracts.ranges import RowSet
from contracts.split import Split
from contracts.typed_data import digest
from contracts.typed_json import to_ranges
from tests.channel.faulty import one, refused, signed
from tests.channel.rig import (
    CHANNEL_ID,
    CHANNELS,
    KEPT,
    PAYEE_KEY,
    REGISTRY,
    STRANGER_KEY,
    Pair,
)
from tests.every import every

# ---- requests ----------------------------------------------------------------------------------------------------


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


@every("name", REQUESTS)
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


def test_a_contract_for_columns_is_about_their_rows_only():
    """Both sides refuse others; the licensed rows together cost the price of their own bytes."""
    pair = Pair(replace(KEPT, columns={"delay": 2}))
    licensed = RowSet.rows(row for row in range(12) if row % 3 != 1)
    request = pair.plan(pair.want(range(1)))
    for row in (1, 4, 7, 10):
        refused("unlicensed-rows", pair.payer_db, lambda row=row: pair.plan(pair.want([row])))
        beside = one(request, ranges=to_ranges(RowSet.rows([0, row])))
        refused("unlicensed-rows", pair.payee_db, lambda beside=beside: pair.request(beside))
    refused(
        "unlicensed-rows", pair.payee_db, lambda: pair.request(one(request, ranges=to_ranges(RowSet.of([(0, 99)]))))
    )
    while pair.plan(pair.want(licensed)) is not None:
        pair.window(pair.want(licensed))
    paid = pair.payee_db.act(lambda tx: tx.find("paid_rows"))
    assert [RowSet.from_json(row["rows"]) for row in paid] == [licensed]
    assert paid[0]["quantity"] == sum(pair.table.plain_bytes(row, 1) for row in licensed)


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
