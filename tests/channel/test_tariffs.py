"""Every unit of the tariff table through real windows: what each costs, how it is cut, and what stays paid."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.channel import account as accounts
from connector.channel import records, tally, windows
from connector.channel.errors import ChannelFault
from connector.runtime.limits import CLOCK_LEEWAY_SECONDS
from contracts import price_words
from contracts.ranges import RowSet
from contracts.records import Run
from contracts.tariff import Tariff, amount
from contracts.tiers import Tier
from ledger.audit import billing
from tests.channel.rig import CHANNEL_ID, KEPT, LEASED, Pair
from tests.channel.test_resume import level
from tests.every import every
from tests.fault.extent import tried

ROWS = 12
PLAIN = 11 * 1000 + 333  # bytes of the rig's edition of twelve rows


def kept(tariff, exposure=300, **pair):
    return Pair(replace(KEPT, tariff=tariff, max_exposure=exposure), **pair)


def leased(tariff, exposure=300, **pair):
    return Pair(replace(LEASED, tariff=tariff, max_exposure=exposure), **pair)


def attempt(act):
    """Return the code of a refusal, None when there is none."""
    try:
        act()
    except ChannelFault as fault:
        return fault.code
    return None


def open_one(pair):
    return pair.window(pair.want(use=1, reader=pair.keyring.fresh()))


# tariff → what the whole edition costs, and the sizes of the windows that bring it
WHOLE = {
    "byte": (Tariff("byte", 7, 100, "CNY"), 794, [1, 4, 4, 2, 1]),
    "byte in tiers": (Tariff("byte", 7, 100, "CNY", (Tier(2500, 5000), Tier(9000, 0))), 403, [1, 6, 3, 2]),
    "row": (Tariff("row", 3, 1, "CNY", records=(Run(1, 11, 10, 105),)), 315, [1, 6, 3, 1, 1]),
    "piece": (Tariff("piece", 40, 1, "CNY"), 480, [1, 6, 3, 1, 1]),
    "flat": (Tariff("flat", 555, PLAIN, "CNY"), 555, [1, 6, 3, 1, 1]),
    "advance": (Tariff("advance", 300, 1, "CNY"), 300, [12]),
    "subscription": (Tariff("subscription", 300, 20_000, "CNY", (), "byte", "month"), 300, [12]),
    "subscription beyond": (
        Tariff("subscription", 100, 5000, "CNY", (Tier(5000, 20_000),), "byte", "month"), 354, [5, 4, 2, 1]
    ),
    "free": (Tariff("free", 0, 1, "CNY"), 0, [1, 11]),
}  # fmt: skip


@every("name", WHOLE)
def test_a_pull_costs_exactly_the_whole_price(name):
    tariff, price, sizes = WHOLE[name]
    pair = kept(tariff)
    assert pair.pull() == sizes
    rows, _, paid = pair.paid("payer")
    assert pair.paid("payer") == pair.paid("payee")
    assert (rows, paid) == ([[0, ROWS]], price)
    assert pair.account("payer").cumulative == price
    for db in (pair.payer_db, pair.payee_db):
        assert db.act(lambda tx: tx.get("paid_rows", agreement=pair.deal.hex())["plain"]) == PLAIN
    assert pair.plan() is None


@settings(max_examples=tried(25))
@given(
    st.sampled_from(sorted(WHOLE)),
    st.lists(st.sets(st.integers(0, ROWS - 1), min_size=1), max_size=6),
    st.integers(300, 900),
)
def test_any_cut_in_any_order_costs_the_price_of_the_union_within_the_cap(name, cuts, cap):
    tariff, price, _ = WHOLE[name]
    pair = kept(tariff, cap=cap)
    refused = {attempt(lambda rows=rows: pair.pull(pair.want(rows))) for rows in cuts} - {None}
    assert refused <= ({"over-cap"} if price > cap else set())
    rows, quantity, paid = pair.paid("payer")
    assert pair.paid("payee") == (rows, quantity, paid)
    assert paid == amount(tariff, quantity) <= cap
    if len(RowSet.of(rows)) == ROWS:
        assert paid == price


# ---- by opening --------------------------------------------------------------------------------------------------


def test_openings_in_tiers_are_priced_by_their_number():
    pair = leased(Tariff("opening", 100, 1, "CNY", (Tier(2, 5000),)))
    costs = []
    for _ in range(4):
        open_one(pair)
        costs.append(pair.paid("payer")[2])
    assert costs == [100, 200, 250, 300]


def test_a_price_in_advance_covers_every_later_opening():
    pair = leased(Tariff("advance", 300, 1, "CNY"))
    for _ in range(3):
        assert len(open_one(pair).keys) == ROWS
    assert pair.paid("payer")[2] == pair.paid("payee")[2] == 300


MONTHLY = Tariff("subscription", 200, 2, "CNY", (), "opening", "month")


def test_a_used_up_quota_is_refused_until_the_next_period_begins():
    pair = leased(MONTHLY)
    open_one(pair)
    open_one(pair)
    assert attempt(lambda: open_one(pair)) == "over-quota"
    assert pair.paid("payer")[2] == 200
    pair.later(timedelta(days=31 - pair.now.day + 1).total_seconds())
    # the channel of the rig lives for thirty days; what is meant here is the month, not the channel
    for db in (pair.payer_db, pair.payee_db):
        db.act(lambda tx: tx.update("channels", {"id": CHANNEL_ID.hex()}, expiry=pair.now + timedelta(days=30)))
    open_one(pair)
    assert pair.paid("payer")[2] == pair.paid("payee")[2] == 400


def test_the_payee_refuses_a_quota_that_is_used_up_whatever_the_payer_says():
    pair = leased(MONTHLY)
    open_one(pair)
    open_one(pair)
    assert attempt(lambda: pair.request(_third(pair))) == "over-quota"


def _third(pair):
    """A request for one opening more than the quota, as a payer would send that had lost count."""
    payer, pair.payer_db = pair.payer_db, type(pair.payer_db)()
    pair.payer_db.restore(payer.save())
    pair.payer_db.act(
        lambda tx: tx.put("paid_periods", agreement=pair.deal.hex(), period=_period(pair), quantity=1, amount=200)
    )
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    pair.payer_db = payer
    return request


def _period(pair):
    return pair.chain.block_time.year * 12 + pair.chain.block_time.month - 1


@pytest.mark.parametrize(
    "told", [{}, {tally.PERIOD: ""}, {tally.PERIOD: "-1"}, {tally.PERIOD: "1" * 10}, {tally.PERIOD: "24312"}]
)
def test_an_order_of_no_or_another_period_is_refused(told):
    pair = leased(MONTHLY)
    request = pair.plan(pair.want(use=1, reader=pair.keyring.fresh()))
    assert request.contexts[0][tally.PERIOD] == str(_period(pair))
    request = replace(request, contexts=({"purpose": "research", **told},))
    assert attempt(lambda: pair.request(request)) == "wrong-period"


# seconds by which the two clocks differ → whether an order made at the turn of a period is taken
SKEWS = {0: True, CLOCK_LEEWAY_SECONDS: True, CLOCK_LEEWAY_SECONDS + 2: False}


@every("skew", SKEWS)
@every("payer", ["ahead", "behind"])
def test_at_the_turn_of_a_period_clocks_may_differ_by_the_leeway(payer, skew):
    pair = leased(MONTHLY)
    deal = pair.holder_books.deals[pair.deal]
    turn = datetime(2026, 4, 1, tzinfo=UTC)
    theirs, ours = turn, turn - timedelta(seconds=skew)  # a new period there, the old one here
    if payer == "behind":
        theirs, ours = turn - timedelta(seconds=1), turn + timedelta(seconds=skew - 1)
    said = tally.told_period(deal, theirs)
    assert attempt(lambda: tally.check_period(deal, said, ours)) == (None if SKEWS[skew] else "wrong-period")


def test_a_restored_back_up_begins_no_period_anew():
    pair = leased(MONTHLY)
    open_one(pair)
    backup = pair.payee_db.save()
    open_one(pair)
    pair.payee_db.restore(backup)
    level(pair)
    assert pair.paid("payee") == pair.paid("payer")
    assert attempt(lambda: pair.request(_third(pair))) == "over-quota"


def test_a_clock_set_back_finds_no_quota_left():
    pair = leased(MONTHLY)
    open_one(pair)
    open_one(pair)
    pair.now -= timedelta(days=40)
    assert attempt(lambda: open_one(pair)) == "over-quota"
    assert attempt(lambda: pair.request(_third(pair))) == "over-quota"


def test_rows_paid_in_one_period_are_not_paid_in_the_next():
    pair = kept(Tariff("subscription", 100, 4000, "CNY", (), "byte", "day"))
    assert attempt(pair.pull) == "over-quota"
    first = len(RowSet.of(pair.paid("payer")[0]))
    days = 1
    while len(RowSet.of(pair.paid("payer")[0])) < ROWS:
        pair.later(86_400)
        days += 1
        attempt(pair.pull)
    assert (first, days) == (4, 3)
    assert pair.paid("payer") == pair.paid("payee") == ([[0, ROWS]], PLAIN, 300)


# ---- audited -----------------------------------------------------------------------------------------------------


def audited(pair, role):
    """Price a side's released windows again as an auditor does, from the words of their evidence."""
    db = pair.payer_db if role == "payer" else pair.payee_db
    account = billing.Account(pair.terms.tariff, pair.table)
    for window in db.act(lambda tx: windows.later(tx, accounts.load(tx, CHANNEL_ID, role), 0, 100)):
        told = [records.order_json(*each) for each in tally.beside(window.orders, window.contexts)]
        event = SimpleNamespace(fields={"rows": json.loads(json.dumps(told))})
        for line in billing.read_orders(event):
            due, twice = account.charge(line)
            assert (due, twice) == (line.amount, 0)
    return account.charged


@every("role", ["payer", "payee"])
@every("name", WHOLE)
def test_an_auditor_makes_the_same_bill(name, role):
    pair = kept(WHOLE[name][0])
    pair.pull(pair.want([3, 4, 9]))
    pair.pull()
    assert audited(pair, role) == WHOLE[name][1]


@pytest.mark.parametrize(
    "tariff",
    [
        MONTHLY,
        replace(MONTHLY, tiers=(Tier(2, 5000),)),
        Tariff("advance", 300, 1, "CNY"),
        Tariff("opening", 9, 2, "CNY"),
    ],
    ids=price_words.price,
)
def test_an_auditor_makes_the_same_bill_of_openings(tariff):
    pair = leased(tariff)
    for _ in range(4):
        attempt(lambda: open_one(pair))
    assert audited(pair, "payee") == audited(pair, "payer") == pair.paid("payee")[2]
