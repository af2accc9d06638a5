"""Two versions of a listing that differ never look alike, and each thing is said in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.difference import differences, of_services
from catalog.profile import Column, FileProfile
from policy.offer import offer_rules
from tests.catalog.test_service import SERVICE
from tests.every import every

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


@every(
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


@every(
    ("changes", "key", "said"),
    [
        ({"title": "Ebb"}, "title", "“Tide forecast” → “Ebb”"),
        ({"description": "else"}, "description", "“else”"),
        ({"type": "api"}, "type", "analysis → interface"),
        ({"endpoint": "https://x.example"}, "endpoint", "“https://x.example”"),
        ({"documentation": "https://y.example"}, "documentation", "“https://y.example”"),
        ({"serves": []}, "serves", "“tides” → “”"),
        ({"keywords": ["quay"]}, "keywords", "“harbour” → “quay”"),
        ({"region": "DE"}, "region", "“US-NY” → “DE”"),
        ({"grade": 3}, "grade", "level 3"),
        ({"classes": {}}, "topic", "B0300 → —"),
        ({"tariff": SERVICE["tariff"] | {"minor": "30"}}, "price", "0.20 CNY per call → 0.30 CNY per call"),
        ({"policy": {"permission": [{"action": "display"}]}}, "policy", "policy now says"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_member_of_a_service_that_differs_is_told(changes, key, said):
    versions = [
        {"id": one["id"], "title": one["title"], "service": one, "space": "main"}
        for one in (SERVICE, SERVICE | changes)
    ]
    found = [one for one in of_services(*versions) if one.key == key and said in one.en]
    assert found, of_services(*versions)
    assert all(one.zh != one.en for one in found)
    assert of_services(versions[0], versions[0]) == ()


def test_what_of_a_service_has_no_words_is_told_as_such():
    old = {"id": SERVICE["id"], "title": SERVICE["title"], "service": SERVICE, "space": "main"}
    assert [one.key for one in of_services(old, old | {"space": "harbour"})] == ["space"]
    assert [one.key for one in of_services(old, old | {"more": 1})] == ["other"]
