"""What a reader process measures of itself, and what it reports of an answer: by real processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from connector.compute.computation import Computation
from connector.compute.measurement import OWN, READER, Program
from connector.compute.measuring import EXACT, NOISE, READERS, measured
from connector.runtime.errors import NotPermitted
from contracts import reader_report, simulated_platform
from contracts.attested import Attested
from contracts.noise import Noise
from contracts.reader_report import ReaderReport
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, GATE, firms

HOME = Path(__file__).parents[2]
TABLE = firms()
STATEMENT = "select district, count(*) as firms, avg(revenue) from firms group by district"
SAID = {"agreement": "a1" * 32, "job": "one", "nonce": "0c" * 32}
ROOT = simulated_platform.root_of(bytes(32))
# as the process is when it has loaded what it needs, without what confines it
LOADED = """
import json, sys
sys.argv = ["reader", "0", sys.argv[1]]
from connector.compute import reader_process
import pyarrow, pyarrow.csv, pyarrow.json, pyarrow.parquet
from connector.compute.statement import Refused
reader_process._modes(sys.argv[2]); reader_process._engine(sys.argv[2])
found = reader_process._program(sys.argv[2])
print(json.dumps([dict(found.modules), dict(found.libraries)]))
"""


@pytest.fixture(scope="module")
def exact():
    return measured(READERS[EXACT])


def gate(measurement, **more):
    return replace(GATE, attested=Attested("simulated", measurement, ROOT), **more)


def asked(passes, statement=STATEMENT, said=SAID):
    """Return what a reader that is handed the table tells of it."""
    file, columns = IndexedFile("firms.csv", 0, len(TABLE), 0, 1), dict.fromkeys(("firms", "firms.csv"), COLUMNS)
    with Computation(statement, passes, columns, 30, attested=said) as computation:
        foreseen = computation.foresee()
        return computation.compute(foreseen.table, file, [(0, TABLE)], b"[]")


def test_the_same_program_measures_the_same_and_that_of_noise_another(exact):
    assert measured(READERS[EXACT]) == exact
    assert measured(READERS[NOISE]) != exact


def test_a_changed_line_of_the_program_is_another_measurement_and_another_folder_is_not(exact, tmp_path, monkeypatch):
    for name in OWN:
        shutil.copytree(HOME / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "*.json", "static"))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert measured(READERS[EXACT]) == exact
    gates = tmp_path / "connector/compute/gate.py"
    gates.write_text(gates.read_text().replace("one.subjects < gate.least", "one.subjects < 1"))
    assert measured(READERS[EXACT]) != exact


@pytest.mark.parametrize("name", READERS)
def test_what_answers_is_in_it(name):
    ran = subprocess.run([sys.executable, "-c", LOADED, READERS[name]], capture_output=True, check=True, cwd=HOME)
    modules, libraries = json.loads(ran.stdout)
    way = "connector.compute.noised" if name == NOISE else "connector.compute.gated"
    assert {READER, way, "connector.compute.gate", "connector.compute.confinement", "contracts.gate"} <= {*modules}
    assert {"duckdb", "pyarrow", *(["opendp"] if name == NOISE else [])} <= {*libraries}
    assert not OWN & {*libraries}


def test_what_confines_it_is_in_it():
    program = Program("gated", {"duckdb": "2.0.0"}, {READER: "00" * 32})
    whole = program.measured(["namespaces", "landlock", "limits", "seccomp"])
    assert program.measured(["namespaces", "landlock", "limits"]) != whole
    assert replace(program, libraries={"duckdb": "2.0.1"}).measured(["limits"]) != program.measured(["limits"])
    assert replace(program, modules={READER: "01" * 32}).measured(["limits"]) != program.measured(["limits"])


def test_a_reader_reports_what_it_was_asked_and_what_it_tells(exact):
    passes = gate(exact)
    found = asked(passes)
    assert found.rows
    told = reader_report.told(found.members)
    report = ReaderReport.of(SAID["agreement"], "one", STATEMENT, passes.json(), SAID["nonce"], told)
    assert found.report == report.digest().hex()
    wider = replace(passes, least=3)
    assert asked(wider).report == replace(report, gate=_digest(wider), told=_told(wider)).digest().hex()
    assert asked(wider).report != found.report, "a wider gate than was agreed shows"


def _digest(passes):
    return ReaderReport.of("", "", "", passes.json(), "", "").gate


def _told(passes):
    return reader_report.told(asked(passes).members)


def test_one_with_noise_reports_its_margins_too():
    passes = gate(measured(READERS[NOISE]), noise=Noise(100, 100_000, 5))
    found = asked(passes, "select count(*) as rows from firms")
    told = reader_report.told(found.members)
    report = ReaderReport.of(SAID["agreement"], "one", "select count(*) as rows from firms", passes.json(),
                             SAID["nonce"], told)  # fmt: skip
    assert found.report == report.digest().hex()
    assert reader_report.told({**found.members, "margins": []}) != told


def test_another_program_than_was_agreed_is_handed_nothing(exact):
    columns = dict.fromkeys(("firms", "firms.csv"), COLUMNS)
    other = exact[:-1] + ("0" if exact[-1] != "0" else "1")
    with (
        Computation(STATEMENT, gate(other), columns, 30, attested=SAID) as computation,
        pytest.raises(NotPermitted, match="another one than was agreed on"),
    ):
        computation.foresee()


def test_without_terms_that_want_it_nothing_is_measured_or_reported():
    columns = dict.fromkeys(("firms", "firms.csv"), COLUMNS)
    with Computation(STATEMENT, GATE, columns, 30) as computation:
        computation.foresee()
        assert computation._measured == ""
    assert asked(GATE, said=None).report == ""
