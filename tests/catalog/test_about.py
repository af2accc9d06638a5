"""What a provider says besides: whole after its JSON, each text bounded, and in DCAT-AP as a stock reader finds it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import rdflib

from catalog import about as abouts
from catalog.about import NOTHING, about_from_json, about_json, in_language
from catalog.dataset import dataset_from_json, dataset_json, searchable
from catalog.difference import _OF_PRODUCT, _plain, _said
from catalog.errors import CatalogError
from catalog.faces import dcat_ap
from tests.catalog.test_dataset import WEATHER
from tests.every import every

DCT, DCAT = rdflib.Namespace("http://purl.org/dc/terms/"), rdflib.Namespace("http://www.w3.org/ns/dcat#")
CSVW, VCARD = rdflib.Namespace("http://www.w3.org/ns/csvw#"), rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
SAID = {
    "title": {"en": "Weather", "zh": "天气"},
    "description": {"en": "# Weather\n\nof *airports*", "zh": "机场天气"},
    "licence": "As you like.\nBut say whose it is.",
    "contact": {"name": "Desk", "email": "desk@example.org", "url": "https://example.org"},
    "citation": "Desk (2026)",
    "tables": {"weather.parquet": {"title": "W", "columns": {"temp": {"meaning": {"en": "air"}, "unit": "°F"}}}},
    "relations": [
        {"from": {"table": "weather.parquet", "column": "origin"}, "to": {"table": "airports.csv", "column": "faa"}}
    ],
}


def described(said=SAID):
    return replace(WEATHER, about=about_from_json(said))


def test_it_is_the_same_after_its_json_and_absent_where_nothing_is_said():
    dataset = described()
    assert about_json(dataset.about) == SAID
    assert dataset_from_json(json.loads(json.dumps(dataset_json(dataset)))) == dataset
    assert "about" not in dataset_json(WEATHER)
    assert dataset_from_json(dataset_json(WEATHER)).about == NOTHING
    assert not NOTHING
    assert "机场天气" in searchable(dataset)


def test_words_are_in_the_language_that_there_is():
    assert [in_language(SAID["title"], lang) for lang in ("en", "zh")] == ["Weather", "天气"]
    assert in_language({"zh": "天气"}, "en") == "天气"
    assert in_language({}, "en") == ""


REFUSED = [
    ({"unknown": 1}, "unknown"),
    ({"title": {"fr": "x"}}, "fr"),
    ({"title": {"en": "a\nb"}}, "title/en"),
    ({"title": {"en": "x" * (abouts.TITLE_CHARACTERS_MAX + 1)}}, "title/en"),
    ({"description": {"en": "a\u202eb"}}, "description/en"),
    ({"description": {"en": "a\x1b[2J"}}, "description/en"),
    ({"description": {"en": "x" * (abouts.DESCRIPTION_CHARACTERS_MAX + 1)}}, "description/en"),
    ({"licence": "x" * (abouts.LICENCE_CHARACTERS_MAX + 1)}, "licence"),
    ({"licence": 4}, "licence"),
    ({"citation": "x" * (abouts.CITATION_CHARACTERS_MAX + 1)}, "citation"),
    ({"contact": {"phone": "1"}}, "contact"),
    ({"contact": {"email": "a b@c"}}, "email"),
    ({"contact": {"url": "javascript:alert(1)"}}, "url"),
    ({"tables": {"a": {"columns": {"b": {"unit": "x" * (abouts.UNIT_CHARACTERS_MAX + 1)}}}}}, "columns/b/unit"),
    ({"tables": {"a": {"columns": {"b": {"meaning": ["x"]}}}}}, "columns/b/meaning"),
    ({"tables": {"a": {"columns": {f"c{n}": {} for n in range(abouts.COLUMNS_MAX + 1)}}}}, "columns"),
    ({"tables": {f"t{n}": {} for n in range(abouts.TABLES_MAX + 1)}}, "tables"),
    ({"relations": [{"from": {"table": "a", "column": "b"}}]}, "relations/0"),
    ({"relations": [SAID["relations"][0]] * (abouts.RELATIONS_MAX + 1)}, "relations"),
    ([], "about"),
]


@every("said, where", REFUSED)
def test_what_is_wrong_is_refused_by_its_place(said, where):
    with pytest.raises(CatalogError) as refused:
        about_from_json(said)
    assert where in f"{refused.value.path} {refused.value}"


def view(dataset):
    return {
        "dataset": dataset_json(dataset),
        "provider": "did:web:example.org",
        "offer": {"id": "o"},
        "header": {"edition": "1"},
    }


# the reader's own affair
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_a_stock_reader_finds_it_in_dcat_ap():
    graph = rdflib.Graph().parse(data=json.dumps(dcat_ap(view(described()))), format="json-ld")
    [dataset] = graph.subjects(rdflib.RDF.type, DCAT.Dataset)
    assert set(graph.objects(dataset, DCT.title)) == {
        rdflib.Literal("Weather", lang="en"), rdflib.Literal("天气", lang="zh")
    }  # fmt: skip
    assert rdflib.Literal("机场天气", lang="zh") in set(graph.objects(dataset, DCT.description))
    assert graph.value(dataset, DCT.bibliographicCitation) == rdflib.Literal("Desk (2026)")
    contact = graph.value(dataset, DCAT.contactPoint)
    assert graph.value(contact, VCARD.hasEmail) == rdflib.URIRef("mailto:desk@example.org")
    assert graph.value(graph.value(dataset, DCT.license), rdflib.RDFS.label) == rdflib.Literal(SAID["licence"])
    [temp] = graph.subjects(CSVW.name, rdflib.Literal("temp"))
    assert graph.value(temp, DCT.description) == rdflib.Literal("air", lang="en")
    assert graph.value(temp, rdflib.URIRef("http://schema.org/unitText")) == rdflib.Literal("°F")
    assert len(list(graph.subjects(rdflib.RDF.type, CSVW.ForeignKey))) == 1


@every("change, key", [
    ({"licence": "other"}, "licence"),
    ({"contact": {"name": "Other"}}, "contact"),
    ({"citation": "Other"}, "citation"),
    ({"tables": {}}, "meanings"),
    ({"relations": []}, "relations"),
    ({"description": {"en": "other"}}, "languages"),
])  # fmt: skip
def test_every_change_is_told(change, key):
    before, after = described(), described(SAID | change)
    told = [*_plain(_OF_PRODUCT, {"title": "W", "tier": "kept"}, {"title": "W", "tier": "kept"}, before, after)]
    assert [one.key for one in (*told, *_said(before, after))] == [key]


def test_a_column_that_nobody_described_is_still_listed():
    [told] = dcat_ap(view(described()))["dcat:distribution"]
    assert [one["csvw:name"] for one in told["csvw:tableSchema"]["csvw:column"]] == ["temp", "origin"]
