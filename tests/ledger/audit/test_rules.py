"""The rules of a watching supervisor over the figures of the small space."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from contracts.tariff import Tariff
from ledger.audit import rules
from ledger.audit.rules import RULES, check, read_limits
from tests.every import every
from tests.ledger.audit.world import POLICY

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def told(rule, limit, **figures):
    """Return the subject and the words of each hit of one rule at a limit."""
    return [(hit.subject, hit.text()) for hit in check(figures, {rule: Fraction(limit)}, NOW)]


def log(entries, anchored, newest=None, marked=None):
    return {"party": "p", "entries": str(entries), "anchored": str(anchored), "newest": newest, "marked": marked}


def ago(**time):
    return (NOW - timedelta(**time)).isoformat()


def test_a_volume_hits_above_its_limit():
    rows = [{"product": name, "tier": "kept", "amount": amount} for name, amount in (("a", "501"), ("b", "500"))]
    assert told("volume_above", 500, volume=rows) == [("a", "sold for 501 hundredths in tier kept, above 500")]


@pytest.mark.parametrize(("parties", "share", "hit"), [(2, "90.1", True), (2, "90", False), (1, "100", False)])
def test_a_concentration_hits_above_its_limit_where_there_are_two(parties, share, hit):
    row = {"parties": parties, "largest": "did:web:a", "share": share}
    words = f"has {share} per cent of the money of all buyers, above 90"
    assert told("concentration_above", 90, concentration={"buyers": row}) == [("did:web:a", words)] * hit


def prices(*rows, **classed):
    """Return what products ask, each (lowest, highest), in one class."""
    alike = {"tier": "kept", "unit": "byte", "currency": "CNY", **classed}
    return [
        {"product": f"{at}", "lowest": str(lowest), "highest": str(highest), **alike}
        for at, (lowest, highest) in enumerate(rows)
    ]


@pytest.mark.parametrize(
    ("last", "hit"),
    [((50, 200), False), ((49, 100), True), ((100, 201), True), ((49, 201), True), ((100, 100), False)],
)
def test_a_price_hits_so_many_times_off_the_median_of_its_class(last, hit):
    rows = prices((100, 100), (100, 100), (100, 100), last)
    assert [subject for subject, _ in told("price_off", 2, prices=rows)] == ["3"] * hit


def test_the_words_of_a_price_show_its_range_and_the_median():
    rows = prices((3, 3), (3, 3), ("1/3", "7/2"))
    words = "asks 0.333333 to 3.5 per byte, more than 2.5 times off the median 3 of its class"
    assert told("price_off", "5/2", prices=rows) == [("2", words)]


@pytest.mark.parametrize("other", [{"tier": "leased"}, {"unit": "piece"}, {"currency": "EUR"}])
def test_prices_of_other_classes_are_not_compared(other):
    assert told("price_off", 2, prices=prices((1, 1)) + prices((100, 100), **other)) == []
    assert len(told("price_off", 2, prices=prices((1, 1), (100, 100)))) == 1


def test_a_class_of_one_product_has_nothing_to_be_off():
    assert told("price_off", 2, prices=prices((1, 1000))) == []


@pytest.mark.parametrize(("newest", "hit"), [(None, "ever"), (ago(hours=24), ""), (ago(hours=24, seconds=1), "itself")])
def test_a_log_is_silent_after_its_hours(newest, hit):
    words = f"has published nothing since {newest or 'ever'}: more than 24 hours"
    assert told("silent_hours", 24, logs=[log(1, 1, newest=newest)]) == ([("p", words)] if hit else [])


@every(
    ("entries", "anchored", "marked", "hit"),
    [
        (10, 7, None, True), (10, 7, ago(hours=1), False), (10, 7, ago(hours=1, seconds=1), True),
        (7, 7, None, False), (7, 7, ago(hours=9), False), (10, 7, ago(minutes=1), False),
    ],
)  # fmt: skip
def test_entries_wait_for_an_anchor_no_longer_than_their_hours(entries, anchored, marked, hit):
    words = f"has 3 entries that are not anchored; the newest anchor is of {marked or 'ever'}: more than 1 hours"
    assert told("unanchored_hours", 1, logs=[log(entries, anchored, marked=marked)]) == ([("p", words)] if hit else [])


async def hits(world, after=timedelta(), **limits):
    figures = (await world.audit()).figures
    found = check(figures, {name: Fraction(limit) for name, limit in limits.items()}, world.clock + after)
    assert all(hit.text() and hit.text("zh") for hit in found)
    return [(hit.rule, hit.subject) for hit in found]


async def test_rules_that_nobody_set_say_nothing_about_an_honest_space(world):
    figures = (await world.audit()).figures
    assert check(figures, read_limits({}), world.clock) == []


async def test_a_volume_above_the_limit_hits_its_product(world):
    assert ("volume_above", "urn:product:2") in await hits(world, volume_above=499)
    assert ("volume_above", "urn:product:2") not in await hits(world, volume_above=500)
    assert await hits(world, volume_above=10**9) == []


async def test_a_member_is_silent_after_so_many_hours(world):
    day = timedelta(hours=24)
    assert await hits(world, after=day / 2, silent_hours=24) == []
    assert len(await hits(world, after=day * 2, silent_hours=24)) == len(world.space)


async def test_entries_beyond_the_last_anchor_are_counted_from_its_mark(world):
    assert await hits(world, after=timedelta(days=9), unanchored_hours=1) == [], "all is anchored"
    provider = world["provider"]
    world.record("provider", "time.mark", provider.origin, [], peers=[])
    assert await hits(world, unanchored_hours=1) == [("unanchored_hours", provider.did)], "no mark below the anchor"
    exchange = world["exchange"]
    world.record("exchange", "time.mark", exchange.origin, [], peers=[])
    named = await hits(world, after=timedelta(minutes=30), unanchored_hours=1)
    assert ("unanchored_hours", exchange.did) not in named
    assert ("unanchored_hours", exchange.did) in await hits(world, after=timedelta(hours=2), unanchored_hours=1)


async def test_a_price_far_off_its_class_hits(world):
    for seed, price in ((3, 8), (4, 6), (5, 7000)):
        world.sign(seed, Tariff("byte", price, 1000, "CNY"), "kept", 0, POLICY)
    assert await hits(world, price_off=10) == [("price_off", "urn:product:5")]
    assert await hits(world, price_off=10_000) == []


def test_one_party_alone_is_no_concentration():
    one = {"parties": 1, "largest": "did:web:a", "share": "100.0", "herfindahl": "10000"}
    two = {**one, "parties": 2, "share": "95.0"}
    figures = {"concentration": {"providers": one, "buyers": two}}
    [hit] = check(figures, {"concentration_above": Fraction(90)}, None)
    assert hit.json() == {
        "rule": "concentration_above",
        "subject": "did:web:a",
        "en": "has 95.0 per cent of the money of all buyers, above 90",
        "zh": RULES["concentration_above"].zh.format(share="95.0", side="buyers", limit=90),
    }


def test_a_file_of_rules_changes_limits_and_switches_rules_off():
    own = read_limits({})
    assert "volume_above" not in own
    said = read_limits({"volume_above": 5, "silent_hours": False, "price_off": 2.5})
    assert (said["volume_above"], said["price_off"]) == (5, Fraction(5, 2))
    assert "silent_hours" not in said
    assert said["unanchored_hours"] == own["unanchored_hours"]


def test_the_limits_that_nobody_changed_are_those_of_the_table():
    own = {"concentration_above": 90, "price_off": 10, "silent_hours": 24, "unanchored_hours": 1}
    assert read_limits({}) == own
    assert read_limits({"silent_hours": 0, "price_off": 0.5}) == {**own, "silent_hours": 0, "price_off": Fraction(1, 2)}


def test_what_is_called_like_no_rule_is_refused():
    with pytest.raises(ValueError, match="no rule is called `loud_hours`; there are volume_above, concentration_above"):
        read_limits({"loud_hours": 1})


@pytest.mark.parametrize("wrong", ["1", -1, -0.5, True, None])
def test_what_is_no_limit_is_refused(wrong):
    with pytest.raises(
        ValueError, match="the limit of `price_off` is a number of 0 or more, or false to switch it off"
    ):
        read_limits({"price_off": wrong})


def test_every_rule_has_words_in_both_languages():
    assert all(rule.en and rule.zh and "{limit}" in rule.en and "{limit}" in rule.zh for rule in rules.RULES.values())
