"""Datasets of other makes: whatever they tell is read or not told, and comes back from its JSON as it was."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import foreign
from catalog.codes import FREQUENCIES, TIERS
from catalog.dataset import TITLE_CHARACTERS_MAX, Dataset, Distribution, dcat_json
from catalog.errors import CatalogError
from catalog.found import LIMITS, PLAIN, SEALED, found_id, is_found, limits_of
from catalog.printable import printable
from catalog.profile import FileProfile
from tests.every import every

OFFER = {"@id": "o", "@type": "Offer", "permission": [{"action": "use"}]}
WAYS = [{"@type": "Distribution", "format": "HttpData-PULL", "accessService": "s"}]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
MEMBERS = [
    "title", "dct:title", foreign.DCT + "title", foreign.DCT + "description", "dcat:keyword", foreign.DCT + "spatial",
    foreign.DCT + "accrualPeriodicity", *(foreign.NS + name for name in ("tier", "grade", "rows", "byteSize", "topic")),
]  # fmt: skip


def read(dataset):
    return foreign.read(
        {"@id": "d", "hasPolicy": [OFFER], "distribution": WAYS} | dataset, "did:web:p", "https://p/dsp", "", {}
    )


@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_whatever_a_member_holds_it_is_read_or_counts_as_not_told(members):
    made = read(members)
    assert made.title
    assert foreign.from_json(json.loads(json.dumps(made.json()))) == made


def test_our_own_face_is_read_back_as_far_as_it_tells():
    files = (FileProfile("a.csv", "text/csv", 1000),)
    ways, about = (Distribution("kept", TIERS["kept"].formats[0]),), {"region": "CN-44", "frequency": "daily"}
    own = Dataset("d", "Tides", "of the harbour", ("tides",), files, ways, 2, **about, classes={"topic": "B0300"})
    made = read(dcat_json(own, offers=[OFFER], service="s"))
    told = (made.title, made.description, made.keywords, made.region, made.frequency, made.grade, made.size)
    assert told == ("Tides", "of the harbour", ("tides",), "CN-44", "daily", "2", "1000")
    assert made.tiers == ("kept",)
    assert made.classes == {"topic": "B0300"}


@every("frequency", FREQUENCIES)
def test_every_frequency_of_the_vocabulary_is_understood(frequency):
    link = foreign.EU_FREQUENCY + foreign.EU_FREQUENCIES[frequency]
    assert read({foreign.DCT + "accrualPeriodicity": [{"@id": link}]}).frequency == frequency


@every(
    "changes",
    [{"more": 1}, {"title": ""}, {"region": "XX"}, {"frequency": "sometimes"}, {"grade": "9"}, {"tiers": ["odd"]},
     {"rows": "01"}, {"price": "-1"}, {"classes": {"topic": "Z"}}, {"offers": "x"}, {"keywords": ["x" * 65]}],
)  # fmt: skip
def test_json_that_we_would_not_have_written_is_refused(changes):
    with pytest.raises(CatalogError):
        foreign.from_json(read({}).json() | changes)


@given(st.text(max_size=2_000), st.integers(1, TITLE_CHARACTERS_MAX))
def test_a_strangers_text_is_one_printable_line(text, most):
    shown = printable(text, most)
    assert len(shown) <= most
    assert shown == shown.strip()
    assert not [
        one
        for one in shown
        if unicodedata.category(one)[0] == "C" or (one != " " and unicodedata.category(one)[0] == "Z")
    ]
    assert printable(shown, most) == shown


@given(st.text(max_size=30), st.text(max_size=30), st.text(max_size=30), st.text(max_size=30))
def test_two_products_have_two_ids(provider, own, other_provider, other):
    same = (provider, own) == (other_provider, other)
    assert (found_id(provider, own) == found_id(other_provider, other)) == same
    assert is_found(found_id(provider, own))


def test_what_is_lacking_is_said_in_both_languages():
    assert all(limit.en and limit.zh for limit in LIMITS.values())
    assert set(limits_of(PLAIN, priced=False, hops=1, differ=True)) == set(LIMITS) - {"other-space"}
    assert limits_of(SEALED, priced=True, hops=1, differ=False) == ("other-space", "not-reviewed")
