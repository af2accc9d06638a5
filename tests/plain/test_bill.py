"""What plain copies cost together: each tariff's own count, nothing opened twice is paid twice."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

from connector.provider.plain import bill as copy_bill
from contracts.records import Run
from contracts.tariff import Tariff
from tests.every import every

MAY, JUNE = datetime(2026, 5, 31, 23, tzinfo=UTC), datetime(2026, 6, 1, 1, tzinfo=UTC)
ROW_BYTES = 100


class Table:
    """Pieces of 100 bytes each."""

    def plain_bytes(self, _first=0, count=None):
        return count * ROW_BYTES


def copy(*ranges, calls=1, created=MAY):
    return SimpleNamespace(rows=[list(one) for one in ranges], calls=calls, created=created)


def priced(unit, minor, per=1, **more):
    return Tariff(unit, minor, per, "CNY", **more)


FIRST, AGAIN = copy((1, 4)), copy((3, 4))  # rows 1 to 4, then 3 to 6: two of them new
MONTHLY = priced("subscription", 90, 500, of="byte", period="month")
# tariff, the copies before, the copy → minor units
CASES = {
    "bytes of the first": (priced("byte", 2), [], FIRST, 800),
    "only what is new": (priced("byte", 2), [FIRST], AGAIN, 400),
    "nothing new": (priced("byte", 2), [FIRST], FIRST, 0),
    "rounded once": (priced("byte", 1, 300), [FIRST], AGAIN, 0),
    "pieces": (priced("piece", 7), [FIRST], AGAIN, 14),
    "openings": (priced("opening", 7), [FIRST], FIRST, 7),
    "calls": (priced("call", 3), [copy(calls=2)], copy(calls=5), 15),
    "records": (priced("row", 5, records=(Run(1, 4, 10, 40),)), [], copy((1, 2)), 100),
    "in advance": (priced("advance", 900), [FIRST], AGAIN, 0),
    "in advance, first": (priced("advance", 900), [], FIRST, 900),
    "free": (priced("free", 0), [], FIRST, 0),
    "a period": (MONTHLY, [], FIRST, 90),
    "the same period": (MONTHLY, [FIRST], copy((5, 1)), 0),
    "the next period": (MONTHLY, [FIRST], copy((5, 1), created=JUNE), 90),
}


@every("name", CASES)
def test_what_a_copy_costs(name):
    tariff, ended, one, cost = CASES[name]
    assert copy_bill.cost(tariff, ended, one, Table()) == cost
