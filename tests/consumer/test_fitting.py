"""A long list in parts: every key is in one, none is too large or too small, and errors add up as they should."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.consumer.fitting import LIST_KEYS_MAX, parts, together
from connector.runtime.errors import InvalidInput
from contracts.coverage import KEYS_AT_ONCE, KEYS_LEAST


@given(st.lists(st.integers(KEYS_LEAST, 60_000), min_size=1, max_size=8))
def test_every_key_is_in_one_part_and_no_part_is_refused(sizes):
    mine = {str(label): range(100_000 * label, 100_000 * label + size) for label, size in enumerate(sizes)}
    if sum(sizes) > LIST_KEYS_MAX:
        with pytest.raises(InvalidInput):
            parts(mine)
        return
    found = parts(mine)
    assert all(sum(map(len, one.values())) <= KEYS_AT_ONCE for one in found)
    assert all(len(keys) >= KEYS_LEAST for one in found for keys in one.values())
    keys = Counter(key for one in found for of in one.values() for key in of)
    assert keys == Counter(key for of in mine.values() for key in of)
    assert (len(found) == 1) == (sum(sizes) <= KEYS_AT_ONCE)


def test_a_group_that_is_too_small_is_left_whole_for_its_refusal():
    assert parts({"": list("abc")}) == [{"": list("abc")}]
    [first, *_] = parts({"few": range(50), "many": range(50_000)})
    assert len(first["few"]) == 50


def test_errors_of_parts_add_up_by_their_squares():
    answers = [[["", "", 1_000, 500, 470, 540]], [["", "", 1_000, 300, 260, 330], ["b", "", 200, 10, 5, 20]]]
    assert together(answers) == [["", "", 2_000, 800, 750, 850], ["b", "", 200, 10, 5, 20]]
    assert together([[["", "", 100, 2, 0, 9]], [["", "", 100, 99, 90, 100]]])[0][4:] == [92, 108]
