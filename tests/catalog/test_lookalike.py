"""Names that look alike share a skeleton; those that do not, do not."""

# ruff: noqa: RUF001 (these characters are what is tested)

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.lookalike import skeleton
from tests.every import every

LATIN, CYRILLIC = "aceopxyk", "асеорхук"


@every(
    ("name", "other"),
    [
        ("Harbour tides", "Harbоur tides"),
        ("PayPal", "Paypa1"),
        ("modern", "modem"),
        ("Tides 2026", "Ｔｉｄｅｓ　２０２６"),
        ("Tides", "T i d e s"),
        ("tides", "ti\u200bdes"),
        ("日报数据", "曰报数据"),
        ("café", "cafe"),
        ("Tides", "TIDES"),
    ],
)
def test_what_a_reader_would_mix_up(name, other):
    assert name != other
    assert skeleton(name) == skeleton(other)


@pytest.mark.parametrize(
    ("name", "other"), [("tides", "tide"), ("2013", "2014"), ("天气", "天空"), ("flights", "weather")]
)
def test_what_nobody_would(name, other):
    assert skeleton(name) != skeleton(other)


@given(st.text(LATIN, min_size=1, max_size=20), st.data())
def test_any_letters_may_be_swapped_for_their_likes(name, data):
    swapped = "".join(data.draw(st.sampled_from([one, CYRILLIC[LATIN.index(one)]])) for one in name)
    assert skeleton(swapped) == skeleton(name)


@given(st.text(max_size=2000))
def test_whatever_is_a_name_has_a_bounded_skeleton(name):
    assert len(skeleton(name)) <= 18 * 256
