"""Answers with noise: what they say of one subject, and what they say of all."""

from __future__ import annotations

import io
import math
from collections import Counter

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import csv

from connector.compute import noisy
from connector.compute.counting import ROW
from connector.compute.kinds import column
from connector.compute.noisy import CELLS, DELTA, ROWS, STEPPED, STEPS, SUBJECTS, Loss, Number
from connector.compute.plan import plan
from connector.runtime.errors import InvalidInput
from contracts.gate import Gate
from contracts.noise import Noise
from tests.compute.rooms import COLUMNS, Room, firms

NAMED = ("district", "sector", "year", "revenue")
BOUNDED = (("revenue", 0, 1_000),)
SUBJECT_COUNT = 600  # with five rows each


def gate(epsilon=100, budget=10_000, rows=1, bounds=BOUNDED, subject="firm", **more):
    return Gate(NAMED, subject, noise=Noise(epsilon, budget, rows, bounds), **more)


class Table:
    """The same table in an engine of our own process, where a thousand answers take a moment."""

    def __init__(self, without=""):
        self.engine = duckdb.connect()
        self.engine.register("whole", csv.read_csv(io.BytesIO(firms(subjects=SUBJECT_COUNT))))
        kept = f"SELECT *, row_number() OVER () AS \"{ROW}\" FROM whole WHERE firm <> '{without}'"
        self.engine.execute(f"CREATE TABLE v AS {kept}")

    def exact(self, statement, passes):
        columns = {name: column(name, COLUMNS[name]) for name in NAMED}
        found = plan(self.engine, statement, columns, passes.subject)
        numbers = noisy.numbers_of(found, {one.sql: name for name, one in columns.items()}, passes)
        threshold = [Number(SUBJECTS)] if found.groups else []
        wanted = list(dict.fromkeys([*threshold, *(one for of in numbers.values() for one in of)]))
        return noisy.count(self.engine, found, wanted, passes), wanted

    def answers(self, statement, passes, times):
        """Return so many answers; where all is one group they are drawn at once."""
        exact, wanted = self.exact(statement, passes)
        if exact[0][0]:
            return [noisy.noised(noisy.laplace, exact, wanted, passes)[0] for _ in range(times)]
        return [[one] for one in noisy.noised(noisy.laplace, exact * times, wanted, passes)[0]]


@pytest.fixture(scope="module")
def table():
    return Table()


def test_one_subject_moves_each_number_by_no_more_than_its_step(table):
    """F7 comes or goes: what is counted exactly differs by what the noise is made for, in all groups together."""
    statement = "select year, count(*), count(revenue), sum(revenue) from v group by 1"
    without_it = Table("F7")
    for rows in (1, 2, 5):
        passes = gate(rows=rows, least=3)
        (with_it, wanted), (without, _) = (one.exact(statement, passes) for one in (table, without_it))
        there = dict(without)
        loss = Loss(passes.noise, len(wanted))
        for at, number in enumerate(wanted):
            moved = sum(abs(exact[at] - there[values][at]) for values, exact in with_it)
            assert 0 < moved <= loss.moved(number)


def test_cells_beyond_the_bounds_are_taken_for_them(table):
    """F0 has fifty thousand times what others have: it counts for a thousand."""
    passes = gate(rows=5)
    [((), [steps])], [number] = table.exact("select sum(revenue) from v", passes)
    assert steps * number.step <= 3_000 * 1_000
    [((), [steps])], [number] = table.exact(
        "select sum(revenue) from v", gate(rows=5, bounds=(("revenue", -9, 10**9),))
    )
    assert steps * number.step > 5 * 10**7


def test_a_subject_has_no_more_rows_than_were_agreed(table):
    for rows in (1, 2, 5):
        [((), exact)], _ = table.exact("select count(*), count(distinct firm) from v", gate(rows=rows))
        assert exact == [rows * SUBJECT_COUNT, SUBJECT_COUNT]
    [((), exact)], _ = table.exact("select count(*), count(district) from v", gate(subject=""))
    assert exact == [3_000, 3_000]


def test_the_loss_is_kept_by_what_is_observed(table):
    """The frequencies themselves, with one subject and without it: none is more than e^ε times the other."""
    passes, times = gate(epsilon=100), 12_000
    counts = []
    for one in (table, Table("F7")):
        found = one.answers("select count(*) from v where district = 'D'", passes, times)
        counts.append(Counter(group.numbers[Number(ROWS)] for [group] in found))
    with_it, without = counts
    assert with_it != without
    often = [value for value, many in (with_it + without).items() if many > 2_500]
    assert len(often) >= 2
    for value in often:
        fewer, more = sorted((with_it[value], without[value]))
        assert more <= fewer * math.exp(1.0) * 1.25  # five deviations of so many draws


def test_who_asks_with_and_without_one_subject_guesses(table):
    """The attack by differencing: two populations that differ by F7 alone, each asked once with all that is left."""
    passes, right, games = gate(epsilon=50), 0, 6_000
    both = [
        one.answers("select count(*) from v where year = 2020 and district = 'D'", passes, games)
        for one in (table, Table("F7"))
    ]
    others = 148.5
    for at in range(games):
        [with_it], [without] = both[0][at], both[1][at]
        right += with_it.numbers[Number(ROWS)] > others
        right += without.numbers[Number(ROWS)] < others
    most = math.exp(0.5) / (1 + math.exp(0.5))
    assert most - 0.025 < right / (2 * games) < most + 0.025, "the best guess, and no better"


def test_a_group_of_few_is_never_told_and_one_of_many_always(table):
    statement = "select district, count(*) from v group by 1"
    passes = gate(epsilon=200)
    exact, wanted = table.exact(statement, passes)
    assert "Z" not in {values[0] for values, _ in exact}, "it is one firm"
    for found in table.answers(statement, passes, 200):
        assert {one.values[0] for one in found} == {"A", "B", "C", "D"}
    # one that has just as many as it must have passes once in 1/DELTA times
    just = [(("just",), [passes.least] * len(wanted))]
    loss = Loss(passes.noise, len(wanted))
    assert sum(len(noisy.noised(noisy.laplace, just, wanted, passes)[0]) for _ in range(2_000)) == 0
    over = noisy.threshold(loss, passes) - passes.least
    assert math.exp(-over / loss.scale(Number(SUBJECTS))) == pytest.approx(DELTA)


def test_as_many_numbers_as_said_lie_within_the_margins(table):
    passes = gate(epsilon=100, rows=5, bounds=(("revenue", 0, 1_000),))
    statement = "select count(*) as n, sum(revenue) as s, avg(revenue) as a from v"
    exact, wanted = table.exact(statement, passes)
    truth = dict(zip(wanted, exact[0][1], strict=True))
    columns = {name: column(name, COLUMNS[name]) for name in NAMED}
    found = plan(table.engine, statement, columns, "firm")
    numbers = noisy.numbers_of(found, {one.sql: name for name, one in columns.items()}, passes)
    right = noisy.Noised((), truth)
    inside, times = Counter(), 8_000
    groups, loss = noisy.noised(noisy.laplace, exact * times, wanted, passes)
    for group in groups:
        for at, measure in enumerate(found.measures):
            off = abs(noisy.told(measure, numbers[measure], group) - noisy.told(measure, numbers[measure], right))
            inside[at] += off <= noisy.margin(measure, numbers[measure], group, loss)
    assert inside[0] / times == pytest.approx(0.95, abs=0.013)
    assert inside[1] / times == pytest.approx(0.95, abs=0.013)
    assert inside[2] / times > 0.937, "an average has two numbers that may err, and no less"


@given(st.integers(5, 500), st.integers(1, 8), st.integers(1, 1_000), st.sampled_from([SUBJECTS, ROWS, CELLS, STEPPED]))
def test_the_shares_of_an_answer_are_its_epsilon(epsilon, shares, rows, kind):
    loss = Loss(Noise(epsilon, 100_000, rows), shares)
    number = Number(kind, "x", (0, 10))
    assert loss.moved(number) / loss.scale(number) * shares == pytest.approx(epsilon / 100)
    assert loss.moved(number) == rows * (STEPS if kind == STEPPED else 1)


def test_a_process_answers_with_noise_and_says_how_much():
    passes = gate(epsilon=500, rows=5)
    room = Room(gate=passes)
    told = room.ask("select district, count(*) as n, avg(revenue) as a from firms group by 1 order by n desc limit 2")
    assert told.held_back, "it is said of each answer with groups"
    assert told.memory is None
    assert [len(row) for row in told.margins] == [3, 3]
    assert told.rows[0][1] >= told.rows[1][1]
    for row, off in zip(told.rows, told.margins, strict=True):
        assert off[0] is None
        assert abs(row[1] - 750) < 10 * off[1]
        assert 0 <= row[2] <= 1_000
    [[count]] = room.ask("select count(*) from firms where district = 'Z'").rows
    assert 0 <= count < 60, "where all is one group it is told, however small: the noise hides it"
    assert room.ask("select count(*) from firms where district = 'Z'").held_back is False


def test_what_has_no_bounds_is_refused_before_it_is_computed():
    room = Room(gate=gate(bounds=()))
    for statement in ("select sum(revenue) from firms", "select avg(year) from firms"):
        with pytest.raises(InvalidInput, match="bounds"):
            room.ask(statement)
    assert room.ask("select count(revenue) from firms").rows
