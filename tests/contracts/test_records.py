"""How many records of a table lie in which pieces: all of them, each once, whatever else was paid."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts import records
from contracts.ranges import RowSet
from contracts.records import Run
from tests.contracts.refusal import refused
from tests.every import every

RUNS = st.builds(Run.spread, st.integers(1, 9), st.integers(1, 40), st.integers(0, 9000))
ORDERS = st.lists(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), min_size=1, max_size=3).map(RowSet.of), max_size=12
)
RUN = Run(10, 4, 100, 350)


@given(RUNS, ORDERS)
def test_records_are_those_of_the_pieces_and_all_of_them(run, orders):
    records.check([run])
    shares = [run.of(RowSet.rows([piece])) for piece in range(60)]
    assert sum(shares) == run.records
    assert max(shares) <= run.per_piece
    for rows in orders:
        assert run.of(rows) == sum(shares[piece] for piece in rows)


def test_each_piece_of_a_run_holds_its_records_and_no_other_piece_does():
    assert [RUN.of(RowSet(((piece, 1),))) for piece in range(8, 16)] == [0, 0, 100, 100, 100, 50, 0, 0]
    assert RUN.of(RowSet(((0, 11), (12, 90)))) == 250
    assert RUN.of(RowSet(((0, 99),))) == 350
    assert RUN.of(RowSet()) == 0


def test_the_records_of_several_tables_are_counted_together():
    runs = (RUN, Run(14, 2, 7, 9))
    assert records.within(runs, RowSet(((13, 3),))) == 50 + 9
    assert records.within((), RowSet(((0, 99),))) == 0


def test_a_layout_that_knows_its_rows_per_piece_is_believed_where_it_fits():
    assert Run.spread(1, 4, 350, 100) == Run(1, 4, 100, 350)
    assert Run.spread(1, 4, 350, 80) == Run.spread(1, 4, 350) == Run(1, 4, 88, 350)
    # all pieces full; and one record less than leaves the last piece any
    assert Run.spread(1, 4, 400, 100) == Run(1, 4, 100, 400)
    assert Run.spread(1, 4, 401, 100) == Run(1, 4, 101, 401)
    assert Run.spread(1, 4, 301, 100) == Run(1, 4, 100, 301)
    assert Run.spread(1, 4, 300, 100) == Run(1, 4, 75, 300)


def test_an_empty_table_spreads_over_its_pieces_as_if_each_could_hold_one_record():
    assert Run.spread(1, 4, 0) == Run.spread(1, 4, 0, 100) == Run(1, 4, 1, 0)


def test_a_price_per_row_counts_so_many_runs_and_no_more():
    runs = tuple(Run(first, 1, 1, 1) for first in range(257))
    records.check(runs[:256])
    for wrong in ((), runs):
        with refused("records", "counts the records of 1 to 256 runs of pieces"):
            records.check(wrong)


@pytest.mark.parametrize("second", [Run(13, 1, 1, 1), Run(9, 1, 1, 1), Run(0, 10, 1, 1)])
def test_runs_that_overlap_or_go_back_are_refused(second):
    records.check([RUN, Run(14, 1, 1, 1)])
    with refused("records", "overlap or are out of order"):
        records.check([RUN, second])


def test_no_run_has_more_records_than_its_pieces_hold():
    records.check([Run(1, 4, 100, 400), Run(5, 1, 1, 1)])
    for wrong in (Run(5, 4, 100, 401), Run(5, 0, 1, 0)):
        with refused("records", "more records than its pieces hold"):
            records.check([Run(1, 4, 100, 400), wrong])


def test_runs_are_read_as_they_are_written():
    runs = (RUN, Run(14, 1, 1, (1 << 53) - 1))
    assert [run.json() for run in runs] == [["10", "4", "100", "350"], ["14", "1", "1", "9007199254740991"]]
    assert records.read([run.json() for run in runs]) == runs
    assert records.read([]) == ()


@every("value", [None, {}, "all", [["1", "4", "100"]], [["1", "4", "100", "1", "1"]], ["1234"]])
def test_what_is_no_list_of_runs_is_refused(value):
    with refused("records", "`records` is a list of `[first, count, perPiece, records]`"):
        records.read(value)


def test_numbers_of_a_run_are_decimal_strings_within_what_json_holds():
    with refused("not-decimal", "`records`"):
        records.read([[1, 4, 100, 350]])
    with refused("out-of-range", "more than 9007199254740991"):
        records.read([["1", "4", "100", "9007199254740992"]])
