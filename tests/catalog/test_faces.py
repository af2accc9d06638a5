"""One product with two faces: triples that a stock reader understands, codes that the national catalogue knows."""

from __future__ import annotations

import json

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st

from catalog import identifiers
from catalog.dataset import Dataset, dataset_json, distributions_of
from catalog.errors import CatalogError
from catalog.faces import FACES, code_state, dcat_ap, registration
from catalog.identifiers import Kind
from catalog.profile import FileProfile
from catalog.resource import from_json, local_code, require_code
from contracts.check_character import ALPHABET, check_character
from tests.every import every

SUBJECT = "91440300MA5ABCDE0X"
DCAT, DCT = rdflib.Namespace("http://www.w3.org/ns/dcat#"), rdflib.Namespace("http://purl.org/dc/terms/")
DATASET = Dataset(
    "tides",
    "Harbour tides",
    "hourly 潮汐",
    ("tide",),
    (FileProfile("tides.csv", "text/csv", 100, 5),),
    distributions_of("kept"),
    2,
    "US-NY",
    "daily",
    {"topic": "B0300", "origin": "collected"},
)
RESOURCE = {
    "id": "gauges",
    "title": "Tide gauges",
    "description": "",
    "owner": "Harbour Office",
    "steward": "Li Wei",
    "grade": 3,
    "classes": {},
    "code": local_code(Kind.RESOURCE, SUBJECT, "440305", "gauges"),
}


def view(**more):
    return {
        "id": "tides",
        "provider": "did:web:p.example",
        "dataset": dataset_json(DATASET),
        "offer": {"id": "tides#offer"},
        "header": {"edition": "3"},
        "quality": {"letter": "B"},
        "code": local_code(Kind.PRODUCT, SUBJECT, "440305", "tides"),
        "resource": RESOURCE,
    } | more


def graph(document):
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


# the reader's own affair
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")
def test_a_stock_reader_finds_what_dcat_ap_asks_for():
    found = graph(dcat_ap(view()))
    [dataset] = found.subjects(rdflib.RDF.type, DCAT.Dataset)
    for needed in (DCT.title, DCT.description, DCT.publisher, DCAT.distribution, DCAT.theme, DCT.identifier):
        assert list(found.objects(dataset, needed)), needed
    [distribution] = found.objects(dataset, DCAT.distribution)
    assert list(found.objects(distribution, DCAT.accessURL)) == [rdflib.URIRef("did:web:p.example")]
    [size] = found.objects(distribution, DCAT.byteSize)
    assert (size.toPython(), size.datatype) == (100, rdflib.XSD.nonNegativeInteger)
    themes = {
        label.language: str(label)
        for theme in found.objects(dataset, DCAT.theme)
        for label in found.objects(theme, DCT.title)
    }
    assert "zh" in themes
    assert str(next(found.objects(dataset, DCT.accrualPeriodicity))).endswith("/DAILY")
    [resource] = found.subjects(rdflib.RDF.type, DCAT.Resource)
    assert str(next(found.objects(resource, DCT.identifier))) == RESOURCE["code"]


def test_the_national_registration_has_its_codes_and_says_which_are_local():
    found = registration(view())
    assert (found["updateFrequency"], found["securityGrade"], found["quality"], found["origin"]) == (
        "002",
        "002",
        "002",
        "002",
    )
    assert (found["deliveryForm"], found["topicClass"]) == ("001", "B0300")
    assert found["productIdState"]["en"].startswith("local")
    assert (found["resource"]["owner"], found["resource"]["steward"]) == ("Harbour Office", "Li Wei")
    assert identifiers.read(found["productId"]).kind is Kind.PRODUCT
    assert identifiers.read(found["resource"]["resourceId"]).kind is Kind.RESOURCE


@pytest.mark.parametrize("name", FACES)
def test_neither_face_needs_a_code_or_a_resource(name):
    found = FACES[name](view(code=None, resource=None))
    assert json.dumps(found)


def test_what_a_code_is_worth_is_said():
    assert code_state("")["en"].startswith("no code")
    assert code_state("abc")["en"].startswith("no code of the national form")
    assigned = "6" + SUBJECT + "4403" + "00000001"
    assert code_state(assigned + check_character(assigned))["en"].startswith("assigned by a node, as")


@given(st.text(ALPHABET, min_size=18, max_size=18), st.text(max_size=40), st.sampled_from(["440305", "US-NY", ""]))
def test_a_local_code_is_always_the_same_and_reads_well(subject, named, region):
    code = local_code(Kind.PRODUCT, subject, region, named)
    assert code == local_code(Kind.PRODUCT, subject, region, named)
    assert require_code(code, Kind.PRODUCT).local
    with pytest.raises(CatalogError):
        require_code(code, Kind.RESOURCE)


def test_without_a_subject_there_is_no_code():
    assert local_code(Kind.PRODUCT, "", "440305", "tides") == ""


@every(
    "change",
    [
        {"owner": " "},
        {"steward": ""},
        {"grade": 0},
        {"grade": "2"},
        {"code": "7"},
        {"code": local_code(Kind.PRODUCT, SUBJECT, "", "x")},
        {"classes": {"topic": "Z"}},
        {"more": ""},
        {"title": "x" * 257},
    ],
)
def test_what_is_no_resource_is_refused(change):
    assert from_json(RESOURCE).json() == RESOURCE
    with pytest.raises(CatalogError):
        from_json(RESOURCE | change)
