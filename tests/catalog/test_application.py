"""A program that is sold stands on the list as one: in the data set's document, in facets, faces, and what differs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from catalog.dataset import DCT, Dataset, dataset_from_json, dataset_json, dcat_json, distributions_of
from catalog.dcat_ap import dcat_ap
from catalog.difference import differences
from catalog.errors import CatalogError
from catalog.facets import FACETS, Listed
from catalog.profile import FileProfile
from catalog.turtle import turtle
from connector.client.acts.described import lines
from contracts.application import Application
from contracts.tariff import Tariff
from tests.catalog.described import view
from tests.catalog.test_difference import version
from tests.every import every

PROGRAM = "sha-256:" + "ab" * 32
SOLD = Application(PROGRAM, ("age", "revenue"), (("slope", -10.0, 10.0),), (("factor", 0.0, 2.0),))
DATA = Dataset(
    "slope", "Slope", "of a line", ("slope",), (FileProfile("slope.wasm", "application/wasm", 400),),
    distributions_of("leased"), 1,
)  # fmt: skip
PRODUCT = replace(DATA, application=SOLD, classes={"form": "application"})


def test_it_is_read_as_it_was_written():
    document = json.loads(json.dumps(dataset_json(PRODUCT)))
    assert document["application"] == SOLD.json()
    assert dataset_from_json(document) == PRODUCT
    assert "application" not in dataset_json(DATA)


@every("odd", [[], {}, "any", {**SOLD.json(), "program": "ab" * 32}, {**SOLD.json(), "needs": []}])
def test_what_is_none_is_refused_by_its_path(odd):
    with pytest.raises(CatalogError) as caught:
        dataset_from_json({**dataset_json(DATA), "application": odd})
    assert caught.value.path == "application"


def test_it_is_found_as_what_it_is():
    for product, kind in ((DATA, "dataset"), (PRODUCT, "application")):
        listed = Listed(product, "did:web:p.example", Tariff("opening", 1, 1, "CNY"), datetime(2026, 1, 1, tzinfo=UTC))
        assert FACETS["kind"].values(listed) == (kind,)
        assert FACETS["kind"].words(kind) is not None


def test_faces_say_that_it_is_one_and_which():
    offer = {"@id": "o1", "@type": "Offer", "permission": [{"action": "use"}]}
    face = dcat_json(PRODUCT, offers=[offer], service="urn:service")
    assert face[DCT + "type"] == "application"
    assert SOLD.json() in face.values()
    told = dcat_ap(view(PRODUCT))
    assert (told["dct:type"]["@id"].rsplit("/", 1)[-1], told["penstock:program"]) == ("application", PROGRAM)
    assert PROGRAM in turtle(told)
    assert "dct:type" not in dcat_ap(view(DATA))


def test_another_program_is_another_thing():
    other = replace(PRODUCT, application=replace(SOLD, program="sha-256:" + "cd" * 32))
    [found] = differences(version(PRODUCT), version(other))
    assert (found.key, PROGRAM[:20] in found.en) == ("program", True)
    named = replace(PRODUCT, application=replace(SOLD, needs=("year", "revenue")))
    assert [one.key for one in differences(version(PRODUCT), version(named))] == ["other"]


def test_a_person_reads_what_it_needs_takes_and_tells():
    told = "\n".join(lines(dataset_json(PRODUCT)))
    assert all(one in told for one in (PROGRAM, "age, revenue", "factor:0.0:2.0", "slope:-10.0:10.0"))
