"""Every window priced again, from either log; what both tell of is counted once."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts.tariff import Tariff
from ledger.audit import prices
from ledger.audit.report import Report
from tests.ledger.audit.shelf import book, event, found, shelf
from tests.ledger.audit.world import edition

SELLER, BUYER = "did:web:seller", "did:web:buyer"
_, TABLE = edition(12, 1)
EDITION = b"\xe1" * 32


def deals(cap=10**9):
    terms = SimpleNamespace(tariff=Tariff("byte", 1, 1, "CNY"), edition_id=EDITION)
    return {"a1": SimpleNamespace(terms=terms, agreement=SimpleNamespace(price_cap=cap), provider=SELLER)}


def cost(first, count):
    return TABLE.plain_bytes(first, count)


def window(kind, first=0, count=1, amount=None, said=None, link=("h", "4")):
    due = cost(first, count) if amount is None else amount
    row = {"agreement": "a1", "edition": "e1", "transfer": "t", "use": 0, "ranges": [[first, count]], "readerKey": "r"}
    return event(kind, "c1", *link, rows=[{**row, "amount": str(due)}], amount=str(due if said is None else said))


def checked(seller=(), buyer=(), cap=10**9, tables=None):
    report = Report()
    known = {EDITION: TABLE} if tables is None else tables
    prices.check(shelf(book(SELLER, *seller), book(BUYER, *buyer)), deals(cap), known, report)
    return report


def test_what_is_charged_is_what_was_agreed():
    windows = [(0, 2), (2, 3)]
    report = checked(
        [window("keys.released", *one) for one in windows], [window("keys.received", *one) for one in windows]
    )
    assert (report.findings, report.amount_agreed, report.bytes_paid_twice) == ([], cost(0, 5), 0)


@pytest.mark.parametrize("kind", ["keys.released", "keys.received"])
def test_another_amount_is_named_in_either_log(kind):
    for wrong in (window(kind, amount=cost(0, 1) + 1), window(kind, said=cost(0, 1) - 1)):
        report = checked([wrong])
        assert found(report) == [("amount-differs-from-tariff", SELLER, 0)]
        assert report.findings[0].facts["theirs"] == str(cost(0, 1))
        assert report.findings[0].facts["seq"] == "4"
    assert checked([window(kind, said=1, link=())]).findings[0].facts["seq"] == "?"


def test_rows_that_are_charged_twice_are_counted_once_for_both_logs():
    both = [[window(kind), window(kind)] for kind in ("keys.released", "keys.received")]
    report = checked(*both)
    assert report.bytes_paid_twice == cost(0, 1)
    twice = [("amount-differs-from-tariff", 1), ("rows-paid-twice", 1)]
    assert found(report) == [(code, did, at) for did in (SELLER, BUYER) for code, at in twice]
    assert checked(both[0]).bytes_paid_twice == cost(0, 1)
    assert checked((), both[1]).bytes_paid_twice == cost(0, 1)


def test_where_rows_are_unknown_the_amounts_still_add_up():
    assert checked([window("keys.released", amount=7)], tables={}).findings == []
    assert found(checked([window("keys.released", amount=7, said=8)], tables={})) == [
        ("amount-differs-from-tariff", SELLER, 0)
    ]


def test_what_was_agreed_is_counted_of_what_was_released():
    assert checked([window("keys.released", 0, 2)]).amount_agreed == cost(0, 2)
    assert checked([], [window("keys.received", 0, 2)]).amount_agreed == 0


def test_a_window_charges_what_its_orders_add_up_to():
    one = window("keys.released", 0, 1)
    one.fields["rows"][0]["amount"] = str(cost(0, 1) + 1)
    assert found(checked([one])) == [("amount-differs-from-tariff", SELLER, 0)], "although it is what is due"


def test_what_cannot_be_read_is_named_and_costs_nothing():
    wrong = window("keys.released", said="a lot"), event("keys.released", "c1", amount="1", rows=[{}])
    report = checked(wrong)
    assert found(report) == [("field-malformed", SELLER, 0), ("field-malformed", SELLER, 1)]
    assert (report.amount_agreed, report.bytes_paid_twice) == (0, 0)
    beyond = window("keys.released", 0, 13, amount=5)
    report = checked([beyond])
    assert (found(report), report.bytes_paid_twice) == ([("field-malformed", SELLER, 0)], 0)


@pytest.mark.parametrize(("spare", "over"), [(0, False), (-1, True)])
def test_a_price_has_its_cap(spare, over):
    report = checked([window("keys.released")], cap=cost(0, 1) + spare)
    assert found(report) == ([("over-price-cap", SELLER, None)] if over else [])
    assert checked([], [window("keys.received")], cap=cost(0, 1) + spare).codes() == (
        {"over-price-cap"} if over else set()
    )
