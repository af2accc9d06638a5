"""Money: no double bill, no drift, whatever the order of the orders, for every unit of the table."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import meter, periods, price_words
from contracts.errors import ContractError
from contracts.ranges import RowSet
from contracts.records import Run
from contracts.tariff import MAX_QUANTITY, Tariff, amount, asked, order_amount
from contracts.tiers import MAX_TIERS, Tier
from contracts.units import QUOTAS, UNITS
from tests.contracts.refusal import refused
from tests.every import every

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
    "message": st.builds(Tariff, st.just("message"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
    "query": st.builds(Tariff, st.just("query"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
    "epsilon": st.builds(Tariff, st.just("epsilon"), MINOR, st.integers(1, 900), st.just("CNY"), tiers()),
    "scanned": st.builds(
        lambda minor, per, steps, runs: Tariff("scanned", minor, per, "CNY", steps, records=runs),
        MINOR,
        PER,
        tiers(),
        RECORDS,
    ),
    "second": st.builds(Tariff, st.just("second"), MINOR, st.integers(1, 90), st.just("CNY"), tiers()),
    "match": st.builds(Tariff, st.just("match"), MINOR, st.integers(1, 9), st.just("CNY"), tiers()),
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


@every(
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


@every("value", [None, [], "byte", {}, {"unit": None}, {"unit": ["byte"]}, {"unit": "line"}])
def test_what_is_no_tariff_is_refused(value):
    with refused("unknown-unit", f"use one of {', '.join(UNITS)}"):
        Tariff.from_json(value)


MEMBERS = "exactly `currency`, `minor`, `per`, `unit`"


@every(
    ("change", "words"),
    [
        ({"extra": "1"}, f"a tariff per `byte` has {MEMBERS} and maybe `tiers`"),
        ({"of": "byte"}, f"a tariff per `byte` has {MEMBERS} and maybe `tiers`"),
        ({"unit": "flat", "extra": "1"}, f"a tariff per `flat` has {MEMBERS}"),
        ({"unit": "row"}, "a tariff per `row` has exactly `currency`, `minor`, `per`, `records`, `unit`"),
        ({"unit": "flat", "tiers": [TIER]}, "a tariff per `flat` has other members"),
        ({"currency": 1}, "`unit`, `currency`, `of` and `period` of a tariff are strings"),
        (MONTHLY | {"of": 1}, "`unit`, `currency`, `of` and `period` of a tariff are strings"),
        (MONTHLY | {"period": None}, "`unit`, `currency`, `of` and `period` of a tariff are strings"),
    ],
)
def test_a_tariff_has_the_members_of_its_unit(change, words):
    with refused("tariff", words):
        Tariff.from_json(GOOD | change)


def test_the_largest_prices_are_still_prices():
    largest = Tariff("byte", 2**127 - 1, 2**63 - 1, "CNY" * 4)
    assert Tariff.from_json(largest.json()) == largest
    for minor, per in ((-1, 1), (2**127, 1), (1, 0), (1, -1), (1, 2**63)):
        with refused("tariff", f"the price `{minor}` per `{per}` is out of range"):
            Tariff("byte", minor, per, "CNY")


@pytest.mark.parametrize("currency", ["", "CNY" * 4 + "X", "C Y", "¥", "é"])
def test_a_currency_is_a_code(currency):
    with refused("tariff", f"`{currency}` is not a currency code"):
        Tariff("byte", 1, 1, currency)


def test_a_tariff_is_of_a_known_unit():
    with refused("unknown-unit", "`line` is not a tariff unit; use one of byte, row"):
        Tariff("line", 1, 1, "CNY")


def test_what_is_free_costs_nothing_and_a_price_in_advance_is_for_the_whole():
    with refused("tariff", "what is free has no price `1`"):
        Tariff("free", 1, 1, "CNY")
    with refused("tariff", "a price in advance is for the whole, not for `2`"):
        Tariff("advance", 1, 2, "CNY")


RUNS = (Run(0, 1, 1, 1),)


@every(
    ("unit", "own"),
    [
        ("byte", {"of": "byte"}),
        ("byte", {"of": "byte", "period": "day"}),
        ("piece", {"records": RUNS}),
        ("row", {}),
        ("row", {"records": RUNS, "period": "day"}),
        ("subscription", {"period": "day"}),
        ("subscription", {"of": "byte", "period": "day", "records": RUNS}),
        ("flat", {"tiers": (Tier(1, 1),)}),
        ("free", {"tiers": (Tier(1, 1),)}),
    ],
)
def test_a_shape_is_that_of_its_unit(unit, own):
    with refused("tariff", f"a tariff per `{unit}` has other members: `currency`"):
        Tariff(unit, 0, 1, "CNY", **own)


def test_the_steps_and_the_runs_of_a_tariff_are_checked():
    with refused("tiers", "the tiers do not rise"):
        Tariff("byte", 1, 1, "CNY", (Tier(2, 1), Tier(1, 1)))
    with refused("records", "more records than its pieces hold"):
        Tariff("row", 1, 1, "CNY", records=(Run(0, 1, 1, 2),))


def test_a_quota_counts_a_unit_in_each_period_of_the_calendar():
    for of, period in (("flat", "month"), ("row", "month"), ("opening", "moon")):
        with refused("tariff", f"`10` of `{of}` in each `{period}` is no quota"):
            Tariff("subscription", 1, 10, "CNY", (), of, period)
    for above in (9, 11):
        with refused("tariff", "the first tier is not above the quota of `10`"):
            Tariff("subscription", 1, 10, "CNY", (Tier(above, 1),), "opening", "month")


def test_a_quota_is_the_end_where_nothing_is_priced_beyond_it():
    ends = Tariff("subscription", 1, 10, "CNY", (), "opening", "month")
    more = Tariff("subscription", 1, 10, "CNY", (Tier(10, 1),), "opening", "month")
    assert (ends.limit, more.limit, Tariff("opening", 1, 10, "CNY").limit) == (10, None, None)
    assert (ends.counted, Tariff("call", 1, 1, "CNY").counted) == (UNITS["opening"], UNITS["call"])


def test_a_tariff_says_what_it_has_and_leaves_out_the_rest():
    assert Tariff("byte", 300, 1 << 20, "CNY").json() == GOOD
    month = Tariff("subscription", 5, 10, "CNY", (Tier(10, 8000),), "opening", "month")
    assert month.json() == GOOD | MONTHLY | {"minor": "5", "tiers": [TIER]}
    rows = Tariff("row", 5, 10, "CNY", records=(Run(1, 4, 100, 350),))
    assert rows.json() == GOOD | ROWS | {"minor": "5", "per": "10"}


def test_an_offer_asks_its_own_price_for_the_shape_of_its_terms():
    offer = {"terms": {"tariff": GOOD | {"tiers": [TIER]}}, "ask": "77"}
    assert asked(offer) == Tariff("byte", 77, 1 << 20, "CNY", (Tier(10, 8000),))


def test_amounts_are_rounded_up_once():
    tariff = Tariff("byte", 1, 3, "CNY", (Tier(6, 5_000),))
    assert [amount(tariff, quantity) for quantity in (0, 1, 3, 4, 6, 7, 12, 13)] == [0, 1, 1, 2, 2, 3, 3, 4]
    assert [order_amount(tariff, *step) for step in ((0, 3), (3, 3), (3, 4), (1, 3))] == [1, 0, 1, 0]


def test_a_quantity_has_an_end():
    tariff = Tariff("byte", 1, 1, "CNY")
    assert amount(tariff, 2**62 - 1) == 2**62 - 1
    for quantity in (-1, 2**62):
        with refused("quantity", f"the quantity `{quantity}` is not 0 to {2**62 - 1}"):
            amount(tariff, quantity)
    with refused("quantity", "the paid quantity cannot fall from `2` to `1`"):
        order_amount(tariff, 2, 1)


# ---- words -------------------------------------------------------------------------------------------------------


MIB = 1 << 20
SAID = [
    (Tariff("byte", 500, MIB, "CNY"), "5.00 CNY per MiB", "5.00 CNY / MiB"),
    (Tariff("row", 1, 1, "CNY", records=(Run(1, 1, 1, 1),)), "0.01 CNY per row", "0.01 CNY / 行"),
    (Tariff("row", 90, 1000, "CNY", records=(Run(1, 1, 1, 1),)), "0.90 CNY per 1000 rows", "0.90 CNY / 1000 行"),
    (Tariff("piece", 20, 1, "JPY"), "20 JPY per piece", "20 JPY / 块"),
    (Tariff("message", 7, 1, "PNT"), "7 minor units of PNT per message", "7 个 PNT 最小单位 / 条消息"),
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


@every(("tariff", "english", "chinese"), SAID, ids=[said[1] for said in SAID])
def test_a_price_in_words(tariff, english, chinese):
    assert (price_words.price(tariff), price_words.price(tariff, "zh")) == (english, chinese)


@given(TARIFFS, st.sampled_from(sorted(price_words.WORDS)))
def test_every_tariff_has_words(tariff, lang):
    assert price_words.price(tariff, lang)
    assert price_words.quantity(tariff, 3, lang)
