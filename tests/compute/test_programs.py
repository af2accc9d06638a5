"""Programs of buyers: what they tell of all, and that of one subject they tell no more than was agreed."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.compute  # as the process has it
import pytest
import wasmtime

from connector.compute import blocks
from connector.compute.blocks import OneBlock
from connector.compute.noisy import CELLS, STEPPED, STEPS, Number
from connector.compute.program import Program, Tells, tells_of
from connector.compute.programmed import Programmed
from connector.runtime.errors import InvalidInput
from contracts.errors import ContractError
from contracts.gate import Gate, read
from contracts.lookup import LookUp
from contracts.noise import Noise
from contracts.program import Programs
from ledger.edition.index import IndexedFile
from tests.compute import programs
from tests.compute.rooms import COLUMNS, firms

NOISE = Noise(500, 100_000)
GATE = Gate(("district", "sector", "year", "revenue"), "firm", noise=NOISE, programs=Programs(1))
SMALL = Gate(("revenue",), "firm", noise=NOISE, programs=Programs(1))
# so long that a busy machine does not take a block its turn: 20 blocks have a tenth of a second each
PATIENT, FEW = replace(GATE, programs=Programs(4)), 20
TABLE = firms(rows=12_000, subjects=2_400)
MEAN = (Tells("mean", 0, 1_000),)


def run(program, gate=GATE, table=TABLE):
    file = IndexedFile("firms.csv", 0, len(table), 0, 1)
    with Programmed(program, gate, dict.fromkeys(("firms", "firms.csv"), COLUMNS)) as running:
        foreseen = running.foresee()
        assert foreseen.functions == ("PROGRAM",)
        return running.compute(foreseen.table, file, [(0, table)], b"")


def asked(code, rows="select revenue from firms", tells=MEAN, **more):
    return Program(rows, tells, code=code, **more)


def test_it_tells_what_the_same_computation_over_all_rows_does():
    rows = [line.split(",") for line in TABLE.decode().splitlines()[1:]]
    steel = [float(one[4]) for one in rows if one[2] == "steel" and float(one[4]) < 1_000]
    rows_of_steel = "select revenue from firms where revenue < 1000 and sector = 'steel'"
    got = run(asked(programs.MEAN, rows_of_steel, blocks=FEW), PATIENT)
    assert got.columns == ("answered", "mean")
    [[answered, mean]], [[off, within]] = got.rows, got.margins
    assert abs(answered - FEW) <= max(3, 2 * off)
    assert 0 < within < 100
    assert abs(mean - sum(steel) / len(steel)) < 3 * within
    assert got.memory is None


def test_its_parameters_and_rows_come_as_it_was_asked():
    tells = (Tells("parameter", -10, 10), Tells("rows", 0, 1_000))
    got = run(
        asked(
            programs.ECHO,
            "select year, sector = 'steel' from firms where year >= 2022",
            tells,
            parameters=(2.5,),
            blocks=FEW,
        ),
        PATIENT,
    )
    [[_, parameter, rows]], [[_, off, spread]] = got.rows, got.margins
    assert abs(parameter - 2.5) < 3 * off
    assert abs(rows - 12_000 * 3 / 5 / FEW) < 3 * spread


def test_nothing_is_left_of_one_block_when_the_next_begins():
    got = run(asked(programs.REMEMBERS, tells=(Tells("runs", 0, 4),), blocks=FEW), PATIENT)
    assert abs(got.rows[0][1] - 2) < 3 * got.margins[0][1]


def test_what_lies_in_its_memory_from_the_beginning_is_there_in_the_confined_process():
    got = run(asked(programs.BORN, tells=(Tells("four", 0, 8),), blocks=FEW), PATIENT)
    assert abs(got.rows[0][0] - FEW) < 3 * got.margins[0][0]
    assert abs(got.rows[0][1] - 4) < 3 * got.margins[0][1]


@pytest.mark.parametrize("subject", ["firm", ""])
def test_cells_of_a_row_stay_together_and_each_row_is_in_one_block(subject):
    engine, many = duckdb.connect(config={"threads": "4"}), 300_000
    cells = "range::DOUBLE AS a, 2.0 * range AS b, range % 3 = 0 AS c"
    engine.execute(f"CREATE TABLE firms AS SELECT 'F' || (range % 5000) AS firm, {cells} FROM range({many})")
    kinds = {"firm": "VARCHAR", "a": "DOUBLE", "b": "DOUBLE", "c": "BOOLEAN"}
    gate = Gate(("a", "b", "c"), subject, noise=NOISE, programs=Programs(1))
    found = blocks.inputs(engine, "select a, b, c from firms", blocks.open_to(kinds, gate))
    rows, seen, home = blocks.Rows(engine, found, gate, 50), set(), {}
    for block in range(50):
        columns, count = rows.of(block)
        for a, b, c in zip(*columns, strict=True):
            assert (b, c) == (2 * a, float(a % 3 == 0))
            home.setdefault(int(a) % 5000, set()).add(block)
            seen.add(a)
        assert count == len(columns[0])
    assert len(seen) == many
    assert all(len(of) == 1 for of in home.values()) == bool(subject)


class Watched(blocks.Programs):
    """The exact sums of a run, which leave the process only with noise."""

    def sums(self, engine, program, table, gate=GATE):
        self.look(
            engine,
            {"gate": gate.json(), "columns": {"firms": COLUMNS}, "statement": program.rows, "program": program.json()},
        )
        engine.register("firms", table)
        found = blocks.inputs(engine, program.rows, blocks.open_to(COLUMNS, gate))
        rows = blocks.Rows(engine, found, gate, program.blocks)
        return self._run(program.json(), rows, gate.programs.seconds)


def told(program, gate):
    about = {"gate": gate.json(), "columns": {"firms": COLUMNS}}
    return {**about, "statement": program.rows, "program": program.json()}


@pytest.fixture(scope="module")
def watched():
    return Watched()


def _table(cells, firm=lambda at: f"F{at}"):
    return pa.table(
        {
            "firm": [firm(at) for at in range(len(cells))],
            "revenue": [float(one) for one in cells],
            "\x01row": list(range(1, len(cells) + 1)),
        }
    )


@pytest.mark.parametrize("how", [0, 1, 2])
def test_a_program_that_shouts_of_one_subject_moves_one_block(watched, how):
    """It gives the greatest number, runs forever, or breaks, where one firm is: no more than one block changes."""
    engine, gate = duckdb.connect(), replace(SMALL, programs=PATIENT.programs)
    program = asked(programs.SHOUTS, tells=(Tells("shout", -1, 1),), parameters=(float(how),), blocks=FEW)
    loss = OneBlock(NOISE, 2)
    for many in (1, 50):  # one row of the subject, or fifty
        cells = [5.0] * 500
        without = watched.sums(engine, program, _table(cells), gate)
        table = _table(cells + [777.0] * many, lambda at: "X" if at >= 500 else f"F{at}")
        with_it = watched.sums(engine, program, table, gate)
        assert abs(with_it[0] - without[0]) <= loss.moved(Number(CELLS))
        assert abs(with_it[1] - without[1]) <= loss.moved(Number(STEPPED, "0")) == STEPS
        assert with_it != without, "it is seen, within what the noise hides"


@pytest.mark.parametrize(
    "name", ["FOREVER", "TRAPS", "NOTHING", "FILLS", "GROWS", "FAR", "RECURSES", "ODD_PLACE", "SPEAKS"]
)
def test_a_program_that_fails_tells_nothing(watched, name):
    program = asked(getattr(programs, name), tells=(Tells("one", -1, 3),), blocks=10)
    began = time.monotonic()
    assert watched.sums(duckdb.connect(), program, _table([5.0] * 500), SMALL) == [0, 0]
    assert time.monotonic() - began < 30


def test_a_program_that_compiles_for_long_is_no_answer():
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="no answer"):
        run(asked(bytes(wasmtime.wat2wasm(programs.COMPILES_LONG.decode()))))
    assert time.monotonic() - began < 60


def test_what_a_compiler_brings_along_and_nothing_calls_is_harmless(watched):
    program = asked(programs.BRINGS, tells=(Tells("mean", 0, 10),), blocks=10)
    assert watched.sums(duckdb.connect(), program, _table([5.0] * 500), PATIENT) == [10, 0]


def test_a_run_takes_its_time_and_says_that_nothing_answered():
    got = run(asked(programs.TRAPS, tells=(Tells("one", -1, 3),), blocks=10))
    assert got.seconds > 2, "a second of its own, and whole seconds for the rows"
    [[answered, one]] = got.rows
    assert answered <= 8
    assert one is None or -1 <= one <= 3


def test_what_is_no_program_is_refused_before_anything_is_read(watched):
    for code, word in (
        (b"\0asm\1\0\0\0\xff", "no WebAssembly"),
        (b"(module", "no WebAssembly"),
        (b"\xff\xfe", "no WebAssembly"),
        (b"(module)", "memory"),
        (programs.SHARES, "imports"),
        (programs.MEAN.replace(b'"run"', b'"ran"'), "`run("),
        (
            programs.MEAN.replace(b"(param $told i32)", b"(param $told i64)").replace(
                b"(local.get $told)", b"(i32.const 0)"
            ),
            "`run(",
        ),
    ):
        with pytest.raises(InvalidInput, match=word.replace("(", r"\(")):
            watched.look(duckdb.connect(), told(asked(code), GATE))
    with pytest.raises(InvalidInput, match="imports"):
        run(asked(programs.SHARES))


@pytest.mark.parametrize(
    "rows",
    [
        "select district from firms",
        "select firm from firms",
        "select boss from firms",
        "select revenue from firms group by all",
        "select count(*) from firms",
        "select distinct revenue from firms",
        "select revenue from firms order by 1",
        "select revenue from firms limit 3",
        "select revenue from other",
        "select a.revenue from firms a, firms b",
        "select (select max(revenue) from firms) from firms",
        "select * from firms",
        "select 'a' from firms",
        "update firms set year = 1",
        "select row_number() over () from firms",
    ],
)
def test_what_gives_no_numbers_of_one_table_is_refused(watched, rows):
    with pytest.raises(InvalidInput):
        watched.look(duckdb.connect(), told(asked(programs.MEAN, rows), GATE))


def test_what_is_asked_is_looked_at():
    for wrong in (
        {"tells": ()},
        {"tells": (Tells("a", 0, 1), Tells("a", 0, 2))},
        {"tells": tuple(Tells(f"a{at}", 0, 1) for at in range(17))},
        {"parameters": (math.inf,)},
        {"parameters": ("1",)},
        {"parameters": (True,)},
        {"parameters": (1.0,) * 257},
        {"blocks": 9},
        {"blocks": 2_001},
    ):
        with pytest.raises(InvalidInput):
            asked(programs.MEAN, **wrong)
    for code in (b"", bytes(600 << 10)):
        with pytest.raises(InvalidInput):
            asked(code)
    for name, least, most in (
        ("", 0, 1),
        ("a", 1, 1),
        ("a", 2, 1),
        ("a", math.nan, 1),
        ("a", 0, math.inf),
        ("a", 0, "1"),
        ("a" * 61, 0, 1),
    ):
        with pytest.raises(InvalidInput):
            Tells(name, least, most)
    with pytest.raises(InvalidInput):
        asked(programs.MEAN, blocks=101).within(1)
    assert tells_of("slope:-1.5:2e3") == Tells("slope", -1.5, 2_000)
    for text in ("slope", "slope:1", "slope:a:b", ":1:2", "slope:--1:2", "slope:2:1"):
        with pytest.raises(InvalidInput):
            tells_of(text)


def test_a_program_is_named_by_its_bytes():
    one, other = asked(programs.MEAN), asked(programs.ECHO)
    assert one.digest.startswith("sha-256:")
    assert one.digest in one.words()
    assert (
        len(
            {
                one.words(),
                other.words(),
                asked(programs.MEAN, blocks=50).words(),
                asked(programs.MEAN, parameters=(1.0,)).words(),
            }
        )
        == 4
    )


def test_a_gate_has_programs_run_with_noise_alone():
    assert read(GATE.json()) == GATE
    for wrong in (
        {"noise": None},
        {"lookup": LookUp(3, 1), "noise": None},
    ):
        with pytest.raises(ContractError):
            Gate(("revenue",), "firm", **{"noise": NOISE, "programs": Programs(1), **wrong})
    for seconds in (0, 61):
        with pytest.raises(ContractError):
            Programs(seconds)
    for odd in ({}, {"seconds": 1}, {"seconds": "1", "more": "1"}, "1"):
        with pytest.raises(ContractError):
            read({**GATE.json(), "programs": odd})
