"""The bill of a batch and the books behind it: orders one after the other, periods apart, rows paid once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connector.channel import tally
from connector.channel.errors import ChannelFault
from connector.channel.priced import Tally
from connector.channel.tally import PERIOD
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from contracts.ranges import RowSet
from contracts.tariff import Tariff
from contracts.typed_data import Order
from contracts.typed_json import to_ranges
from tests.channel.rig import DELIVERY_KEY, KEPT, LEASED, TRANSFER, Pair
from tests.every import every

DAILY = Tariff("subscription", 100, 4000, "CNY", (), "byte", "day")
READER = b"\x66" * 32


def order(pair, rows, use=0, deal=None, reader=DELIVERY_KEY):
    ranges = to_ranges(RowSet.rows(rows))
    return Order(deal or pair.deal, TRANSFER, pair.terms.edition_id, use, ranges, 0, reader)


def bill(pair, *orders, contexts=(), role="payer"):
    db = pair.payer_db if role == "payer" else pair.payee_db
    tables = {pair.terms.edition_id: pair.table}
    return db.act(lambda tx: tally.bill(tx, role, orders, pair.buyer_books.deals, tables, contexts))


def deal_of(pair):
    return pair.buyer_books.deals[pair.deal]


def refusal(act):
    with pytest.raises(ChannelFault) as found:
        act()
    return found.value


# ---- one order on top of the other


def test_each_order_is_priced_on_top_of_those_before_it():
    """7 for every 100 bytes, rounded up once of the whole: eleven rows of 1,000 bytes and one of 333."""
    pair = Pair()
    lines = bill(pair, order(pair, [0, 1]), order(pair, [1, 2]), order(pair, [11]), order(pair, [2], use=2))
    assert [line.amount for line in lines] == [140, 70, 24, 0]
    assert [line.plain_bytes for line in lines] == [2000, 2000, 333, 1000]
    assert [line.after.amount for line in lines] == [140, 210, 234, 234]
    assert lines[-1].after == Tally(RowSet.of([(0, 3), (11, 1)]), 3333, 234, plain=3333)
    assert not any(line.fresh for line in lines)


def test_each_agreement_has_a_bill_of_its_own():
    pair = Pair()
    other = pair.agree(replace(KEPT, salt=b"\x0a" * 32))
    lines = bill(pair, order(pair, [0]), order(pair, [0], deal=other), order(pair, [0]))
    assert [(line.deal.digest, line.amount) for line in lines] == [(pair.deal, 70), (other, 70), (pair.deal, 0)]


def test_an_opening_is_begun_by_the_first_of_its_orders_in_whatever_window():
    pair = Pair(replace(LEASED, max_exposure=500))
    first, second = (order(pair, [0], 1, reader=key) for key in (DELIVERY_KEY, READER))
    lines = bill(pair, first, replace(first, ranges=to_ranges(RowSet.rows([1]))), second)
    assert [(line.fresh, line.amount) for line in lines] == [(True, 250), (False, 0), (True, 250)]
    assert lines[-1].after.quantity == 2
    pair.window(pair.want([0], use=1, reader=pair.keyring.fresh()))
    pair.window(pair.want([0], use=1))
    assert [(line.fresh, line.amount) for line in bill(pair, first, second)] == [(False, 0), (True, 250)]
    assert [line.fresh for line in bill(pair, first, role="payee")] == [False]


@pytest.mark.parametrize(("rows", "there"), [([11], True), ([12], False), ([0, 12], False)])
def test_only_rows_that_the_edition_has_are_priced(rows, there):
    pair = Pair()
    if there:
        assert bill(pair, order(pair, rows))[0].plain_bytes == 333
    else:
        fault = refusal(lambda: bill(pair, order(pair, rows)))
        assert fault.code == "unknown-rows"
        assert fault.text == "the edition has 12 pieces, one up to `12` was ordered"


def test_only_what_is_paid_can_be_had_again():
    pair = Pair()
    pair.window(pair.want([0]))
    [line] = bill(pair, order(pair, [0], use=2))
    assert (line.amount, line.after.amount, line.plain_bytes) == (0, 70, 1000)
    assert refusal(lambda: bill(pair, order(pair, [0, 1], use=2))).code == "not-paid"


# ---- periods


def said(period):
    return {PERIOD: str(period)}


def test_each_period_has_a_quota_and_a_price_and_a_row_is_paid_in_one():
    """Four rows fill a day's quota, of which none is left the same day; the next day begins anew."""
    pair = Pair(replace(KEPT, tariff=DAILY))
    whole, again, more = order(pair, range(4)), order(pair, [0, 3]), order(pair, [4])
    contexts = [said(7), said(8), said(8), said(7)]
    lines = bill(pair, whole, again, more, order(pair, [1]), contexts=contexts)
    assert [line.amount for line in lines] == [100, 0, 100, 0]
    assert [(line.after.period, line.after.quantity) for line in lines[:3]] == [(7, 4000), (8, 0), (8, 1000)]
    assert [line.after.total for line in lines[:3]] == [100, 100, 200]
    fault = refusal(lambda: bill(pair, whole, more, contexts=[said(7), said(7)]))
    assert fault.code == "over-quota"
    assert fault.text == "the order would make 5000 of the 4000 in one day"


def test_the_books_keep_every_period_and_the_sum_of_all():
    pair = Pair(replace(KEPT, tariff=DAILY))
    deal, act = deal_of(pair), pair.payer_db.act
    for rows, period in ((range(4), 7), (range(6), 8)):
        [line] = bill(pair, order(pair, rows), contexts=[said(period)])
        act(lambda tx, line=line: tally.save(tx, deal, line.after))
    assert act(lambda tx: tx.find("paid_rows"))[0] == {
        "agreement": pair.deal.hex(), "rows": [[0, 6]], "quantity": 6000, "amount": 200, "plain": 6000
    }  # fmt: skip
    periods = act(lambda tx: tx.find("paid_periods", order="period"))
    assert [(row["period"], row["quantity"], row["amount"]) for row in periods] == [(7, 4000, 100), (8, 2000, 100)]
    rows = RowSet.of([(0, 6)])
    for period, here, others in (
        (7, (4000, 100), (2000, 100)),
        (8, (2000, 100), (4000, 100)),
        (9, (0, 0), (6000, 200)),
    ):
        found = act(lambda tx, period=period: tally.load(tx, deal, period))
        assert found == Tally(rows, *here, period, *others, plain=6000)
        assert found.total == 200
        moved = act(lambda tx, found=found: tally.turned(tx, deal, found, 9))
        assert moved == Tally(rows, 0, 0, 9, 6000, 200, plain=6000)


def test_what_was_never_paid_is_nothing():
    pair = Pair()
    assert pair.payer_db.act(lambda tx: tally.load(tx, deal_of(pair))) == Tally()
    assert (Tally().total, Tally().plain, len(Tally().rows)) == (0, 0, 0)


def test_books_of_before_plain_bytes_were_counted_have_none():
    pair = Pair()
    pair.window()
    pair.payer_db.act(lambda tx: tx.update("paid_rows", {"agreement": pair.deal.hex()}, plain=None))
    assert pair.payer_db.act(lambda tx: tally.load(tx, deal_of(pair))) == Tally(RowSet.of([(0, 1)]), 1000, 70, plain=0)


def test_books_never_hold_more_than_the_cap_nor_another_price():
    pair = Pair(cap=70)
    for wrong in (Tally(RowSet.of([(0, 2)]), 2000, 140), Tally(RowSet.of([(0, 1)]), 1000, 69)):
        with pytest.raises(AssertionError):
            pair.payer_db.act(lambda tx, wrong=wrong: tally.save(tx, deal_of(pair), wrong))
    pair.payer_db.act(lambda tx: tally.save(tx, deal_of(pair), Tally(RowSet.of([(0, 1)]), 1000, 70)))
    assert pair.paid("payer") == ([[0, 1]], 1000, 70)


@every(
    ("told", "number"),
    [("0", 0), ("24314", 24_314), ("9" * 9, 999_999_999), ("9" * 10, None), ("", None), ("-1", None), ("٣", None)],
)
def test_a_period_is_said_by_at_most_nine_plain_digits(told, number):
    deal = deal_of(Pair(replace(KEPT, tariff=DAILY)))
    if number is None:
        fault = refusal(lambda: tally.period_of(deal, {PERIOD: told}))
        assert (fault.code, fault.text) == (
            "wrong-period",
            f"the order says no period of the subscription but `{told}`",
        )
    else:
        assert tally.period_of(deal, {PERIOD: told}) == number


def test_without_a_subscription_no_period_is_said_and_none_asked_for():
    deal = deal_of(Pair())
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert tally.told_period(deal, noon) == {}
    assert tally.period_of(deal, {PERIOD: "7"}) == 0
    tally.check_period(deal, {PERIOD: "7"}, noon)


def test_a_period_is_taken_a_leeway_before_it_begins_and_after_it_ends():
    deal = deal_of(Pair(replace(KEPT, tariff=DAILY)))
    turn, leeway = datetime(2026, 3, 2, tzinfo=UTC), timedelta(seconds=CLOCK_LEEWAY_SECONDS)
    second = timedelta(seconds=1)
    today = tally.told_period(deal, turn)
    assert today == said(turn.toordinal())
    for at in (turn - leeway, turn, turn + timedelta(days=1) + leeway - second):
        tally.check_period(deal, today, at)
    for at in (turn - leeway - second, turn + timedelta(days=1) + leeway):
        fault = refusal(lambda at=at: tally.check_period(deal, today, at))
        assert (fault.code, fault.text) == (
            "wrong-period",
            "the order draws on the quota of another day than this one",
        )


def test_orders_stand_beside_what_is_said_of_them_and_the_rest_is_unsaid():
    assert list(tally.beside([1, 2, 3], [{"a": "b"}])) == [(1, {"a": "b"}), (2, {}), (3, {})]
