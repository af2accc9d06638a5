"""By how much an order moves a quantity, for every unit: only what is new in it counts."""

from __future__ import annotations

from contracts import meter
from contracts.ranges import RowSet
from contracts.records import Run
from contracts.tariff import Tariff
from contracts.units import UNITS
from tests.every import every

RUNS = (Run(0, 4, 10, 35), Run(4, 2, 3, 6))
# what the pieces 1, 2, 3 and 4 add
ADDED = {
    "byte": (Tariff("byte", 1, 1, "CNY"), 101 + 102 + 103 + 104),
    "row": (Tariff("row", 1, 1, "CNY", records=RUNS), 10 + 10 + 5 + 3),
    "piece": (Tariff("piece", 1, 1, "CNY"), 4),
    "opening": (Tariff("opening", 1, 1, "CNY"), 1),
    "call": (Tariff("call", 1, 1, "CNY"), 1),
    "message": (Tariff("message", 1, 1, "CNY"), 1),
    "query": (Tariff("query", 50, 1, "CNY"), 1),
    "epsilon": (Tariff("epsilon", 50, 100, "CNY"), 1),
    "scanned": (Tariff("scanned", 50, 1000, "CNY", records=(Run(1, 1, 1, 1),)), 1),
    "second": (Tariff("second", 50, 10, "CNY"), 1),
    "match": (Tariff("match", 50, 1, "CNY"), 1),
    "flat": (Tariff("flat", 1, 1, "CNY"), 410),
    "advance": (Tariff("advance", 1, 1, "CNY"), 410),
    "free": (Tariff("free", 0, 1, "CNY"), 410),
    "subscription": (Tariff("subscription", 1, 9, "CNY", (), "piece", "day"), 4),
}
NEW = RowSet(((1, 4),))


class Sizes:
    """Each piece is a byte larger than the one before it."""

    def plain_bytes(self, first, count):
        return sum(100 + piece for piece in range(first, first + count))


def added(unit, rows, *, begins):
    return meter.added(ADDED[unit][0], rows, Sizes(), begins=begins)


def test_every_unit_of_the_table_is_tried():
    assert set(ADDED) == set(UNITS)
    assert {unit.counts for unit in UNITS.values()} == set(meter.METERS) | {""}


@every("unit", ADDED)
def test_an_order_adds_what_its_unit_counts(unit):
    assert added(unit, NEW, begins=True) == ADDED[unit][1]
    apart = [RowSet(((1, 1),)), RowSet(((2, 1), (4, 1))), RowSet(((3, 1),))]
    if UNITS[unit].counts not in ("opening", "call"):
        assert sum(added(unit, rows, begins=False) for rows in apart) == ADDED[unit][1]
        assert added(unit, RowSet(), begins=True) == 0


def test_an_opening_counts_where_it_begins_and_a_call_each_time():
    """Whatever rows they are about, even none."""
    assert [added("opening", NEW, begins=begins) for begins in (True, False, True)] == [1, 0, 1]
    assert [added("call", RowSet(), begins=begins) for begins in (True, False, True)] == [1, 1, 1]
