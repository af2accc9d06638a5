"""What lies in what, by form, by scheme and by the world's word, and of what it is not known where it lies."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from policy.hierarchy import HIERARCHIES
from policy.vocabulary.operands import ValueType
from policy.world import World
from tests.every import every

PURPOSE = "https://w3id.org/penstock/purpose#"
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def world(**part_of):
    return World(NOW, {member: frozenset(groups) for member, groups in part_of.items()})


@every(
    ("kind", "value", "line"),
    [
        (ValueType.PARTY, "did:web:a", {"did:web:a"}),
        (ValueType.TERM, "a/b-c", {"a/b-c"}),
        (ValueType.CODE, "tee", {"tee"}),
        (ValueType.PURPOSE, "urn:other", {"urn:other"}),
        (ValueType.LANGUAGE, "zh", {"zh"}),
        (ValueType.LANGUAGE, "zh-hant-tw", {"zh", "zh-hant", "zh-hant-tw"}),
        (ValueType.MEDIA, "text/csv", {"text/csv", "text/*"}),
        (ValueType.MEDIA, "text/*", {"text/*"}),
        (ValueType.MEDIA, "csv", {"csv"}),
        (ValueType.MEDIA, "https://example.org/format", {"https://example.org/format"}),
        (ValueType.NETWORK, "192.0.0.0/2", {"192.0.0.0/2", "128.0.0.0/1", "0.0.0.0/0"}),
        (ValueType.NETWORK, "::/0", {"::/0"}),
        (ValueType.NETWORK, "the-office", {"the-office"}),
        (ValueType.REGION, "US-NY", {"US-NY", "US"}),
        (ValueType.REGION, "urn:zone", {"urn:zone"}),
    ],
)
def test_a_value_lies_in_itself_and_in_what_its_form_says(kind, value, line):
    hierarchy = HIERARCHIES[kind]
    assert hierarchy.line(value) == line
    assert hierarchy.above(value, world()) == line
    assert hierarchy.above(value, world(other=["urn:elsewhere"])) == line


def test_a_purpose_lies_in_every_broader_one():
    broader = {PURPOSE + name for name in ("Research", "ScientificResearch", "TransportResearch", "AirTrafficResearch")}
    found = HIERARCHIES[ValueType.PURPOSE].line(PURPOSE + "AirTrafficResearch")
    assert {PURPOSE + "Research", PURPOSE + "TransportResearch"} <= found
    assert PURPOSE + "Marketing" not in found
    assert found & broader


def test_every_address_lies_in_each_of_its_networks():
    found = HIERARCHIES[ValueType.NETWORK].line("10.1.7.9/32")
    assert len(found) == 33
    assert {"10.1.7.9/32", "10.1.0.0/16", "10.0.0.0/8", "0.0.0.0/0"} <= found


def test_the_world_says_where_else_a_value_lies_however_far_up():
    told = world(**{"did:web:a": ["urn:team"], "urn:team": ["urn:org", "urn:guild"], "urn:other": ["urn:far"]})
    above = HIERARCHIES[ValueType.PARTY].above("did:web:a", told)
    assert above == {"did:web:a", "urn:team", "urn:org", "urn:guild"}


def test_what_the_world_says_of_a_wider_value_holds_for_what_lies_in_it():
    told = world(**{"zh": ["urn:sinitic"], "urn:sinitic": ["sit-x"]})
    above = HIERARCHIES[ValueType.LANGUAGE].above("zh-hant", told)
    assert above == {"zh-hant", "zh", "urn:sinitic", "sit-x", "sit"}


def test_a_circle_of_places_ends():
    told = world(**{"urn:a": ["urn:b"], "urn:b": ["urn:a"]})
    assert HIERARCHIES[ValueType.PARTY].above("urn:a", told) == {"urn:a", "urn:b"}


def test_a_province_is_one_place_however_the_world_spells_it():
    for spelled in ("CN-44", "CN-GD", "440000"):
        told = world(**{spelled: ["urn:bay"]})
        assert "urn:bay" in HIERARCHIES[ValueType.REGION].above("440300", told), spelled


@pytest.mark.parametrize(
    ("kind", "known", "unheard"),
    [(ValueType.PURPOSE, PURPOSE + "Audit", "urn:other"), (ValueType.REGION, "US-NY", "urn:zone")],
)
def test_where_a_purpose_or_a_region_lies_is_known_by_its_scheme_or_from_the_world(kind, known, unheard):
    hierarchy = HIERARCHIES[kind]
    assert hierarchy.placed(known, world()) is True
    assert hierarchy.placed(unheard, world()) is False
    assert hierarchy.placed(unheard, world(**{unheard: ["urn:x"]})) is True
    assert hierarchy.placed(unheard, world(**{"urn:x": [unheard]})) is True
    assert hierarchy.placed(unheard, world(**{"urn:x": ["urn:y"]})) is False


@every("kind", sorted(set(HIERARCHIES) - {ValueType.PURPOSE, ValueType.REGION}))
def test_any_other_value_lies_where_it_is_said_to_and_nowhere_else(kind):
    assert HIERARCHIES[kind].placed("urn:unheard", world()) is True
