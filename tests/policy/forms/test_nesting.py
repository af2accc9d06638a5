"""Depth told in linear time, whatever the text."""

from __future__ import annotations

import json
import signal

from hypothesis import given
from hypothesis import strategies as st

from policy.forms.nesting import is_deeper
from tests.every import every

JSON = st.recursive(st.text() | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
SECONDS = 20  # a reader that is not linear takes minutes


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(JSON, st.integers(0, 4))
def test_it_is_the_depth_of_a_json_document(value, levels):
    assert is_deeper(json.dumps(value, ensure_ascii=False), levels) is (depth(value) > levels)


@every("text", ['"[["', "'[['", '"""["["""', "<a[[>", "# [[", '"\\"[["', "'''['['''", '"""[[', "<[["])
def test_brackets_in_texts_names_and_remarks_open_nothing(text):
    assert not is_deeper(text, 0)


@every("unit", ['"', "'", '"\\', "'\\", '"""', "'''", "<", "<a", '"""\\', '"<', "'\"", '""', "#\n"])
@every("head", ["", '"""', "'''", '"', "'"])
def test_no_text_makes_it_slow(unit, head):
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        is_deeper(head + unit * (300_000 // len(unit)), 64)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
