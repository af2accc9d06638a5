"""The orders of one batch: whose channel pays which agreement, the strictest times, money to the last unit, size."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from connector.channel import batch
from connector.channel.errors import ChannelFault
from connector.channel.window import MAX_BATCH_ROWS
from contracts import address
from contracts.ranges import RowSet
from contracts.split import Split
from contracts.typed_json import to_ranges
from tests.channel.faulty import one, refused
from tests.channel.rig import CHANNEL_ID, KEPT, PAYEE, PAYER, Pair

SECOND = b"\xc2" * 32
STRANGER = address.show(b"\x77" * 20)


def put(pair, channel=CHANNEL_ID, **changes):
    for db in (pair.payer_db, pair.payee_db):
        db.act(lambda tx: tx.update("channels", {"id": channel.hex()}, **changes))


def order(reader):
    return SimpleNamespace(reader_key=bytes([reader]) * 32)


def line(rows, reader):
    return SimpleNamespace(rows=range(rows), order=order(reader))


# ---- which channel pays which agreement


@pytest.mark.parametrize(
    "other",
    [
        {"payer": STRANGER},
        {"payee": STRANGER},
        {"token": STRANGER},
        {"split": Split(((PAYEE, 10_000),)).json()},
        {"payer": address.show(PAYEE), "payee": address.show(PAYER)},
    ],
    ids=["payer", "payee", "token", "split", "the other way round"],
)
def test_a_channel_pays_an_agreement_of_its_own_parties_token_and_split_only(other):
    pair = Pair()
    request = pair.plan()
    put(pair, **other)
    refused("other-account", pair.payer_db, pair.plan)
    refused("other-account", pair.payee_db, lambda: pair.request(request))


def test_an_agreement_with_somebody_else_is_unknown_to_this_peer():
    pair = Pair()
    request = pair.plan()
    for books in (pair.buyer_books, pair.holder_books):
        books.deals[pair.deal] = replace(books.deals[pair.deal], peer="did:web:other.example")
    refused("unknown-agreement", pair.payer_db, pair.plan)
    refused("unknown-agreement", pair.payee_db, lambda: pair.request(request))


def test_an_agreement_is_over_at_its_last_instant():
    pair = Pair()
    put(pair, expiry=KEPT.not_after + timedelta(days=1))
    pair.later((KEPT.not_after - pair.now).total_seconds() - 1)
    assert pair.request(pair.plan()).offer.seq == 1
    pair.later(1)
    refused("agreement-over", pair.payer_db, pair.plan)


def test_all_rows_of_the_agreed_columns_may_be_ordered_at_once_and_no_other():
    pair = Pair(replace(KEPT, columns={"delay": 2}))
    licensed, account = [row for row in range(12) if row % 3 != 1], pair.account("payee")

    def priced(rows):
        orders = one(pair.plan(pair.want([0])), ranges=to_ranges(RowSet.rows(rows))).orders
        return pair.payee_db.act(lambda tx: batch.read(tx, pair.holder, account, orders, pair.now))

    assert [line.plain_bytes for line in priced(licensed)] == [7333]
    for beside in (1, 10):
        refused("unlicensed-rows", pair.payee_db, lambda beside=beside: priced([0, beside]))


def test_an_edition_that_is_not_here_cannot_be_priced():
    pair = Pair()
    request = pair.plan()
    pair.editions.tables.clear()
    refused("wrong-edition", pair.payer_db, pair.plan)
    refused("wrong-edition", pair.payee_db, lambda: pair.request(request))


def test_an_order_of_no_rows_is_of_unknown_rows():
    pair = Pair()
    empty, account = one(pair.plan(), ranges=()).orders, pair.account("payee")

    def ask():
        return pair.payee_db.act(lambda tx: batch.read(tx, pair.holder, account, empty, pair.now))

    refused("unknown-rows", pair.payee_db, ask)


# ---- times


def test_the_strictest_times_of_all_agreements_hold():
    """The longest margins for claiming and the oldest chain, the shortest lock."""
    lax = SimpleNamespace(terms=SimpleNamespace(claim_margin=5, stale_max=700, lock_ttl=900))
    tight = SimpleNamespace(terms=SimpleNamespace(claim_margin=60, stale_max=30, lock_ttl=800))
    for agreed in ([lax, tight], [tight, lax]):
        found = batch.margins(agreed)
        assert (found.claim, found.stale, found.lock, found.least_ttl) == (60, 700, 800, 760)


# ---- money


def test_what_waits_elsewhere_counts_towards_exposure_and_cap_to_the_last_unit():
    """70 units are released and 140 wait on the other channel: a cap of 280 has room for 70 more."""
    for cap, fits in ((280, True), (279, False)):
        pair = Pair(replace(KEPT, max_exposure=210), cap=cap)
        pair.open_channel(SECOND, 5000)
        pair.window()
        pair.request(pair.plan(pair.want([1, 2, 3, 4]), SECOND), SECOND)
        last = pair.plan(pair.want([6]))
        if fits:
            assert pair.request(last).offer.cumulative_amount == 140
        else:
            refused("over-cap", pair.payee_db, lambda pair=pair, last=last: pair.request(last))


@pytest.mark.parametrize(("most", "fits"), [(210, True), (209, False)])
def test_the_exposure_of_an_agreement_may_be_reached_and_not_passed(most, fits):
    pair = Pair(replace(KEPT, max_exposure=most))
    pair.open_channel(SECOND, 5000)
    pair.window()
    waiting, more = pair.plan(pair.want([1, 2, 3, 4]), SECOND), pair.plan(pair.want([6]))
    pair.request(waiting, SECOND)
    if fits:
        assert pair.request(more).offer.cumulative_amount == 140
    else:
        refused("over-exposure", pair.payee_db, lambda: pair.request(more))
    account = pair.account("payee")
    assert pair.payee_db.act(lambda tx: batch.exposure(tx, account))[pair.deal] == 140


@pytest.mark.parametrize(("deposit", "fits"), [(140, True), (139, False)])
def test_the_confirmed_deposit_bounds_all_that_is_promised(deposit, fits):
    pair = Pair()
    pair.window()
    request = pair.plan(pair.want([1]))
    put(pair, deposit=deposit)
    if fits:
        assert pair.request(request).offer.cumulative_amount == 140
    else:
        refused("over-credit", pair.payee_db, lambda: pair.request(request))


# ---- size: what is just allowed, and one more


@pytest.mark.parametrize(
    "lines",
    [
        [line(MAX_BATCH_ROWS, 1)],
        [line(MAX_BATCH_ROWS // 2, 1), line(MAX_BATCH_ROWS // 2, 2)],
        [line(1, reader) for reader in range(8)],
        [line(1, reader % 8) for reader in range(16)],
    ],
)
def test_as_much_as_is_allowed(lines):
    batch._check_size(lines)


@pytest.mark.parametrize(
    "lines",
    [
        [line(MAX_BATCH_ROWS + 1, 1)],
        [line(MAX_BATCH_ROWS, 1), line(1, 2)],
        [line(1, reader) for reader in range(9)],
    ],
)
def test_one_more_is_refused(lines):
    with pytest.raises(ChannelFault) as refusal:
        batch._check_size(lines)
    assert refusal.value.code == "too-many-rows"


def test_a_reader_key_is_sealed_to_once_in_the_order_of_first_use():
    assert batch.reader_keys([order(2), order(1), order(2)]) == [bytes([2]) * 32, bytes([1]) * 32]
