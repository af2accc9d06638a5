"""The catalogue's index: what is found, in which order, how it is counted, and how far it is."""

from __future__ import annotations

from collections import Counter

import pytest
import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog.errors import CatalogError
from catalog.index import Index
from catalog.question import CONDITIONS_MAX, TITLE_WEIGHT, Entry, Question, question
from catalog.words import words
from tests.every import every
from tests.fault.extent import tried


def entry(key, seq, title, body="", **facets):
    measures = {"rows": seq * 10, "bytes": seq, "updated": seq}
    return Entry(key, seq, (*words(title) * TITLE_WEIGHT, *words(body)), facets, measures)


ENTRIES = (
    entry("a", 1, "Flights", "departures and arrivals, with weather delay", tier=["kept"], region=["CN", "CN-44"]),
    entry("b", 2, "Weather", "hourly 天气数据", tier=["kept", "leased"], region=["US"]),
    entry("c", 3, "Airlines", "names of carriers", tier=["plain"], region=["US", "US-NY"]),
)


@pytest.fixture
def index(tmp_path):
    made = Index(tmp_path / "index")
    made.put(ENTRIES)
    return made


def keys(index, text, *conditions):
    return index.find(question(text, conditions), limit=10).keys


@pytest.mark.parametrize(
    ("text", "conditions", "found"),
    [
        ("WEATHER", (), ("b", "a")),
        ("weather 天气", (), ("b",)),
        ("数据", (), ("b",)),
        ("weather carriers", (), ()),
        ("zeppelin", (), ()),
        ("weather", ("tier=kept",), ("b", "a")),
        ("weather", ("tier=leased,plain",), ("b",)),
        ("", (), ("c", "b", "a")),
        ("", ("region=CN",), ("a",)),
        ("", ("region=440000",), ("a",)),
        ("", ("region=US", "tier=plain"), ("c",)),
        ("", ("rows=20..",), ("c", "b")),
        ("", ("rows=..20",), ("b", "a")),
        ("", ("rows=11..29", "tier=kept"), ("b",)),
    ],
)
def test_what_is_found_in_which_order(index, text, conditions, found):
    assert keys(index, text, *conditions) == found


@every(
    ("conditions", "words_"),
    [
        (("colour=red",), "no condition"),
        (("tier",), "no condition"),
        (("tier=rented",), "unknown tier `rented`"),
        (("tier=",), "no condition"),
        (("provider=a,,b",), "at most"),
        (("tier=kept", "tier=plain"), "asked for twice"),
        (("rows=many",), "no range"),
        (("rows=..",), "no range"),
        (("rows=9999999999999999999..",), "no range"),
        (("grade=1",) * (CONDITIONS_MAX + 1), "the limit is"),
    ],
)
def test_what_is_no_condition_is_refused(conditions, words_):
    with pytest.raises(CatalogError, match=words_):
        question("", conditions)


def test_pages_follow_each_other(index):
    pages = [index.find(question(""), limit=1, first=first) for first in range(4)]
    assert [page.keys for page in pages] == [("c",), ("b",), ("a",), ()]
    assert {page.total for page in pages} == {3}


def test_counts_are_of_what_was_found(index):
    assert index.counts(question("weather"), ["tier", "region"]) == {
        "tier": {"kept": 2, "leased": 1},
        "region": {"CN": 1, "CN-44": 1, "US": 1},
    }
    assert index.counts(question("zeppelin"), ["tier"]) == {"tier": {}}


def test_a_change_takes_the_place_of_what_was_there(index, tmp_path):
    index.put([entry("a", 4, "Trains"), Entry("b", 5)])
    assert keys(index, "weather") == ()
    assert keys(index, "trains") == ("a",)
    assert keys(index, "") == ("a", "c")
    assert Index(tmp_path / "index").newest() == ("b", 5)


def test_an_index_of_another_program_is_begun_anew(tmp_path):
    other = tantivy.SchemaBuilder()
    other.add_text_field("title")
    tantivy.Index(other.build(), str(tmp_path))
    assert Index(tmp_path).newest() is None
    index = Index(tmp_path)
    index.put(ENTRIES)
    assert Index(tmp_path).newest() == ("c", 3)


def test_an_empty_index_is_nowhere_yet(tmp_path):
    empty = Index(tmp_path / "empty")
    assert empty.newest() is None
    assert empty.find(question("x"), limit=1).total == 0
    assert empty.counts(question(""), ["tier"]) == {"tier": {}}


TEXTS = st.lists(st.sampled_from(["weather", "天气", "flights", "data", "carriers", "rain"]), max_size=4).map(" ".join)
TIERS = st.lists(st.sampled_from(["plain", "kept", "leased"]), unique=True, min_size=1)


@settings(max_examples=tried(40), suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS, TIERS), max_size=12), TEXTS, TIERS, st.integers(0, 130))
def test_an_index_finds_what_looking_at_each_would(tmp_path_factory, rows, text, tiers, least):
    index = Index(tmp_path_factory.mktemp("index"))
    entries = [entry(f"k{at}", at + 1, title or "untitled", body, tier=of) for at, (title, body, of) in enumerate(rows)]
    index.put(entries)
    asked = Question(tuple(dict.fromkeys(words(text))), {"tier": tuple(tiers)}, {"rows": (least, None)})
    there = [
        one
        for one in entries
        if set(asked.words) <= set(one.words) and set(one.facets["tier"]) & set(tiers) and one.measures["rows"] >= least
    ]
    found = index.find(asked, limit=100)
    assert sorted(found.keys) == sorted(one.key for one in there)
    assert found.total == len(there)
    assert index.counts(asked, ["tier"])["tier"] == dict(Counter(tier for one in there for tier in one.facets["tier"]))
