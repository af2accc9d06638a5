"""An order priced again: what is new costs, what was paid does not, within one opening where openings are counted."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts.canonical import canonical
from contracts.ranges import RowSet
from contracts.tariff import Tariff
from ledger.audit.billing import Account, Accounts, OrderLine, collect_tables, read_orders
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.audit.sums import Edition
from tests.every import every
from tests.ledger.audit.values import event, members
from tests.ledger.audit.world import edition

HEADER, TABLE = edition(12, 1)
PIECE = Tariff("piece", 3, 1, "CNY")
OPENING = Tariff("opening", 250, 1, "CNY")
MONTHLY = Tariff("subscription", 60, 4, "CNY", of="piece", period="month")
KEYS, OPEN, AGAIN = 0, 1, 2
ROW = {
    "agreement": "ag", "edition": "0e" * 32, "transfer": "tr", "use": 1, "ranges": [[2, 3]], "amount": "7",
    "readerKey": "rk",
}  # fmt: skip


def line(*ranges, amount=0, use=KEYS, agreement="a", transfer="t", reader="r", period=""):
    return OrderLine(agreement, b"\x0e" * 32, transfer, use, RowSet.of(ranges), amount, reader, period)


def account(tariff=PIECE):
    return Account(tariff, TABLE)


def size(first, count):
    return TABLE.plain_bytes(first, count)


def test_an_order_is_read_as_it_is_written():
    (read,) = read_orders(event("keys.released", rows=[ROW]))
    assert read == OrderLine("ag", b"\x0e" * 32, "tr", 1, RowSet(((2, 3),)), 7, "rk", "")
    (read,) = read_orders(event("keys.released", rows=[{**ROW, "period": "2026-03"}]))
    assert read.period == "2026-03"
    assert read.opening == ("ag", "tr", "rk")


def test_only_new_rows_cost_and_what_was_charged_and_due_adds_up():
    one = account()
    assert (one.charged, one.due) == (0, 0)
    assert one.charge(line((0, 4), amount=12)) == (12, 0)
    assert one.charge(line((2, 4), amount=6)) == (6, 0), "rows 4 and 5 are new"
    assert one.paid == RowSet(((0, 6),))
    assert (one.charged, one.due, one.quantities) == (18, 18, {"": 6})


@pytest.mark.parametrize(("more", "twice"), [(-1, 0), (0, 0), (1, size(2, 2))])
def test_bytes_are_paid_twice_only_where_more_is_charged_than_is_due(more, twice):
    one = account()
    one.charge(line((0, 4), amount=12))
    assert one.charge(line((2, 4), amount=6 + more)) == (6, twice)
    assert (one.charged, one.due) == (18 + more, 18)


def test_keys_given_once_more_are_free_and_move_no_quantity():
    one = account()
    one.charge(line((0, 4), amount=12))
    assert one.charge(line((0, 4), use=AGAIN)) == (0, 0)
    assert one.charge(line((0, 4), use=AGAIN, amount=1)) == (0, size(0, 4))
    assert one.charge(line((4, 1), use=AGAIN)) == (0, 0), "what the other log should have, this one may not know"
    assert one.quantities == {"": 4}


def test_an_opening_costs_once_whatever_rows_it_asks_for_later():
    one = account(OPENING)
    assert one.charge(line((0, 6), use=OPEN, amount=250)) == (250, 0)
    assert one.charge(line((6, 6), use=OPEN)) == (0, 0), "the same opening goes on"
    assert one.openings == {("a", "t", "r"): RowSet(((0, 12),))}
    assert one.charge(line((0, 6), use=OPEN, reader="another", amount=250)) == (250, 0)
    assert one.charge(line((0, 6), use=KEYS, reader="third")) == (0, 0), "which opens nothing"


def test_what_another_opening_paid_is_not_paid_twice_but_what_this_one_paid_is():
    one = account(OPENING)
    one.charge(line((0, 6), use=OPEN, amount=250))
    assert one.charge(line((0, 6), use=OPEN, reader="another", amount=251)) == (250, 0)
    assert one.charge(line((4, 4), use=OPEN, amount=1)) == (0, size(4, 2))


def test_a_subscription_is_counted_in_the_period_that_its_orders_say():
    one = account(MONTHLY)
    assert one.charge(line((0, 2), period="2026-03", amount=60))[0] == 60
    assert one.charge(line((2, 2), period="2026-03"))[0] == 0
    assert one.charge(line((4, 1), period="2026-04", amount=60))[0] == 60
    assert one.quantities == {"2026-03": 4, "2026-04": 1}


@every(("rows", "beyond"), [((0, 12), False), ((11, 1), False), ((11, 2), True), ((12, 1), True)])
@every("tariff", [PIECE, OPENING])
def test_rows_beyond_the_edition_have_no_price_whatever_is_counted(rows, beyond, tariff):
    one = account(tariff)
    assert one.plain_bytes(RowSet()) == 0
    if not beyond:
        assert one.plain_bytes(RowSet((rows,))) == size(*rows)
        one.charge(line(rows, use=OPEN))
        return
    with pytest.raises(ValueError, match=r"piece `12` is beyond the edition's `12` pieces"):
        one.charge(line(rows, use=OPEN))
    assert one.paid == RowSet()


def deal(tariff=PIECE, seed=1, provider="did:web:p"):
    return SimpleNamespace(terms=SimpleNamespace(tariff=tariff, edition_id=bytes([seed]) * 32), provider=provider)


def test_a_batch_has_a_price_only_if_each_of_its_orders_has_one():
    accounts = Accounts({"a": deal(), "b": deal(OPENING), "c": deal(seed=2)}, {b"\x01" * 32: TABLE})
    assert [name for name, _ in accounts.items()] == ["a", "b"]
    assert accounts.of("a").tariff == PIECE
    assert accounts.of("c") is None
    assert accounts.charge([]) == (0, 0)
    both = [line((0, 4), amount=12), line((0, 2), use=OPEN, agreement="b", amount=250)]
    assert accounts.charge(both) == (262, 0)
    again = [line((0, 4), amount=1), line((0, 2), use=OPEN, agreement="b", amount=1)]
    assert accounts.charge(again) == (0, size(0, 4) + size(0, 2))
    assert accounts.charge([line(agreement="c"), line((4, 1), amount=3)]) is None
    assert accounts.of("a").due == 15, "the one that can be priced is booked all the same"


async def test_only_the_rows_that_an_edition_commits_to_are_its_table():
    space, by_role = members()
    provider, edition_id = by_role["provider"], HEADER.edition_id()
    editions = [Edition(edition_id, provider.did, edition_id)]
    base = f"{provider.url}/sealed/{edition_id.hex()}"
    served = {f"{base}/header": canonical(HEADER.json()), f"{base}/rows": TABLE.data}

    async def fetch(url):
        if url not in served:
            raise Unavailable(f"404 {url}")
        return served[url]

    async def collected():
        report = Report()
        tables = await collect_tables(SimpleNamespace(fetch=fetch), space, editions, report)
        return tables, [(one.code, one.subject, one.facts["edition"]) for one in report.findings]

    tables, found = await collected()
    assert (tables[edition_id].data, found) == (TABLE.data, [])
    missing = [("edition-unavailable", provider.did, edition_id.hex())]
    served[f"{base}/rows"] = edition(12, 2)[1].data
    assert await collected() == ({}, missing)
    del served[f"{base}/rows"]
    assert await collected() == ({}, missing)
