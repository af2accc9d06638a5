"""Row sets against Python's own sets as the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from contracts.ranges import RowSet

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 9)), max_size=12)


def as_set(pairs):
    return {row for first, count in pairs for row in range(first, first + count)}


@given(PAIRS, PAIRS)
def test_algebra_is_that_of_sets(one, two):
    a, b = RowSet.of(one), RowSet.of(two)
    x, y = as_set(one), as_set(two)
    assert set(a) == x
    assert list(a) == sorted(x)
    assert len(a) == len(x)
    assert set(a | b) == x | y
    assert set(a - b) == x - y
    assert set(a & b) == x & y
    assert (a <= b) == (x <= y)
    assert (a == b) == (x == y)
    assert a.end == max(x, default=-1) + 1


@given(PAIRS)
def test_one_form_only(pairs):
    rows = RowSet.of(pairs)
    assert RowSet.from_json(rows.json()) == rows
    assert RowSet.rows(as_set(pairs)) == rows
    assert bool(rows) == bool(as_set(pairs))


@given(PAIRS, st.integers(0, 70))
def test_take_and_membership(pairs, n):
    rows = RowSet.of(pairs)
    assert list(rows.take(n)) == sorted(as_set(pairs))[:n]
    assert (n in rows) == (n in as_set(pairs))


BAD = [
    None, {}, "[]", [[0]], [[0, 0]], [[0, -1]], [[-1, 2]], [[0, 1, 2]], [[0, 2], [1, 1]], [[0, 2], [2, 1]],
    [[5, 1], [0, 1]], [[0, True]], [[0.0, 1]], [["0", 1]], [[2**53, 1]], [[0, 2**53]],
]  # fmt: skip


@pytest.mark.parametrize("value", BAD, ids=str)
def test_anything_but_the_canonical_form_is_refused(value):
    with pytest.raises(ContractError) as refusal:
        RowSet.from_json(value)
    assert refusal.value.code == "ranges"


def test_number_of_ranges_is_limited():
    with pytest.raises(ContractError):
        RowSet.from_json([[0, 1], [2, 1], [4, 1]], max_ranges=2)
