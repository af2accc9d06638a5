"""Classes: which codes there are, and what they lie in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.classes import DIMENSIONS, SECTIONS, require
from catalog.dataset import EU_FREQUENCIES
from catalog.errors import CatalogError
from catalog.facets import FACETS
from catalog.question import question
from tests.every import every


@every(
    ("dimension", "code", "line"),
    [
        ("topic", "B0300", ("B0000", "B0300")),
        ("topic", "B0000", ("B0000",)),
        ("topic", "B0312", ("B0000", "B0300", "B0312")),
        ("industry", "56", ("G", "56")),
        ("industry", "G", ("G",)),
        ("industry", "01", ("A", "01")),
        ("industry", "97", ("T", "97")),
        ("application", "T0000", ("T0000",)),
        ("origin", "collected", ("collected",)),
        ("form", "api", ("api",)),
    ],
)
def test_what_a_code_lies_in(dimension, code, line):
    assert DIMENSIONS[dimension].line(code) == line


@every(
    ("classes", "path"),
    [
        ({"topic": "E0000"}, "classes/topic"),
        ({"topic": "B03000"}, "classes/topic"),
        ({"industry": "00"}, "classes/industry"),
        ({"industry": "98"}, "classes/industry"),
        ({"industry": "U"}, "classes/industry"),
        ({"application": "B0300"}, "classes/application"),
        ({"origin": ""}, "classes/origin"),
        ({"colour": "red"}, "classes"),
    ],
)
def test_what_is_no_class_is_refused(classes, path):
    with pytest.raises(CatalogError) as refusal:
        require(classes)
    assert refusal.value.path == path


def test_sections_follow_each_other():
    lasts = [last for last, _, _ in SECTIONS.values()]
    assert lasts == sorted(set(lasts))
    assert "".join(SECTIONS) == "ABCDEFGHIJKLMNOPQRST"


@given(st.sampled_from(sorted(DIMENSIONS)), st.text(max_size=6) | st.from_regex(r"[A-V0-9][0-9]{0,4}", fullmatch=True))
def test_a_code_has_words_and_can_be_asked_for_or_neither(dimension, code):
    row = DIMENSIONS[dimension]
    if row.line(code):
        assert row.line(code)[-1] == code
        assert all(row.words(wider) for wider in row.line(code))
        assert question("", [f"{dimension}={code}"]).facets == {dimension: (code,)}
    else:
        assert row.words(code) is None
        with pytest.raises(CatalogError):
            question("", [f"{dimension}={code}"])


def test_every_frequency_has_its_word_in_both_worlds():
    assert set(EU_FREQUENCIES) == set(FACETS["frequency"].codes)
