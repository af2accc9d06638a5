"""From the words of a brief to tariff, cap, exposure and deposit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from connector.cli.publish import _step
from connector.licence import pricing
from connector.runtime.errors import InvalidInput, VerificationFailed
from contracts import meter
from contracts.ranges import RowSet
from contracts.records import Run
from contracts.tariff import Tariff, amount
from contracts.tiers import Tier
from tests.channel.rig import make_table
from tests.every import every

PIECES, PIECE = 30, 1000
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TABLE = make_table(PIECES)
GOODS = pricing.Goods(RowSet.of([(0, PIECES)]), TABLE, PIECE, (Run.spread(1, PIECES - 1, 500),))
PLAIN = TABLE.plain_bytes()
BRIEF = {"price": "700", "unit": "MiB", "tier": "kept", "until": "2026-03-01T00:00:00Z"}
MIB, GIB = 1 << 20, 1 << 30
OPENINGS = Tariff("subscription", 700, 5, "CNY", (), "opening", "month")

# brief → tariff, cap, default exposure, usual deposit
CASES = [
    ({}, Tariff("byte", 700, MIB, "CNY"), amount(Tariff("byte", 700, MIB, "CNY"), PLAIN), 6, None),
    ({"unit": "GiB", "beyond": [[1, 20_000]]}, Tariff("byte", 700, GIB, "CNY", (Tier(GIB, 20_000),)), 1, 1, None),
    ({"unit": "row"}, Tariff("row", 700, 1, "CNY", records=GOODS.records), 350_000, 700 * 8 * 18, None),
    ({"unit": "piece"}, Tariff("piece", 700, 1, "CNY"), 21_000, 5600, None),
    ({"unit": "flat"}, Tariff("flat", 700, PLAIN, "CNY"), 700, -(-700 * 8000 // PLAIN), None),
    ({"unit": "advance"}, Tariff("advance", 700, 1, "CNY"), 700, 700, None),
    ({"unit": "free", "price": "0"}, Tariff("free", 0, 1, "CNY"), 0, 0, 1),
    ({"unit": "opening", "tier": "leased", "openings": 4}, Tariff("opening", 700, 1, "CNY"), 3500, 700, 2100),
    ({"unit": "opening", "tier": "leased", "openings": 1}, Tariff("opening", 700, 1, "CNY"), 1400, 700, 1400),
    ({"unit": "opening", "tier": "leased"}, Tariff("opening", 700, 1, "CNY"), 700_000, 700, 2100),
    ({"unit": "opening", "tier": "leased", "every": "month", "quota": 5}, OPENINGS, 3 * 700, 700, 700),
    (
        {"every": "month", "quota": 2, "beyond": [[2, 5000]]},
        Tariff("subscription", 700, 2 * MIB, "CNY", (Tier(2 * MIB, 5000),), "byte", "month"),
        3 * 1050,
        702,
        700,
    ),
]  # fmt: skip


@every(("said", "tariff", "cap", "exposure", "deposit"), CASES, ids=[str(case[0]) for case in CASES])
def test_what_follows_from_a_brief(said, tariff, cap, exposure, deposit):
    brief = BRIEF | said
    pricing.check(brief)
    assert pricing.tariff(brief, GOODS, "CNY") == tariff
    limits = {"units": "1000", "periods": "1"} | pricing.limits(brief, tariff, GOODS, NOW)
    assert amount(tariff, int(limits["units"])) * int(limits["periods"]) == cap
    assert pricing.exposure(tariff, GOODS) == exposure
    assert pricing.usual_deposit(tariff, cap) == (cap if deposit is None else deposit)


@given(
    st.sampled_from([case[0] for case in CASES if "opening" not in case[0].values()]),
    st.integers(0, PIECES - 1),
    st.integers(0, PIECES - 1),
)
def test_every_piece_can_be_bought_within_the_default_exposure(said, before, piece):
    tariff = pricing.tariff(BRIEF | said, GOODS, "CNY")
    paid, after = (
        meter.added(tariff, rows, TABLE, begins=False)
        for rows in (RowSet.rows(range(before)), RowSet.rows([*range(before), piece]))
    )
    assert amount(tariff, after) - amount(tariff, paid) <= pricing.exposure(tariff, GOODS)


FALSE = [
    Tariff("flat", 700, 1, "CNY"),  # nearly all of it would be due with the first piece, as if in advance
    Tariff("flat", 700, PLAIN + 1, "CNY"),
    Tariff("row", 700, 1, "CNY", records=(Run(PIECES - 1, 2, 1, 2),)),
]


@pytest.mark.parametrize("tariff", FALSE)
def test_a_buyer_refuses_a_price_of_another_shape_than_its_edition(tariff):
    with pytest.raises(VerificationFailed):
        pricing.verify({"tariff": tariff.json()}, TABLE)


@every("said", [case[0] for case in CASES], ids=str)
def test_a_buyer_takes_the_prices_that_publishing_makes(said):
    pricing.verify({"tariff": pricing.tariff(BRIEF | said, GOODS, "CNY").json()}, TABLE)


def test_a_brief_per_row_needs_rows():
    bare = pricing.Goods(GOODS.pieces, TABLE, PIECE, ())
    with pytest.raises(InvalidInput):
        pricing.tariff(BRIEF | {"unit": "row"}, bare, "CNY")


@pytest.mark.parametrize(
    ("text", "step"),
    [("1000=80", [1000, 8000]), ("5=12.5", [5, 1250]), ("5=0.01%", [5, 1]), ("5=120%", [5, 12_000])],
)
def test_a_step_is_said_in_percent(text, step):
    assert _step(text) == step


@every("text", ["", "5", "5=", "=80", "5=8.123", "5=-1", "x=80", "5=80=90", "5=1.x"])
def test_what_is_no_step_is_refused(text):
    with pytest.raises(typer.BadParameter):
        _step(text)


def test_files_without_a_table_are_not_priced_by_the_row():
    goods = pricing.Goods(GOODS.pieces, TABLE, PIECE, ())
    with pytest.raises(InvalidInput, match="no table was read") as fault:
        pricing.tariff(BRIEF | {"unit": "krow"}, goods, "CNY")
    assert "--dry-run" in fault.value.hint
