"""A data service as one value: read strictly, found beside the data sets, and shown as `dcat:DataService`."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from catalog import faces, service
from catalog.errors import CatalogError
from catalog.index import Index
from catalog.question import question
from contracts.errors import ContractError
from tests.every import every

AT = datetime(2026, 3, 1, tzinfo=UTC)
SERVICE = {
    "id": "service:tide-forecast",
    "title": "Tide forecast",
    "description": "the next tide at any quay, 潮汐预报",
    "type": "analytics",
    "endpoint": "https://tides.example/forecast",
    "documentation": "",
    "region": "US-NY",
    "keywords": ["harbour"],
    "serves": ["tides"],
    "grade": 2,
    "classes": {"topic": "B0300"},
    "tariff": {"unit": "call", "minor": "20", "per": "1", "currency": "CNY"},
    "policy": {"permission": [{"action": "use"}]},
}


def test_it_is_read_as_it_is_written():
    assert service.from_json(SERVICE).json() == SERVICE


@every(
    ("changes", "path"),
    [
        ({"id": "tide-forecast"}, "id"),
        ({"id": "service:"}, "id"),
        ({"title": " "}, "title"),
        ({"title": "Tide\u202eforecast"}, "title"),
        ({"title": "t" * 257}, "title"),
        ({"type": "magic"}, "type"),
        ({"endpoint": "javascript:alert(1)"}, "endpoint"),
        ({"documentation": "https://a.example/\u202e"}, "documentation"),
        ({"region": "Atlantis"}, "region"),
        ({"grade": 6}, "grade"),
        ({"grade": "2"}, "grade"),
        ({"classes": {"topic": "Z9999"}}, "topic"),
        ({"serves": ["x"] * 65}, "serves"),
        ({"price": "5"}, "service"),
    ],
)
def test_what_is_in_no_table_is_refused_by_its_path(changes, path):
    with pytest.raises(CatalogError) as refusal:
        service.from_json(SERVICE | changes)
    assert refusal.value.path.endswith(path)


def test_a_price_is_one_of_the_tariff_table():
    with pytest.raises(ContractError):
        service.from_json(SERVICE | {"tariff": SERVICE["tariff"] | {"unit": "smile"}})


def test_the_index_finds_it_by_words_in_both_languages_and_by_every_facet_it_has(tmp_path):
    index = Index(tmp_path)
    read = service.from_json(SERVICE)
    index.put([service.entry(read, 1, "did:web:p.example", "main", AT)])
    for text in ("tide forecast", "harbour", "潮汐"):
        assert index.find(question(text), limit=5).keys == (read.id,)
    for where in ("kind=service", "unit=call", "topic=B0000", "region=US", "grade=2", "provider=did:web:p.example"):
        assert index.find(question("", [where]), limit=5).total == 1, where
    for where in ("kind=dataset", "grade=1", "rows=1..", "tier=plain,kept,leased"):
        assert index.find(question("", [where]), limit=5).total == 0, where


def test_its_face_is_a_data_service_of_dcat():
    view = {"id": SERVICE["id"], "title": SERVICE["title"], "provider": "did:web:p.example", "service": SERVICE}
    face = faces.data_service(view | {"price": "0.20 CNY per call"})
    assert face["@type"] == "dcat:DataService"
    assert face["dcat:endpointURL"] == {"@id": SERVICE["endpoint"]}
    assert "dcat:endpointDescription" not in face
    assert face["dcat:servesDataset"][0]["@id"].endswith("product/tides")
    assert face["dct:type"]["@id"].endswith("service-type/005")
