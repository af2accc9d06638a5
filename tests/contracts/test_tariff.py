"""Money: no double bill, no drift, whatever the order of the orders, for every unit of the table."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import meter, periods, price_words
from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.records import Run
from contracts.split import Split
from contracts.tariff import MAX_QUANTITY, Tariff, amount, order_amount
from contracts.tiers import MAX_TIERS, Tier
from contracts.units import QUOTAS, UNITS

PIECES = 50
MINOR = st.integers(0, 10**6)
PER = st.integers(1, 1 << 20)
ORDERS = st.lists(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), min_size=1, max_size=3).map(RowSet.of), max_size=12
)


class Edition:
    """Fifty pieces of a thousand bytes, the last a short one."""

    def plain_bytes(self, first=0, count=None):
        last = PIECES if count is None else first + count
        return 1000 * (last - first) - (667 if last == PIECES else 0)


def tiers(beyond=0):
    steps = st.lists(st.tuples(st.integers(1, 20_000), st.integers(0, 30_000)), max_size=4)
    return steps.map(lambda steps: tuple(Tier(above + beyond, bps) for above, bps in sorted(dict(steps).items())))


def subscription(minor, per, of, period, over):
    over = (Tier(per, over[0].bps), *(Tier(per + tier.above, tier.bps) for tier in over[1:])) if over else ()
    return Tariff("subscription", minor, per, "CNY", over, of, period)


RECORDS = st.tuples(st.integers(1, 9), st.integers(1, 40), st.integers(0, 9000)).map(lambda run: (Run.spread(*run),))
KINDS = {
    "byte": st.builds(Tariff, st.just("byte"), MINOR, PER, st.just("CNY"), tiers()),
    "row": st.builds(
        lambda minor, per, steps, runs: Tariff("row", minor, per, "CNY", steps, records=runs),
        MINOR,
        PER,
        tiers(),
        RECORDS,
    ),
    "piece": st.builds(Tariff, st.just("piece"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
    "opening": st.builds(Tariff, st.just("opening"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
    "call": st.builds(Tariff, st.just("call"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
    "flat": st.builds(Tariff, st.just("flat"), MINOR, PER, st.just("CNY")),
    "advance": st.builds(Tariff, st.just("advance"), MINOR, st.just(1), st.just("CNY")),
    "subscription": st.builds(
        subscription, MINOR, PER, st.sampled_from(sorted(QUOTAS)), st.sampled_from(sorted(periods.PERIODS)), tiers()
    ),
    "free": st.builds(Tariff, st.just("free"), st.just(0), st.just(1), st.just("CNY")),
}
TARIFFS = st.one_of(*KINDS.values())


def test_every_unit_of_the_table_is_tried():
    assert set(KINDS) == set(UNITS)
    assert {unit.counts for unit in UNITS.values()} == set(meter.METERS) | {""}


def dear(tariff, quantity):
    """The price of each unit by itself, in the plainest words of the specification."""
    total, row = Fraction(0), UNITS[tariff.unit]
    for unit in range(quantity):
        bps = 0 if row.whole else 10_000
        if row.ends and unit >= tariff.per:
            bps = 0
        for tier in tariff.tiers:
            bps = tier.bps if unit >= tier.above else bps
        total += Fraction(tariff.minor * bps, tariff.per * 10_000)
    return math.ceil(total + (tariff.minor if row.whole and quantity else 0))


@given(TARIFFS, st.integers(0, 200))
def test_a_price_is_the_sum_of_its_units(tariff, quantity):
    small = Tariff(
        tariff.unit, tariff.minor, min(tariff.per, 40), "CNY",
        tuple(Tier(place * 20 + min(tariff.per, 40), tier.bps) for place, tier in enumerate(tariff.tiers)),
        tariff.of, tariff.period, tariff.records,
    )  # fmt: skip
    if small.limit is not None:
        quantity = min(quantity, small.limit)
    assert amount(small, quantity) == dear(small, quantity)


@given(TARIFFS, ORDERS)
def test_amounts_of_orders_add_up_to_the_price_of_their_union(tariff, orders):
    paid, quantity, total, edition = RowSet(), 0, 0, Edition()
    once = tariff.counted.paid_within == "agreement"
    for rows in orders:
        after = quantity + meter.added(tariff, rows - paid, edition, begins=True)
        if tariff.limit is not None and after > tariff.limit:
            with pytest.raises(ContractError, match="quota"):
                order_amount(tariff, quantity, after)
            continue
        total += order_amount(tariff, quantity, after)
        paid, quantity = paid | rows, after
        if once:
            assert meter.added(tariff, rows - paid, edition, begins=True) == 0
    whole = meter.added(tariff, paid, edition, begins=True)
    assert quantity == whole or not once
    assert total == amount(tariff, quantity)


@given(TARIFFS, st.lists(st.integers(0, 10**9), max_size=8).map(sorted))
def test_a_price_never_falls_and_grows_with_what_is_negotiated(tariff, quantities):
    if tariff.limit is not None:
        quantities = [min(quantity, tariff.limit) for quantity in quantities]
    prices = [amount(tariff, quantity) for quantity in quantities]
    assert prices == sorted(prices)
    assert amount(tariff, 0) == 0
    if tariff.unit != "free":
        dearer = Tariff.from_json(tariff.json() | {"minor": str(tariff.minor + 1)})
        assert all(amount(dearer, each) >= price for each, price in zip(quantities, prices, strict=True))


@given(KINDS["flat"], st.lists(st.integers(1, 1 << 19), max_size=6))
def test_a_flat_price_is_spread_and_reached_exactly(tariff, parts):
    quantity = total = 0
    for part in parts:
        total += order_amount(tariff, quantity, quantity + part)
        quantity += part
    total += order_amount(tariff, quantity, max(quantity, tariff.per))
    assert total == amount(tariff, tariff.per) == amount(tariff, MAX_QUANTITY) == tariff.minor


def test_a_price_in_advance_is_all_in_the_first_order():
    tariff = Tariff("advance", 500, 1, "CNY")
    assert [order_amount(tariff, *step) for step in ((0, 0), (0, 1), (0, 10**9), (1, 10**9))] == [0, 500, 500, 0]


def test_a_subscription_is_whole_within_its_quota_and_by_share_beyond():
    ends = Tariff("subscription", 1000, 10, "CNY", (), "opening", "month")
    assert [amount(ends, each) for each in (0, 1, 10)] == [0, 1000, 1000]
    with pytest.raises(ContractError) as refusal:
        amount(ends, 11)
    assert refusal.value.code == "over-quota"
    more = Tariff("subscription", 1000, 10, "CNY", (Tier(10, 15_000), Tier(12, 5_000)), "opening", "month")
    assert [amount(more, each) for each in (10, 11, 12, 13)] == [1000, 1150, 1300, 1350]


@given(RECORDS, ORDERS)
def test_records_are_those_of_the_pieces_and_all_of_them(runs, orders):
    run = runs[0]
    shares = [run.of(RowSet.rows([piece])) for piece in range(60)]
    assert sum(shares) == run.records
    assert max(shares) <= run.per_piece
    for rows in orders:
        assert run.of(rows) == sum(shares[piece] for piece in rows)


def test_a_layout_that_knows_its_rows_per_piece_is_believed_where_it_fits():
    assert Run.spread(1, 4, 350, 100) == Run(1, 4, 100, 350)
    assert Run.spread(1, 4, 350, 80) == Run.spread(1, 4, 350) == Run(1, 4, 88, 350)


@given(st.sampled_from(sorted(periods.PERIODS)), st.integers(0, 2 * 10**9), st.data())
def test_periods_are_counted_one_after_the_other_in_utc(kind, at, data):
    at = datetime.fromtimestamp(at, UTC)
    later = at + timedelta(minutes=data.draw(st.integers(0, 60 * 24)))
    assert periods.number(kind, later) - periods.number(kind, at) in (0, 1)
    assert periods.number(kind, at) == periods.number(kind, at.astimezone(timezone(timedelta(hours=8))))
    assert periods.between(kind, at, at) == 1


@pytest.mark.parametrize(
    ("kind", "last", "first"),
    [
        ("day", "2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z"),
        ("week", "2026-03-01T23:59:59Z", "2026-03-02T00:00:00Z"),
        ("month", "2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z"),
        ("year", "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z"),
    ],
)
def test_a_period_ends_where_the_calendar_says(kind, last, first):
    before, after = (datetime.fromisoformat(each) for each in (last, first))
    assert periods.number(kind, after) == periods.number(kind, before) + 1
    with pytest.raises(ContractError):
        periods.number("fortnight", before)


def test_quantity_never_falls():
    tariff = Tariff("byte", 1, 1, "CNY")
    with pytest.raises(ContractError):
        order_amount(tariff, 2, 1)
    with pytest.raises(ContractError):
        amount(tariff, -1)


@given(TARIFFS)
def test_json_round_trip_keeps_the_spelling(tariff):
    assert Tariff.from_json(tariff.json()) == tariff
    assert Tariff.from_json(tariff.json()).json() == tariff.json()


GOOD = {"unit": "byte", "minor": "300", "per": "1048576", "currency": "CNY"}
TIER = {"above": "10", "bps": 8000}
MONTHLY = {"unit": "subscription", "per": "10", "of": "opening", "period": "month"}
ROWS = {"unit": "row", "records": [["1", "4", "100", "350"]]}
Tariff.from_json(GOOD | {"tiers": [TIER]})
Tariff.from_json(GOOD | MONTHLY | {"tiers": [TIER]})
Tariff.from_json(GOOD | ROWS)


@pytest.mark.parametrize(
    "change",
    [
        {"unit": "line"}, {"unit": 1}, {"unit": ["byte"]}, {"minor": 300}, {"minor": "0300"}, {"minor": "-1"},
        {"per": "0"}, {"per": "1.5"}, {"currency": ""}, {"currency": "¥"}, {"currency": "x" * 13}, {"currency": 1},
        {"extra": "1"}, {"of": "byte"}, {"period": "month"}, {"records": []},
        {"unit": "free"}, {"unit": "advance"}, {"unit": "flat", "tiers": [TIER]}, {"unit": "row"},
        {"tiers": []}, {"tiers": None}, {"tiers": [TIER, TIER]}, {"tiers": [TIER | {"bps": "8000"}]},
        {"tiers": [TIER | {"bps": True}]}, {"tiers": [TIER | {"bps": -1}]}, {"tiers": [TIER | {"bps": 100_001}]},
        {"tiers": [TIER | {"above": "0"}]}, {"tiers": [TIER | {"above": 10}]}, {"tiers": [{"above": "10"}]},
        {"tiers": [{"above": str(n), "bps": 1} for n in range(1, MAX_TIERS + 2)]},
        {"tiers": [TIER, {"above": "9", "bps": 1}]},
        MONTHLY | {"of": "subscription"}, MONTHLY | {"of": "flat"}, MONTHLY | {"of": 1}, MONTHLY | {"period": "moon"},
        MONTHLY | {"of": ""}, MONTHLY | {"tiers": [{"above": "11", "bps": 1}]}, MONTHLY | {"records": []},
        ROWS | {"records": []}, ROWS | {"records": [["1", "4", "100"]]}, ROWS | {"records": [["1", "4", "100", "401"]]},
        ROWS | {"records": [["1", "0", "1", "0"]]}, ROWS | {"records": [["1", "4", "1", "1"], ["4", "1", "1", "1"]]},
        ROWS | {"records": [[1, 4, 100, 350]]}, ROWS | {"records": "all"},
    ],
    ids=str,
)  # fmt: skip
def test_other_tariffs_are_refused(change):
    with pytest.raises(ContractError):
        Tariff.from_json(GOOD | change)


@pytest.mark.parametrize("value", [None, [], "byte", {}, {"unit": None}])
def test_what_is_no_tariff_is_refused(value):
    with pytest.raises(ContractError):
        Tariff.from_json(value)


# ---- words -------------------------------------------------------------------------------------------------------


MIB = 1 << 20
SAID = [
    (Tariff("byte", 500, MIB, "CNY"), "5.00 CNY per MiB", "5.00 CNY / MiB"),
    (Tariff("row", 1, 1, "CNY", records=(Run(1, 1, 1, 1),)), "0.01 CNY per row", "0.01 CNY / 行"),
    (Tariff("row", 90, 1000, "CNY", records=(Run(1, 1, 1, 1),)), "0.90 CNY per 1000 rows", "0.90 CNY / 1000 行"),
    (Tariff("piece", 20, 1, "JPY"), "20 JPY per piece", "20 JPY / 块"),
    (Tariff("call", 7, 1, "PNT"), "7 minor units of PNT per call", "7 个 PNT 最小单位 / 次调用"),
    (Tariff("flat", 50_000, 9, "CNY"), "500.00 CNY in all, spread over what is taken", "总价 500.00 CNY,按取用量分摊"),
    (Tariff("advance", 50_000, 1, "CNY"), "500.00 CNY in all, in advance", "总价 500.00 CNY,预付"),
    (Tariff("free", 0, 1, "CNY"), "nothing", "免费"),
    (
        Tariff("byte", 500, MIB, "CNY", (Tier(1000 * MIB, 8000), Tier(5000 * MIB, 1234))),
        "5.00 CNY per MiB, 80 % of that beyond 1000 MiB, 12.34 % of that beyond 5000 MiB",
        "5.00 CNY / MiB,超过 1000 MiB 的部分按 80%,超过 5000 MiB 的部分按 12.34%",
    ),
    (
        Tariff("subscription", 100_000, 10, "CNY", (), "opening", "month"),
        "1000.00 CNY per month for up to 10 openings, none beyond",
        "1000.00 CNY / 月,含 10 次,超出不供",
    ),
    (
        Tariff("subscription", 0, 1, "CNY", (), "opening", "day"),
        "nothing per day for up to 1 opening, none beyond",
        "免费 / 日,含 1 次,超出不供",
    ),
    (
        Tariff("subscription", 100_000, 1 << 30, "CNY", (Tier(1 << 30, 12_050),), "byte", "year"),
        "1000.00 CNY per year for up to 1 GiB, beyond 1 GiB 120.5 % of its share for each",
        "1000.00 CNY / 年,含 1 GiB,超过 1 GiB 的部分按单位均价的 120.5%",
    ),
]


@pytest.mark.parametrize(("tariff", "english", "chinese"), SAID, ids=[said[1] for said in SAID])
def test_a_price_in_words(tariff, english, chinese):
    assert (price_words.price(tariff), price_words.price(tariff, "zh")) == (english, chinese)


@given(TARIFFS, st.sampled_from(sorted(price_words.WORDS)))
def test_every_tariff_has_words(tariff, lang):
    assert price_words.price(tariff, lang)
    assert price_words.quantity(tariff, 3, lang)


# ---- split -------------------------------------------------------------------------------------------------------

SPLITS = (
    st.lists(st.integers(1, 3000), min_size=1, max_size=7)
    .filter(lambda bps: sum(bps) < 10_000)
    .map(lambda bps: Split(tuple((bytes([n + 1]) * 20, each) for n, each in enumerate((10_000 - sum(bps), *bps)))))
)


@given(SPLITS, st.lists(st.integers(0, 10**12), max_size=20).map(sorted))
def test_shares_of_growing_cumulatives_never_lose_a_unit_nor_shrink(split, cumulatives):
    before = split.shares(0)
    for cumulative in cumulatives:
        after = split.shares(cumulative)
        assert sum(after) == cumulative
        assert all(now >= then for now, then in zip(after[1:], before[1:], strict=True))
        before = after


@given(SPLITS)
def test_split_hash_is_that_of_the_abi(split):
    from eth_abi import encode
    from eth_utils import keccak

    payees, bps = zip(*split.parts, strict=True)
    assert split.hash == keccak(encode(["address[]", "uint256[]"], [list(payees), list(bps)]))
    assert Split.from_json(split.json()) == split


A, B = (("0x" + "11" * 20), ("0x" + "22" * 20))


@pytest.mark.parametrize(
    "value",
    [
        [], {}, [{"payee": A, "bps": 9999}], [{"payee": A, "bps": 10001}], [{"payee": A, "bps": 10000.0}],
        [{"payee": A, "bps": 5000}, {"payee": A, "bps": 5000}], [{"payee": A, "bps": 10000}, {"payee": B, "bps": 0}],
        [{"payee": A, "bps": "10000"}], [{"payee": A}], [{"payee": "provider", "bps": 10000}],
    ],
    ids=str,
)  # fmt: skip
def test_other_splits_are_refused(value):
    with pytest.raises(ContractError):
        Split.from_json(value)
