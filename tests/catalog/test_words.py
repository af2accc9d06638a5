"""Words."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from catalog.words import words
from tests.every import every


@every(
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
def test_every_two_neighbours_are_a_word(text, data):
    at = data.draw(st.integers(0, len(text) - 2))
    assert text[at : at + 2] in words(text)
