"""The rules of a watching supervisor over the figures of the small space."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest

from contracts.tariff import Tariff
from ledger.audit import rules
from ledger.audit.rules import RULES, check, read_limits
from tests.ledger.audit.world import POLICY


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


@pytest.mark.parametrize("wrong", [{"loud_hours": 1}, {"silent_hours": "1"}, {"silent_hours": -1}, {"price_off": True}])
def test_what_is_no_rule_is_refused(wrong):
    with pytest.raises(ValueError, match=r"rule|limit"):
        read_limits(wrong)


def test_every_rule_has_words_in_both_languages():
    assert all(rule.en and rule.zh and "{limit}" in rule.en and "{limit}" in rule.zh for rule in rules.RULES.values())
