"""Row sets against Python's own sets as the oracle."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractError
from contracts.ranges import RowSet
from tests.every import every

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


@every("value", BAD, ids=str)
def test_anything_but_the_canonical_form_is_refused(value):
    with pytest.raises(ContractError) as refusal:
        RowSet.from_json(value)
    assert refusal.value.code == "ranges"


def test_number_of_ranges_is_limited():
    with pytest.raises(ContractError):
        RowSet.from_json([[0, 1], [2, 1], [4, 1]], max_ranges=2)
    assert len(RowSet.from_json([[0, 1], [2, 1]], max_ranges=2)) == 2
    with pytest.raises(ContractError, match="ranges are at most 1048576 pairs"):
        RowSet.from_json(None)


def test_rows_are_numbered_as_far_as_json_holds_the_row_behind_the_last():
    last = 2**53 - 2
    assert RowSet.from_json([[last, 1]]).end == 2**53 - 1
    for wrong in ([last + 1, 1], [last, 2]):
        with pytest.raises(ContractError, match="is empty, out of order or touches another"):
            RowSet.from_json([wrong])
    with pytest.raises(ContractError):
        RowSet(((-1, 2),))


def test_a_pair_is_a_list_of_two_numbers():
    for wrong in ((0, 1), "01", [0, 1, 1], [0], [True, 1], [0, -1]):
        with pytest.raises(ContractError, match="pairs `\\[first, count\\]` of row numbers"):
            RowSet.from_json([wrong])


@given(st.lists(st.booleans(), max_size=40))
def test_flags_of_rows_are_their_set(flags):
    assert RowSet.flagged(bytes(flags)) == RowSet.rows(row for row, flag in enumerate(flags) if flag)


def test_flags_are_read_from_row_0():
    assert RowSet.flagged(b"\1\0\1\1\1\0") == RowSet(((0, 1), (2, 3)))
    assert RowSet.flagged(bytearray(3)) == RowSet()


def test_the_first_rows_are_taken_across_ranges():
    rows = RowSet(((0, 2), (5, 3), (9, 1)))
    taken = [rows.take(count).ranges for count in range(8)]
    assert taken[:3] == [(), ((0, 1),), ((0, 2),)]
    assert taken[3:6] == [((0, 2), (5, 1)), ((0, 2), (5, 2)), ((0, 2), (5, 3))]
    assert taken[6:] == [rows.ranges, rows.ranges]
    assert RowSet(((5, 3),)).take(1) == RowSet(((5, 1),))


def test_a_range_has_its_first_row_and_not_the_one_behind_its_last():
    rows = RowSet(((2, 3), (7, 1)))
    assert [row for row in range(-1, 10) if row in rows] == [2, 3, 4, 7]
    assert (rows.end, RowSet().end) == (8, 0)


def test_holes_are_cut_where_they_lie():
    rows = RowSet(((0, 10), (20, 10)))
    assert (rows - RowSet(((0, 2), (4, 2), (8, 15), (25, 1), (29, 5)))).ranges == ((2, 2), (6, 2), (23, 2), (26, 3))
    assert rows - RowSet(((10, 10), (30, 5))) == rows
    assert rows - RowSet(((0, 30),)) == RowSet()
    assert (rows & RowSet(((5, 20),))).ranges == ((5, 5), (20, 5))
    assert (RowSet(((0, 2),)) | RowSet(((2, 1), (4, 1)))).ranges == ((0, 3), (4, 1))
    assert RowSet.of([(4, 2), (0, 9), (5, 0), (7, -1)]).ranges == ((0, 9),)
