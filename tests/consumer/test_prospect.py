"""What a purchase takes at least, as far as it is known before anything is agreed: no more is asked of the account."""

from __future__ import annotations

import pytest

from connector.consumer.prospect import Due, _due, _for_good
from contracts.ranges import RowSet
from contracts.tariff import Tariff
from contracts.tiers import Tier
from tests.channel.rig import Pair

PIECES = Tariff("piece", 10, 1, "CNY")
MONTHLY = Tariff("subscription", 1000, 3, "CNY", (), "piece", "month")
FALLING = Tariff("piece", 10, 1, "CNY", (Tier(1, 5000),))


def due(tariff, wanted=None, **mandate):
    table = Pair().table
    rows = RowSet.of([(0, len(table))]) if wanted is None else wanted
    return _due(tariff, rows, table, {"cap": None, "deposit": None} | mandate)


ROWS = len(Pair().table)


@pytest.mark.parametrize(
    ("tariff", "mandate", "found"),
    [
        (PIECES, {}, Due(10 * ROWS, 10, 10 * ROWS)),
        (PIECES, {"cap": "25"}, Due(25, 10, 10 * ROWS)),
        (PIECES, {"deposit": "15"}, Due(15, 10, 10 * ROWS)),
        (PIECES, {"deposit": "1000000"}, Due(10 * ROWS, 10, 10 * ROWS)),
        # a quota smaller than the edition goes on in the next period
        (MONTHLY, {}, Due(1000, 1000, None)),
        # how many openings there will be is said when it is signed: one, at the least
        (Tariff("opening", 4000, 1, "CNY"), {}, Due(4000, 4000, None)),
        (Tariff("opening", 4000, 1, "CNY"), {"deposit": "9000"}, Due(4000, 4000, None)),
        (Tariff("byte", 0, 1, "CNY"), {}, Due(1, 0, 0)),
        (FALLING, {}, Due(10 + 5 * (ROWS - 1), 10, 10 + 5 * (ROWS - 1))),
    ],
)
def test_no_more_is_due_than_will_be(tariff, mandate, found):
    assert due(tariff, **mandate) == found


def test_what_has_no_rows_costs_nothing():
    assert due(PIECES, RowSet()).least == 0


@pytest.mark.parametrize(
    ("codes", "stays"),
    [
        (["purpose-not-allowed"], True),
        (["too-soon"], False),
        (["purpose-not-allowed", "duty-outstanding"], False),
        ([], False),
    ],
)
def test_an_opening_that_time_or_the_buyer_mends_is_not_refused(codes, stays):
    assert _for_good([{"code": code, "facts": []} for code in codes]) is stays


@pytest.mark.parametrize(("operator", "stays"), [("lteq", True), ("lt", True), ("gteq", False), ("isPartOf", False)])
def test_a_time_that_is_over_comes_no_more(operator, stays):
    assert _for_good([{"code": "outside-time", "facts": ["dateTime", operator, "x", "y"]}]) is stays
