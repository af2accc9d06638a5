"""What the payer asks for next: every limit to its last unit and row, one opening at a time, and nothing in writing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.channel import plan
from connector.channel.errors import ChannelLater
from connector.channel.tally import PERIOD
from contracts.tariff import Tariff
from tests.channel.faulty import refused
from tests.channel.rig import CHANNEL_ID, KEPT, LEASED, Pair
from tests.channel.steps import ahead

SECOND = b"\xc2" * 32
MORE = b"\x08" * 32
OTHER = replace(KEPT, salt=b"\x0a" * 32)
DAILY = replace(KEPT, tariff=Tariff("subscription", 100, 4000, "CNY", (), "byte", "day"))


def begun(terms=KEPT, **pair):
    """A pair whose index row is bought, with a second transfer and a second agreement like the first."""
    made = Pair(terms, **pair)
    made.other = made.agree(replace(terms, salt=OTHER.salt), cap=pair.get("cap", 10_000))
    for books in (made.buyer_books, made.holder_books):
        books.transfers.add(MORE)
    made.window(made.want([0]))
    return made


def planned(pair, *wants, most=4096):
    return pair.payer_db.act(lambda tx: plan.plan(tx, pair.buyer, CHANNEL_ID, wants, pair.now, most))


def rows(request):
    """The row numbers of each order."""
    return [
        [row for one in order.ranges for row in range(one.first, one.first + one.count)] for order in request.orders
    ]


def put(pair, **changes):
    pair.payer_db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, **changes))


# ---- what is left to ask for


def test_planning_writes_nothing_and_builds_on_the_newest_state():
    pair = begun()
    before, account = pair.payer_db.dump(), pair.account("payer")
    request = planned(pair, pair.want([1]))
    assert (request.prev, request.after) == (account.account_hash, account.seq) == (account.account_hash, 1)
    assert [order.amount for order in request.orders] == [70]
    assert request.contexts == ({"purpose": "research"},)
    assert pair.payer_db.dump() == before


@pytest.mark.parametrize("state", ["open", "closing", "stopped", "closed"])
def test_nothing_is_left_to_ask_for_where_all_is_paid_whatever_became_of_the_channel(state):
    pair = begun()
    put(pair, state=state)
    assert planned(pair, pair.want([0])) is None
    assert planned(pair) is None


def test_on_a_channel_that_is_over_nothing_more_is_asked_for():
    pair = begun()
    put(pair, state="closed")
    for want in (pair.want([0, 1]), pair.want([0], use=2)):
        refused("channel-closed", pair.payer_db, lambda want=want: planned(pair, want))
    refused("channel-closed", pair.payer_db, lambda: planned(pair, pair.want([0]), pair.want([1])))


def test_while_a_voucher_waits_nothing_more_is_asked_for():
    pair = begun()
    request = planned(pair, pair.want([1]))
    pair.sign(request, pair.request(request))
    fault = refused("unreleased", pair.payer_db, lambda: planned(pair, pair.want([2])))
    assert isinstance(fault, ChannelLater)
    assert planned(pair, pair.want([0])) is None


def test_rows_that_are_paid_are_asked_for_again_as_many_as_wished_and_for_nothing():
    pair = begun()
    request = planned(pair, pair.want([0, 5], use=2))
    assert (rows(request), request.orders[0].amount, request.orders[0].use) == ([[0]], 0, 2)
    assert planned(pair, pair.want([5], use=2)) is None


def test_an_order_has_at_most_as_many_ranges_as_may_be_read():
    pair = begun(rows=600, deposit=100_000, cap=100_000)
    scattered = range(0, 600, 2)
    pair.payer_db.act(
        lambda tx: tx.update("paid_rows", {"agreement": pair.deal.hex()}, rows=[[row, 1] for row in scattered])
    )
    [order] = planned(pair, pair.want(scattered, use=2)).orders
    assert len(order.ranges) == 256


# ---- limits


def test_the_rows_of_all_orders_together_are_at_most_as_many_as_were_asked_for():
    pair = begun(replace(KEPT, max_exposure=5000))
    other = replace(pair.want([0]), agreement=pair.other)
    wants = [pair.want([1, 2]), other, replace(pair.want([3, 4]), transfer=MORE)]
    assert rows(planned(pair, *wants, most=4)) == [[1], [0], [3]]
    assert rows(planned(pair, *wants, most=2)) == [[1], [0]]
    assert rows(planned(pair, *wants, most=1)) == [[1]]


@pytest.mark.parametrize(("exposure", "sizes"), [(70, [1]), (140, [2]), (209, [2]), (210, [2, 1]), (280, [2, 2])])
def test_orders_of_one_agreement_share_what_may_be_unreleased(exposure, sizes):
    pair = begun(replace(KEPT, max_exposure=exposure))
    wants = [pair.want([1, 2, 3, 4]), replace(pair.want([5, 6, 7, 8]), transfer=MORE)]
    assert [len(order) for order in rows(planned(pair, *wants))] == sizes


@pytest.mark.parametrize(("deposit", "asked"), [(210, [[1], [0]]), (209, [[1]]), (140, [[1]])])
def test_orders_of_all_agreements_share_the_credit_of_the_channel(deposit, asked):
    pair = begun()
    put(pair, deposit=deposit)
    request = planned(pair, pair.want([1]), replace(pair.want([0]), agreement=pair.other))
    assert rows(request) == asked


@pytest.mark.parametrize(("cap", "asked"), [(210, [[1], [2]]), (209, [[1]]), (140, [[1]])])
def test_orders_of_one_agreement_share_its_cap(cap, asked):
    pair = begun(cap=cap)
    request = planned(pair, pair.want([1]), replace(pair.want([2]), transfer=MORE))
    assert rows(request) == asked


@pytest.mark.parametrize("least", ["too-dear", "over-credit", "over-cap"])
def test_the_tightest_limit_is_the_one_that_is_told(least):
    pair = begun(replace(KEPT, max_exposure=70), deposit=200, cap=200)
    deal = pair.buyer_books.deals[pair.deal]
    terms = replace(deal.terms, max_exposure=50 if least == "too-dear" else 69)
    agreement = replace(deal.agreement, price_cap=70 + (50 if least == "over-cap" else 68))
    pair.buyer_books.deals[pair.deal] = replace(deal, terms=terms, agreement=agreement)
    put(pair, deposit=70 + (50 if least == "over-credit" else 68))
    refused(least, pair.payer_db, lambda: planned(pair, pair.want([1])))


def test_what_waits_elsewhere_counts_towards_exposure_and_cap():
    for changes, code in (({"exposure": 139}, "unreleased"), ({"cap": 209}, "over-cap"), ({}, None)):
        terms = replace(KEPT, max_exposure=changes.get("exposure", 140))
        pair = begun(terms, cap=changes.get("cap", 210))
        pair.open_channel(SECOND, 5000)
        request = pair.plan(pair.want([1]), SECOND)
        pair.sign(request, pair.request(request, SECOND), SECOND)
        if code:
            refused(code, pair.payer_db, lambda pair=pair: planned(pair, pair.want([2])))
        else:
            assert rows(planned(pair, pair.want([2]))) == [[2]]


@pytest.mark.parametrize(("own", "sizes"), [(None, [4]), (280, [4]), (279, [3]), (70, [1]), (9999, [4])])
def test_a_payer_may_risk_less_than_was_agreed_and_never_more(own, sizes):
    pair = begun()
    request = planned(pair, replace(pair.want(range(1, 12)), exposure=own))
    assert [len(order) for order in rows(request)] == sizes


def test_money_that_is_gone_twice_over_is_told_as_none():
    pair = begun()
    put(pair, deposit=0)
    fault = refused("over-credit", pair.payer_db, lambda: planned(pair, pair.want([1])))
    assert fault.text == "one row costs more than the 0.00 CNY that may be unreleased"


# ---- openings


def test_one_opening_of_an_agreement_is_begun_at_a_time():
    pair = Pair(replace(LEASED, max_exposure=5000))
    pair.other = pair.agree(replace(LEASED, salt=OTHER.salt))
    first, second = (pair.want(use=1, reader=pair.keyring.fresh()) for _ in range(2))
    asked = planned(pair, first, second)
    assert [order.reader_key for order in asked.orders] == [first.reader_key]
    asked = planned(pair, first, replace(second, agreement=pair.other))
    assert [order.reader_key for order in asked.orders] == [first.reader_key, second.reader_key]
    assert [order.amount for order in asked.orders] == [250, 250]


def test_of_an_opening_that_runs_only_what_it_has_not_is_asked_for_and_costs_nothing():
    pair = Pair(LEASED)
    reader = pair.keyring.fresh()
    pair.window(pair.want([0, 1], use=1, reader=reader))
    request = planned(pair, pair.want([0, 1, 5], use=1, reader=reader))
    assert (rows(request), request.orders[0].amount) == ([[5]], 0)
    assert planned(pair, pair.want([0, 1], use=1, reader=reader)) is None
    again = planned(pair, pair.want([0, 1], use=1, reader=pair.keyring.fresh()))
    assert (rows(again), again.orders[0].amount) == ([[0, 1]], 250)


@pytest.mark.parametrize("deposit", [249, 250])
def test_an_opening_takes_its_price_from_the_credit_once(deposit):
    pair = Pair(LEASED, deposit=deposit)
    reader = pair.keyring.fresh()
    want = pair.want([0], use=1, reader=reader)
    if deposit < 250:
        refused("over-credit", pair.payer_db, lambda: planned(pair, want))
        return
    pair.window(want)
    assert rows(planned(pair, pair.want([0, 5, 6], use=1, reader=reader))) == [[5, 6]]
    refused("over-credit", pair.payer_db, lambda: planned(pair, pair.want([0], use=1, reader=pair.keyring.fresh())))


# ---- ahead of a release


def waiting(pair, *wants):
    return pair.payer_db.act(lambda tx: plan.waiting(tx, pair.buyer, CHANNEL_ID, wants, pair.now))


def test_what_is_asked_for_ahead_builds_on_the_voucher_that_waits():
    pair = begun()
    request = planned(pair, pair.want([1, 2]))
    voucher = pair.sign(request, pair.request(request)).voucher
    found = waiting(pair, pair.want([1, 3]))
    asked = plan.ahead(found, [pair.want([1, 3])], pair.now, 1)
    assert (asked.prev, asked.after, rows(asked)) == (voucher.account_hash, voucher.seq, [[3]])
    assert (found.account.seq, found.window.seq, found.ground.account.cumulative) == (2, 2, voucher.cumulative_amount)
    assert plan.ahead(found, [pair.want([1])], pair.now) is None


def test_nothing_is_asked_for_ahead_on_a_channel_that_is_over():
    pair = begun()
    request = planned(pair, pair.want([1]))
    pair.sign(request, pair.request(request))
    put(pair, state="closing")
    refused("channel-closing", pair.payer_db, lambda: waiting(pair, pair.want([2])))


def test_an_opening_is_never_asked_for_ahead():
    pair = begun()
    leased = pair.agree(replace(LEASED, salt=b"\x0b" * 32))
    request = planned(pair, pair.want([1]))
    pair.sign(request, pair.request(request))
    opening = replace(pair.want(use=1, reader=pair.keyring.fresh()), agreement=leased)
    found = waiting(pair, opening, pair.want([2]))
    assert rows(plan.ahead(found, [opening, pair.want([2])], pair.now)) == [[2]]


def test_a_new_day_has_a_quota_of_its_own_also_for_what_is_asked_for_ahead():
    pair = Pair(DAILY)
    request = planned(pair, pair.want([0, 1, 2, 3]))
    assert request.orders[0].amount == 100
    pair.sign(request, pair.request(request))
    today = int(request.contexts[0][PERIOD])
    refused("over-quota", pair.payer_db, lambda: ahead(pair, [pair.want([4])]))
    found = waiting(pair, pair.want([4]))
    pair.later(12 * 3600)
    asked = ahead(pair, [pair.want([4])])
    assert (asked.contexts[0][PERIOD], asked.orders[0].amount) == (str(today + 1), 100)
    refused("wrong-period", pair.payer_db, lambda: plan.ahead(found, [pair.want([4])], pair.now))
