"""What was paid under an agreement and since when it runs: known in the currency of the terms, and decided by."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction

from connector.enforcement import since
from connector.enforcement.use import Refused
from connector.store.rows.channel import PaidRowsRow
from connector.store.tables import TABLES
from tests.channel.rig import KEPT, START, Database
from tests.channel.test_doors import row
from tests.enforcement.test_enforce import AGREEMENT, House, policy
from tests.every import every

PAID = ("payAmount", "gteq", "5.00", "CNY")
A_DAY = ("delayPeriod", "gteq", "P1D")


class Whole(Database):
    """One side's tables, all of them."""

    tables = TABLES


def asking(*conditions):
    rules = policy(*(each[:3] for each in conditions))
    for each, constraint in zip(conditions, rules["permission"][0]["constraint"], strict=True):
        constraint.update({"unit": each[3]} if len(each) > 3 else {})
    house = House(rules)
    house.db = Whole()
    return house


def agreed(house, age=timedelta(), paid=None):
    """Keep an agreement of this age, under which so many minor units were paid."""
    deal = row(digest=AGREEMENT, created=START - age, terms=KEPT.json())
    house.db.act(lambda tx: tx.insert(deal))
    if paid is not None:
        told = PaidRowsRow(agreement=AGREEMENT, rows=[], quantity=0, amount=paid, plain=0)
        house.db.act(lambda tx: tx.insert(told))
    return house


def known(house, taken):
    return house.db.act(lambda tx: since.known(tx, house.link(), taken, START))


def test_what_is_not_asked_for_is_not_looked_up():
    taken = {("rule", "count"): 1}
    assert known(asking(("count", "lteq", "3")), taken) is taken


def test_unknown_counters_stay_unknown():
    assert known(asking(PAID), None) is None


def test_it_stands_beside_what_was_taken():
    house = agreed(asking(PAID, A_DAY), timedelta(hours=1), 1234)
    [rule] = {rule for rule, _ in known(house, {})}
    found = known(house, {(rule, "count"): 2})
    assert found[rule, "payAmount"] == Fraction(1234, 100)
    assert (found[rule, "delayPeriod"], found[rule, "count"]) == (START - timedelta(hours=1), 2)


CASES = {
    "paid enough": ([PAID], timedelta(), 500, True),
    "paid too little": ([PAID], timedelta(), 499, False),
    "paid nothing": ([PAID], timedelta(), None, False),
    "up to what was paid": ([("payAmount", "lteq", "5.00", "CNY")], timedelta(), 500, True),
    "over what was paid": ([("payAmount", "lteq", "5.00", "CNY")], timedelta(), 501, False),
    "another currency": ([("payAmount", "lteq", "5.00", "EUR")], timedelta(), 0, False),
    "two currencies": ([PAID, ("payAmount", "lteq", "9.00", "EUR")], timedelta(), 600, False),
    "waited enough": ([A_DAY], timedelta(days=1), None, True),
    "waited too little": ([A_DAY], timedelta(hours=23), None, False),
}


@every("name", CASES)
def test_a_use_is_decided_by_it(name):
    conditions, age, paid, allowed = CASES[name]
    house = agreed(asking(*conditions), age, paid)
    assert (house.use() == "") is allowed


def test_before_an_agreement_nothing_was_paid_and_it_begins_now():
    house = asking(("payAmount", "lteq", "5.00", "CNY"), ("delayPeriod", "lteq", "P1D"))
    use = house.about()
    use = replace(use, links=(replace(use.own, agreement=""),))
    assert house.db.act(lambda tx: house.enforcement.foresee(tx, use, START)) is None
    use = replace(use, links=(replace(asking(PAID).link(), agreement=""),))
    assert isinstance(house.db.act(lambda tx: house.enforcement.foresee(tx, use, START)), Refused)
