"""Words and ranking."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.search import Document, rank, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("New York 2013", ["new", "york", "2013"]),
        ("wind_gust,dep-delay", ["wind", "gust", "dep", "delay"]),
        ("天气数据", ["天气", "气数", "数据"]),
        ("车", ["车"]),
        ("NYC天气2013", ["nyc", "天气", "2013"]),
        ("ＡＢＣ", ["abc"]),  # noqa: RUF001 -- full-width letters are what is tested
        ("Straße", ["strasse"]),
        ("", []),
        ("—…!", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


@given(st.text(max_size=80))
def test_words_are_stable_and_each_is_its_own_word(text):
    found = words(text)
    assert words(" ".join(found)) == found
    assert words(unicodedata.normalize("NFKC", text)) == found


@given(st.text(alphabet="天气数据航班延误", min_size=2, max_size=12), st.data())
def test_every_two_neighbours_are_found(text, data):
    at = data.draw(st.integers(0, len(text) - 2))
    assert [hit.key for hit in rank(text[at : at + 2], [Document("d", "x", text)])] == ["d"]


DOCUMENTS = [
    Document("a", "Flights", "departures and arrivals, with weather delay"),
    Document("b", "Weather", "hourly 天气数据"),
    Document("c", "Airlines", "names of carriers"),
]


def test_a_word_in_the_title_comes_first():
    assert [hit.key for hit in rank("WEATHER", DOCUMENTS)] == ["b", "a"]


def test_every_word_must_be_there():
    assert [hit.key for hit in rank("weather 天气", DOCUMENTS)] == ["b"]
    assert rank("weather carriers", DOCUMENTS) == []


@pytest.mark.parametrize("query", ["", "  ", "?!", "zeppelin"])
def test_nothing_found(query):
    assert rank(query, DOCUMENTS) == []
    assert rank(query, []) == []


def test_the_rare_word_weighs_more_and_ties_are_settled_by_key():
    common = [Document(f"k{at}", "", "data data" if at else "data rare") for at in range(5)]
    assert [hit.key for hit in rank("data", common)] == ["k1", "k2", "k3", "k4", "k0"]
    scores = {hit.key: hit.score for hit in rank("data rare", common)}
    assert set(scores) == {"k0"}


@given(st.permutations(DOCUMENTS))
def test_the_order_of_documents_does_not_matter(documents):
    assert rank("weather", documents) == rank("weather", DOCUMENTS)
