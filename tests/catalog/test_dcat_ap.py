"""DCAT-AP 3.0 by the table of its rules, read by another's reader; Turtle says the same triples as JSON-LD."""

from __future__ import annotations

import functools
import json

import pytest
import rdflib
import rdflib.compare
from hypothesis import given, settings
from hypothesis import strategies as st
from rdflib.namespace import DCAT, DCTERMS, RDF

from catalog import product_keys
from catalog.about import about_from_json
from catalog.classes import DIMENSIONS, SECTIONS, TOPICS
from catalog.codes import SERVICE_TYPES
from catalog.dataset import Dataset, distributions_of
from catalog.dcat_ap import EU_THEME_NAMES, EU_THEME_OF, catalogue, data_service, dcat_ap, iri
from catalog.errors import CatalogError
from catalog.profile import Column, FileProfile
from catalog.turtle import turtle
from tests.catalog import dcat_ap_rules as rules
from tests.catalog.described import dataset_of, product_files, view
from tests.every import every
from tests.fault.extent import tried

pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # the reader's own affair
TABLE = FileProfile(
    "tides.csv",
    "text/csv",
    100,
    5,
    (
        Column("day", "date", 0, minimum="2024-01-02", maximum="2025-03-04"),
        Column("seen", "time", 0, minimum="2023-05-06T07:08:09Z", maximum="2025-01-01T00:00:00Z"),
        Column("born", "date", 0, minimum="1930-01-01", maximum="2001-01-01", hint="date of birth"),
        Column("level", "number", 0, minimum="1", maximum="9"),
    ),
)
ABOUT = {
    "title": {"en": "Tides", "zh": "潮汐"},
    "licence": "https://creativecommons.org/licenses/by/4.0/",
    "contact": {"name": "Desk", "email": "d@example.org"},
    "tables": {"tides.csv": {"title": "Levels"}},
}
CLASSES = {"topic": "B0300", "industry": "56", "origin": "collected"}


def described(**change):
    told = {
        "id": "tides", "title": "Tides", "description": "hourly", "keywords": ("tide",), "files": (TABLE,),
        "distributions": distributions_of("kept"), "grade": 2, "region": "US-NY", "frequency": "daily",
        "classes": CLASSES, "about": about_from_json(ABOUT),
    }  # fmt: skip
    return Dataset(**(told | change))


def listed(*faces, **more):
    told = {"address": "https://x.example/exchange/faces/dcat", "title": "X", "total": len(faces), "after": None}
    return catalogue(faces, publisher={"provider": "did:web:x.example", "name": "X"}, **(told | more))


def graph(document):
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


def test_a_product_and_its_catalogue_have_what_the_profile_asks_for_and_recommends():
    found = graph(listed(dcat_ap(view(described()))))
    assert rules.wrong(found) == []
    assert rules.missing(found) == []


def test_the_table_of_rules_finds_what_is_wrong():
    found = graph(listed(dcat_ap(view(described()))))
    [dataset] = found.subjects(RDF.type, DCAT.Dataset)
    found.remove((dataset, DCTERMS.title, None))
    found.add((dataset, DCTERMS.accessRights, rdflib.Literal("closed")))
    found.remove((None, DCAT.accessURL, None))
    found.remove((dataset, DCAT.theme, None))
    assert len(rules.wrong(found)) == 3
    assert len(rules.missing(found)) == 1


def test_what_nobody_said_or_measured_is_not_there():
    bare = described(about=about_from_json({}), classes={}, region="", keywords=(), files=(FileProfile("a", "x/y", 1),))
    found = graph(dcat_ap(view(bare)))
    assert rules.wrong(found) == []
    [dataset] = found.subjects(RDF.type, DCAT.Dataset)
    for verb in (DCTERMS.language, DCTERMS.spatial, DCTERMS.temporal, DCTERMS.license, DCAT.theme, DCTERMS.issued):
        assert found.value(dataset, verb) is None, verb


def test_days_are_told_of_no_person_and_of_nothing_above_the_second_grade():
    period = dcat_ap(view(described()))["dct:temporal"]
    assert (period["dcat:startDate"]["@value"], period["dcat:endDate"]["@value"]) == ("2023-05-06", "2025-03-04")
    assert "dct:temporal" not in dcat_ap(view(described(grade=3)))


@every("key", EU_THEME_OF)
def test_a_theme_is_of_a_class_that_there_is_and_has_a_name(key):
    name, code = key
    assert code in (TOPICS if name == "topic" else SECTIONS)
    assert DIMENSIONS[name].words(code) is not None
    assert EU_THEME_OF[key] in EU_THEME_NAMES


def test_a_catalogue_leads_to_its_next_page_and_has_services():
    service = {
        "description": "", "keywords": [], "type": next(iter(SERVICE_TYPES)), "classes": {}, "grade": 1,
        "serves": ["tides"],
        "endpoint": "https://x.example/a b<c>", "documentation": "", "region": "",
    }  # fmt: skip
    face = data_service({"id": "service:x", "title": "X", "provider": "did:web:x", "price": "1", "service": service})
    page = listed(dcat_ap(view(described())), face, total=200, after=100)
    assert page["hydra:view"]["hydra:next"]["@id"].endswith("?first=100")
    found = rdflib.Graph().parse(data=turtle(page))
    assert rdflib.compare.isomorphic(found, graph(page))
    [endpoint] = [one for one in found.objects(None, DCAT.endpointURL) if "dsp" not in one]
    assert str(endpoint) == "https://x.example/a%20b%3Cc%3E"


@settings(max_examples=tried(100), deadline=None)
@given(product_files())
def test_turtle_says_the_same_triples_of_whatever_a_provider_said(document):
    tables = {name: list(one["columns"]) for name, one in document.get("tables", {}).items()}
    face = dcat_ap(view(dataset_of(product_keys.said(document), tables)))
    found = rdflib.Graph().parse(data=turtle(face))
    assert rdflib.compare.isomorphic(found, graph(face))
    assert rules.wrong(found) == []


@given(st.text())
def test_any_address_becomes_an_iri_that_turtle_takes(text):
    written = turtle({"@context": {"x": "https://x.example/"}, "@id": iri("x:" + text), "x:y": [text, 7, True]})
    [(_, _, value), *_] = [one for one in rdflib.Graph().parse(data=written) if isinstance(one[2], rdflib.Literal)]
    assert written
    assert value is not None


@every("value", ["a b", "no-colon", "x:<>", "x:\n", ""])
def test_what_is_no_iri_is_refused_in_turtle(value):
    with pytest.raises(CatalogError, match="no IRI"):
        turtle({"@context": {}, "@id": value})


NAMED = {"@context": {"a": "http://a.example/"}, "@id": "urn:x"}
STRANGE = [
    {},
    {"@context": {}},
    {"@context": [], "@id": "urn:x"},
    {"@context": {"a": 5}, "@id": "urn:x"},
    {"@context": {"a> . <urn:b": "http://a.example/"}, "@id": "urn:x"},
    NAMED | {"a:b": {"@value": "x", "@language": "en . <urn:b> <urn:c> <urn:d>"}},
    NAMED | {"a:b": {"@value": "x", "@type": 5}},
    NAMED | {"a:b": "\ud800"},
    NAMED | {"a:b": functools.reduce(lambda inner, _: {"a:b": inner}, range(3_000), "x")},
]


@pytest.mark.parametrize("document", STRANGE, ids=range(len(STRANGE)))
def test_what_is_none_of_our_form_is_refused_and_says_nothing_of_its_own(document):
    with pytest.raises(CatalogError):
        turtle(document)
