"""The purpose scheme and the regions."""

from __future__ import annotations

import pytest

from policy.errors import PolicyError
from policy.purposes import BASE, SCHEME, ancestors, label, narrower, resolve
from policy.regions import COUNTRIES, canonical, is_code, line


def test_the_scheme_has_the_size_and_depth_it_promises():
    assert len(SCHEME) >= 100
    assert max(len(ancestors(iri)) for iri in SCHEME) >= 4


def test_every_purpose_has_a_distinct_label_in_both_languages():
    for lang in ("en", "zh"):
        labels = [purpose.labels[lang] for purpose in SCHEME.values()]
        assert len(set(labels)) == len(labels)
        assert all(labels)
    assert all(purpose.labels["en"].isascii() and not purpose.labels["zh"].isascii() for purpose in SCHEME.values())


def test_hierarchy():
    assert ancestors(BASE + "AirTrafficResearch") == {
        BASE + name for name in ("AirTrafficResearch", "TransportResearch", "ScientificResearch", "Research")
    }
    assert BASE + "FlightDelayResearch" in narrower(BASE + "Research")
    assert BASE + "Marketing" not in narrower(BASE + "Research")


@pytest.mark.parametrize(
    "text", [BASE + "AirTrafficResearch", "AirTrafficResearch", "Air traffic research", "航空交通研究"]
)
def test_resolve_takes_iri_name_and_label(text):
    assert resolve(text) == BASE + "AirTrafficResearch"


def test_resolve_refuses_what_it_does_not_know():
    with pytest.raises(PolicyError, match="unknown purpose `world domination`"):
        resolve("world domination")
    with pytest.raises(PolicyError, match="perhaps `Research`; `penstock purposes` lists them"):
        resolve("Resaerch")
    assert label("urn:x", "zh") == "urn:x"


def test_regions():
    assert len(COUNTRIES) == 249
    assert all(map(is_code, ("US", "US-NY", "CN-GD", "FR-75C")))
    assert not any(map(is_code, ("UK", "us", "USA", "US-", "US-NEWYORK", "ZZ-1", "US-NY\n")))
    assert not any(map(is_code, ("990000", "44030", "CN-99", "CN-ZZ")))
    assert (line("US-NY"), line("US"), line("urn:a-b")) == ({"US-NY", "US"}, {"US"}, {"urn:a-b"})


def test_a_province_is_one_place_however_it_is_written():
    assert {canonical(code) for code in ("CN-44", "CN-GD", "440000")} == {"CN-44"}
    assert line("440305") == {"440305", "440300", "CN-44", "CN"}


def test_what_has_its_own_customs_is_part_of_china_only_by_the_worlds_word():
    assert (canonical("810000"), canonical("CN-HK"), line("HK"), line("810100")) == (
        "HK",
        "HK",
        {"HK"},
        {"810100", "HK"},
    )
