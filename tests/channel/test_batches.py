"""Several agreements and transfers in a batch, several channels of an agreement: one price, one exposure (spec 3)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import plan
from connector.channel.errors import ChannelFault
from connector.channel.messages import RefusalMessage
from contracts.tariff import amount
from tests.channel.rig import CHANNEL_ID, KEPT, TRANSFER, Pair, over_the_wire, secret_of
from tests.channel.steps import ahead, send, take

SECOND = b"\xc2" * 32
OTHER = replace(KEPT, salt=b"\x0a" * 32, edition_id=b"\x05" * 32, max_exposure=200)
MORE = b"\x08" * 32


@pytest.fixture
def pair():
    """A pair with two agreements over two editions and two transfers, on one channel."""
    made = Pair(KEPT, deposit=5000)
    made.editions.tables[OTHER.edition_id] = made.table
    made.other = made.agree(OTHER)
    for books in (made.buyer_books, made.holder_books):
        books.transfers.add(MORE)
    return made


def planned(pair, wants, channel=CHANNEL_ID):
    return over_the_wire(pair.payer_db.act(lambda tx: plan.plan(tx, pair.buyer, channel, wants, pair.now)))


def bought(pair, request, channel=CHANNEL_ID):
    return pair.take(
        over_the_wire(pair.pay(pair.sign(request, pair.request(request, channel), channel), channel)), channel
    )


def paid(pair, deal):
    rows = [db.act(lambda tx: tx.get("paid_rows", agreement=deal.hex())) for db in (pair.payer_db, pair.payee_db)]
    assert rows[0] == rows[1]
    return rows[0]


def wants_of(pair):
    return [pair.want(), replace(pair.want(), agreement=pair.other, transfer=MORE)]


def test_two_agreements_share_batches_until_both_are_paid(pair):
    """Each within its own exposure, in one voucher; releases take both on."""
    pair.keyring.keep = lambda tx, agreement, secrets: pair.keyring.kept.update(
        {(agreement, row): secret for row, secret in secrets.items()}
    )
    batches = 0
    while request := planned(pair, wants_of(pair)):
        assert {order.agreement_digest for order in request.orders} <= {pair.deal, pair.other}
        for terms, deal in ((KEPT, pair.deal), (OTHER, pair.other)):
            assert sum(one.amount for one in request.orders if one.agreement_digest == deal) <= terms.max_exposure
        bought(pair, request)
        batches += 1
    whole = amount(KEPT.tariff, pair.table.plain_bytes())
    assert [paid(pair, deal)["amount"] for deal in (pair.deal, pair.other)] == [whole, whole]
    assert pair.account("payer").cumulative == pair.account("payee").cumulative == 2 * whole
    assert set(pair.keyring.kept) == {(deal, row) for deal in (pair.deal, pair.other) for row in range(12)}
    assert batches < 12


def test_two_transfers_of_one_agreement_go_in_one_batch_where_both_fit(pair):
    wants = [pair.want(rows=[0, 1]), replace(pair.want(rows=[1, 2]), transfer=MORE)]
    request = planned(pair, wants)
    asked = [(order.transfer_id, [(one.first, one.count) for one in order.ranges]) for order in request.orders]
    assert asked == [(TRANSFER, [(0, 1)]), (MORE, [(1, 1)])]  # what a first window is let cost
    bought(pair, request)


def test_two_transfers_of_one_agreement_never_pay_a_row_twice(pair):
    """The second order of a batch is for what the first leaves, and both together are within the exposure."""
    wants = [pair.want(), replace(pair.want(), transfer=MORE)]
    asked = set()
    while request := planned(pair, wants):
        rows = [
            row for order in request.orders for one in order.ranges for row in range(one.first, one.first + one.count)
        ]
        assert len(rows) == len(set(rows))
        assert not asked & set(rows)
        assert sum(order.amount for order in request.orders) <= KEPT.max_exposure
        asked |= set(rows)
        bought(pair, request)
    assert asked == set(range(12))
    assert paid(pair, pair.deal)["amount"] == amount(KEPT.tariff, pair.table.plain_bytes())
    assert pair.keyring.kept == {row: secret_of(row) for row in range(12)}


def test_batches_of_several_agreements_ride_on_each_other(pair):
    request = planned(pair, wants_of(pair))
    pair.sign(request, pair.request(request))
    trips = 0
    while request := ahead(pair, wants_of(pair)):
        take(pair, request, send(pair, pair.waiting(), request))
        trips += 1
    pair.take(pair.pay(pair.waiting()))
    assert trips > 2
    assert paid(pair, pair.deal)["rows"] == paid(pair, pair.other)["rows"] == [[0, 12]]


# ---- two channels of one agreement


@pytest.fixture
def two(pair):
    pair.open_channel(SECOND, 5000)
    for on, row in ((CHANNEL_ID, 0), (SECOND, 1)):
        assert pair.window(pair.want([row]), on).keys
    return pair


def test_what_waits_on_one_channel_narrows_the_other(two):
    first = planned(two, [two.want([2, 3, 4])])
    two.sign(first, two.request(first))
    second = planned(two, [two.want(range(5, 12))], SECOND)
    assert 0 < second.orders[0].amount <= KEPT.max_exposure - first.orders[0].amount
    two.sign(second, two.request(second, SECOND), SECOND)
    with pytest.raises(ChannelFault, match="unreleased"):
        planned(two, [two.want()], SECOND)


def test_the_holder_sums_the_exposure_over_channels_itself(two):
    """A payer that does not count its other channel is refused by the payee's own sum."""
    first = planned(two, [two.want()])
    two.request(first)
    greedy = planned(two, [two.want(range(6, 12))], SECOND)
    with pytest.raises(ChannelFault) as refusal:
        two.request(greedy, SECOND)
    assert refusal.value.code == "over-exposure"


def test_rows_paid_on_one_channel_are_repriced_on_the_other(two):
    """Both channels were offered the same rows; who pays second is told that they cost nothing any more."""
    same = two.want([2])
    offers = {}
    for on in (CHANNEL_ID, SECOND):
        request = planned(two, [same], on)
        offers[on] = (request, two.request(request, on))
    vouchers = {on: two.sign(request, offer, on) for on, (request, offer) in offers.items()}
    two.take(over_the_wire(two.pay(vouchers[CHANNEL_ID])))
    refused = two.pay(vouchers[SECOND], SECOND)
    assert isinstance(refused, RefusalMessage)
    assert refused.code == "repriced"
    two.refuse(over_the_wire(refused), SECOND)
    while two.window(channel=SECOND):
        pass
    assert paid(two, two.deal)["amount"] == amount(KEPT.tariff, two.table.plain_bytes())
    assert sum(two.account("payee", on).cumulative for on in (CHANNEL_ID, SECOND)) == paid(two, two.deal)["amount"]


def test_transfers_of_their_own_are_told_apart(pair):
    stranger = replace(pair.want(), transfer=b"\x0b" * 32)
    with pytest.raises(ChannelFault) as refusal:
        planned(pair, [stranger])
    assert refusal.value.code == "unknown-transfer"
    assert TRANSFER in pair.buyer_books.transfers
