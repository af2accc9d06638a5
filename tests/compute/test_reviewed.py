"""A program that a reviewer assented to: exact over all rows, and what holds of it whatever it does."""

from __future__ import annotations

import time

import pytest

from connector.compute.assented import Assented
from connector.compute.program import Program, Tells
from connector.compute.programmed import Reviewed
from connector.runtime.errors import InvalidInput
from contracts.assent import Assent, Signed
from contracts.gate import Gate
from contracts.program import Programs
from ledger.edition.index import IndexedFile
from tests.compute import programs
from tests.compute.rooms import COLUMNS, firms
from tests.contracts.test_assent import ASSENT

REVIEWER = "did:web:reviewer.example"
GATE = Gate(("district", "sector", "year", "revenue"), "firm", programs=Programs(1, REVIEWER))
TABLE = firms(rows=12_000, subjects=2_400)
MEAN = (Tells("mean", 0, 1_000),)
# what it is given, word for word: its first cells, and how many rows there are
COPIES = programs.program("""
    (f64.store (local.get $told) (f64.load (local.get $rows)))
    (f64.store offset=8 (local.get $told) (f64.load offset=8 (local.get $rows)))
    (f64.store offset=16 (local.get $told) (f64.convert_i32_u (local.get $count)))
""")
# beyond 256 MiB, which is what all rows may have
FAILING = {"GROWS": programs.GROWS.replace(b"2000", b"4097")}
INFINITE = programs.program("(f64.store (local.get $told) (f64.const inf))")


def run(code, rows="select revenue from firms", tells=MEAN, gate=GATE, table=TABLE, parameters=()):
    """Run it in a process of its own; the assent is not looked at there."""
    about = Assented(Program(rows, tells, parameters, code=code), Signed(ASSENT, bytes(65)))
    file = IndexedFile("firms.csv", 0, len(table), 0, 1)
    with Reviewed(about, gate, dict.fromkeys(("firms", "firms.csv"), COLUMNS)) as running:
        foreseen = running.foresee()
        assert foreseen.functions == ("PROGRAM",)
        return running.compute(foreseen.table, file, [(0, table)], b"")


def lines():
    return [line.split(",") for line in TABLE.decode().splitlines()[1:]]


def test_it_tells_exactly_what_the_same_computation_does_to_the_digits_of_the_gate():
    steel = [float(one[4]) for one in lines() if one[2] == "steel"]
    rows = "select revenue from firms where sector = 'steel'"
    got = run(programs.MEAN, rows)
    mean = sum(steel) / len(steel)
    assert (got.columns, got.margins, got.memory, got.held_back) == (("mean",), None, None, False)
    assert got.rows == [[float(f"{mean:.5g}")]]
    assert run(programs.MEAN, rows).rows == got.rows, "the same each time"
    assert got.seconds > 2, "a second of its own, and whole seconds for the rows"


def test_its_rows_come_in_the_order_of_the_table_with_its_parameters():
    tells = (Tells("first", 0, 1e9), Tells("second", 0, 1e6), Tells("rows", 0, 1e6))
    firsts = [float(one[4]) for one in lines()[:2]]
    assert run(COPIES, tells=tells).rows == [[*firsts, 12_000]]
    two = (Tells("parameter", -10, 10), Tells("rows", 0, 1e6))
    assert run(programs.ECHO, tells=two, parameters=(2.5,)).rows == [[2.5, 12_000.0]]


def test_a_number_beyond_its_bounds_is_its_bound():
    assert run(INFINITE).rows == [[1_000.0]]
    assert run(programs.MEAN, tells=(Tells("mean", 0, 1),)).rows == [[1.0]]


@pytest.mark.parametrize("name", ["TRAPS", "NOTHING", "FOREVER", "FILLS", "FAR", "GROWS", "SPEAKS", "RECURSES"])
def test_a_program_that_fails_tells_that_and_takes_its_time(name):
    began = time.monotonic()
    with pytest.raises(InvalidInput, match="the program failed on these rows") as failed:
        run(FAILING.get(name) or getattr(programs, name), tells=(Tells("one", -1, 3),))
    assert time.monotonic() - began > 2
    assert "unreachable" not in str(failed.value)


def test_of_rows_of_too_few_subjects_nothing_is_run_nor_told():
    whole = Gate(GATE.columns, "firm", 2_400, programs=GATE.programs)
    assert run(programs.MEAN, gate=whole).rows == [[run(programs.MEAN).rows[0][0]]]
    more = Gate(GATE.columns, "firm", 2_401, programs=GATE.programs)
    # also what would fail says no more than that
    for code in (programs.MEAN, programs.TRAPS):
        got = run(code, gate=more)
        assert (got.rows, got.held_back, got.told) == ([], True, 0)
        assert got.seconds > 2
    assert run(programs.MEAN, "select revenue from firms where revenue < 0").rows == []


def test_a_large_table_fits():
    """Four million numbers at once are 34 MB: more than a block may have, and less than all rows together may."""
    cells = "firm,revenue\n" + "".join(f"F{at % 400},{at % 7}\n" for at in range(700_000))
    rows = "select " + ", ".join(["revenue"] * 6) + " from firms"
    gate = Gate(("revenue",), "firm", programs=Programs(5, REVIEWER))
    got = run(programs.MEAN, rows, table=cells.encode(), gate=gate)
    assert got.rows == [[3.0]]


def test_what_is_no_program_or_gives_no_numbers_is_refused_before_anything_is_read():
    for code, rows in ((b"(module)", "select revenue from firms"), (programs.MEAN, "select firm from firms")):
        with pytest.raises(InvalidInput):
            run(code, rows)


def test_words_name_program_numbers_and_assent():
    def words(assent=ASSENT, **more):
        asked = {"rows": "select revenue from firms", "tells": MEAN, "code": programs.MEAN, **more}
        return Assented(Program(**asked), Signed(assent, bytes(65))).words()

    other = Assent(**{**{name: getattr(ASSENT, name) for name in ASSENT.__slots__}, "why": "another look"})
    assert len({words(), words(parameters=(1.0,)), words(other)}) == 3
    assert ASSENT.digest.hex() in words()
