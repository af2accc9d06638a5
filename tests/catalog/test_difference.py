"""Two versions of a listing that differ never look alike, and each thing is said in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.difference import differences
from catalog.profile import Column, FileProfile
from policy.offer import offer_rules

DATASET = Dataset(
    "a",
    "Tides",
    "of the harbour",
    ("tide",),
    (FileProfile("a.csv", "text/csv", 10, 5, (Column("hour", "integer", 0), Column("height", "number", 0))),),
    distributions_of("kept"),
    2,
)


def version(dataset=DATASET, ask="5", tier="kept", edition="ab" * 32, number="1", purpose="Research", space="main"):
    rules = offer_rules(purpose=purpose, until=datetime(2027, 1, 1, tzinfo=UTC), region="US")
    terms = {"tariff": {"unit": "byte", "minor": "5", "per": "1", "currency": "CNY"}}
    return {
        "id": "a",
        "title": dataset.title,
        "tier": tier,
        "dataset": dataset_json(dataset),
        "offer": {"id": "a#offer", "ask": ask, "terms": terms, "policy": rules},
        "edition": edition,
        "header": {"edition": number},
        "space": space,
    }


def columns(*named):
    file = DATASET.files[0]
    return replace(DATASET, files=(replace(file, columns=tuple(Column(name, kind, 0) for name, kind in named)),))


@pytest.mark.parametrize(
    ("new", "key", "said"),
    [
        (version(replace(DATASET, title="Ebb")), "title", "“Tides” → “Ebb”"),
        (version(replace(DATASET, description="x" * 500)), "description", "…"),
        (version(replace(DATASET, grade=4)), "grade", "level 4"),
        (version(replace(DATASET, classes={"topic": "B0300"})), "topic", "— → B0300"),
        (version(columns(("hour", "integer"), ("height", "text"))), "columns", "another kind: height"),
        (version(columns(("hour", "integer"), ("depth", "number"))), "columns", "gone: height"),
        (version(ask="7"), "price", "→"),
        (version(tier="leased"), "tier", "sealed, keys leased per opening"),
        (version(purpose="AirTrafficResearch"), "policy", "policy now says"),
        (version(edition="cd" * 32, number="2"), "edition", "1 (abababab) → 2 (cdcdcdcd)"),
        (version(space="harbour"), "space", "“harbour”"),
    ],
)
def test_each_thing_is_said(new, key, said):
    found = [one for one in differences(version(), new) if one.key == key]
    assert any(said in one.en for one in found), found
    assert all(one.zh and one.zh != one.en for one in found)


def test_what_is_equal_is_not_told():
    assert differences(version(), version()) == ()


@given(st.sampled_from(["id", "x"]), st.text(max_size=5))
def test_what_no_line_tells_of_is_counted_all_the_same(name, value):
    odd = version()
    odd["offer"] = {**odd["offer"], "id": f"{name}{value}!"}
    assert [one.key for one in differences(version(), odd)] == ["other"]
