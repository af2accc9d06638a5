"""The dataset value: both JSON forms, and every refusal by its path."""

from __future__ import annotations

import copy
import json

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.codes import FREQUENCIES, TIERS, tier
from catalog.dataset import (
    KEYWORDS_MAX,
    Dataset,
    Distribution,
    dataset_from_json,
    dataset_json,
    dcat_json,
    distributions_of,
    searchable,
)
from catalog.errors import CatalogError
from catalog.profile import Column, FileProfile
from contracts.canonical import canonical, load
from tests.every import every

FILE = FileProfile(
    "weather.parquet", "application/vnd.apache.parquet", 200_000, 26_115,
    (Column("temp", "number", 1, None, "10.94", "100.04"), Column("origin", "text", 0, 3)),
    {"completeness": 9387},
)  # fmt: skip
WEATHER = Dataset(
    "urn:example:weather", "Weather 2013", "Hourly weather of three airports", ("weather", "天气"), (FILE,),
    distributions_of("leased"), 2, "US-NY", "historical",
)  # fmt: skip

names = st.text(min_size=1, max_size=20).filter(str.strip)
counts = st.integers(0, 2**62)
columns = st.builds(
    Column, names, st.sampled_from(["integer", "text", "local-time"]), counts, st.none() | counts,
    st.none() | names, st.none() | names, st.none() | names,
)  # fmt: skip
files = st.builds(
    FileProfile, names, names, counts, st.none() | counts, st.lists(columns, max_size=3).map(tuple),
    st.dictionaries(names, st.integers(0, 10_000), max_size=2), st.just("") | names,
)  # fmt: skip
datasets = st.builds(
    Dataset, names, names, st.text(max_size=50), st.lists(names, max_size=4).map(tuple),
    st.lists(files, min_size=1, max_size=3, unique_by=lambda file: file.path).map(tuple),
    st.sampled_from(sorted(TIERS)).map(distributions_of), st.integers(1, 5),
    st.sampled_from(["", "CN", "US-NY", "DE"]), st.sampled_from(sorted(FREQUENCIES)),
    st.fixed_dictionaries({}, optional={"topic": st.just("B0300"), "industry": st.sampled_from(["G", "56"])}),
)  # fmt: skip


@given(datasets)
def test_json_gives_the_same_dataset_back(dataset):
    assert dataset_from_json(json.loads(json.dumps(dataset_json(dataset)))) == dataset


def test_json_can_be_hashed():
    document = dataset_json(WEATHER)
    assert load(canonical(document)) == document


def test_counts_are_sums():
    assert (WEATHER.size, WEATHER.rows, WEATHER.columns) == (200_000, 26_115, ("temp", "origin"))
    assert "天气" in searchable(WEATHER)
    assert "origin" in searchable(WEATHER)


FILE_JSON = dataset_json(WEATHER)["files"][0]
RATIO = "files/0/quality/completeness"

BROKEN = [
    ("id", "", "title"),
    ("title", " ", "title"),
    ("title", "x" * 257, "title"),
    ("title", None, "title"),
    ("keywords", ["x"] * (KEYWORDS_MAX + 1), "keywords"),
    ("keywords", ["x" * 65], "keywords"),
    ("keywords", "weather", "keywords"),
    ("files", [], "files"),
    ("files", [FILE_JSON] * 2, "files"),
    ("files", [{**FILE_JSON, "size": "007"}], "files/0/size"),
    ("files", [{**FILE_JSON, "size": 7}], "files/0/size"),
    ("files", [{**FILE_JSON, "size": "9" * 20}], "files/0/size"),
    ("files", [{**FILE_JSON, "extra": 1}], "files/0"),
    ("files", [{**FILE_JSON, "quality": {"completeness": 10_001}}], RATIO),
    ("files", [{**FILE_JSON, "quality": {"completeness": True}}], RATIO),
    ("files", [{**FILE_JSON, "columns": [{"name": "a", "kind": "odd", "nulls": "0"}]}],
     "files/0/columns/0/kind"),
    ("distributions", [], "distributions"),
    ("distributions", [{"tier": "kept", "format": "HttpData-PULL"}], "distributions"),
    ("distributions", [{"tier": "free", "format": "HttpData-PULL"}], "tier"),
    ("grade", 0, "grade"),
    ("grade", True, "grade"),
    ("grade", "2", "grade"),
    ("region", "XX", "region"),
    ("frequency", "often", "frequency"),
]  # fmt: skip


@every(("key", "value", "path"), BROKEN)
def test_a_broken_document_is_refused_by_its_path(key, value, path):
    document = copy.deepcopy(dataset_json(WEATHER))
    document[key] = value
    with pytest.raises(CatalogError) as caught:
        dataset_from_json(document)
    assert caught.value.path == path


@every("key", sorted(dataset_json(WEATHER)))
def test_every_key_is_required_and_no_other_allowed(key):
    document = dataset_json(WEATHER)
    del document[key]
    with pytest.raises(CatalogError, match=f"lacks `{key}`"):
        dataset_from_json(document)
    with pytest.raises(CatalogError, match="unknown keys `colour`"):
        dataset_from_json({**dataset_json(WEATHER), "colour": "red"})


def test_the_catalogue_face_has_what_the_protocol_requires():
    offer = {"@id": "o1", "@type": "Offer", "permission": [{"action": "use"}]}
    face = dcat_json(WEATHER, offers=[offer], service="urn:service")
    schema = {
        "type": "object",
        "required": ["@id", "@type", "hasPolicy", "distribution"],
        "properties": {
            "hasPolicy": {"type": "array", "minItems": 1},
            "distribution": {"type": "array", "minItems": 1, "items": {"required": ["format", "accessService"]}},
        },
    }
    assert jsonschema_rs.is_valid(schema, face)
    assert [way["format"] for way in face["distribution"]] == list(tier("leased").formats)
    with pytest.raises(AssertionError, match="has no target"):
        dcat_json(WEATHER, offers=[{**offer, "target": "x"}], service="urn:service")


def test_every_tier_has_a_way_of_delivery_and_says_who_counts():
    for key, row in TIERS.items():
        assert row.counted_by in ("provider", "holder", "key holder")
        assert all(way == Distribution(key, way.format) for way in distributions_of(key))
        assert distributions_of(key)
