"""What a statement over data that stay where they are costs, beside DuckDB over the same table as a plain Parquet file.

`python -m bench.compute [--rounds 7] [--rows 10000000]`

Both find the same groups. Ours is a sealed edition: its pieces are opened, each verified, into the memory of a process
that gave up everything else; the statement is planned anew, counted by subject and held against the gate. DuckDB reads
the plain file from the page cache. What the gate costs is a process of ours without it: started, confined and handed
the same memory, which the same engine reads in the same way, with the statement as it was asked. Started is
when the statement was looked at, before a byte of data was opened. Warm is ours by a process that waited for it, as a
provider's does between two statements, and DuckDB's by one interpreter and connection for all rounds, which is asked
once the process that waits for the next one has begun; in every other figure both are by a process that was started for
it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa
import pyarrow.parquet as pq

from bench import report
from bench.space import machine, workshop
from connector.compute.computation import Computation
from connector.compute.extents import extents
from connector.compute.sitting import in_memory
from connector.compute.waiting import Waiting
from connector.custody.blobs import Blobs
from connector.custody.opened import Opened
from connector.custody.seal import Brief, seal
from connector.custody.secrets import Keys
from connector.custody.sources import source_of
from contracts.gate import Gate
from contracts.noise import Noise

if TYPE_CHECKING:
    from pathlib import Path

    from connector.store.rows.vault import EditionRow

ROUNDS, ROWS, STATIONS, METERS = 7, 10_000_000, 97, 200_000
PIECE_BYTES = 1 << 20
STATEMENT = (
    "select station, count(*) as rows, avg(value) as value from readings where value > 100 group by 1 order by 1"
)
BY_METER = STATEMENT.replace("count(*) as rows", "count(*) as rows, count(distinct meter) as meters")
STARTED = "a job started and its statement looked at, by the process that waits, p50"
FRESH = "the same, by a process that is started for it, p50"
WARM = "each row a subject, warm: sealed and gated ÷ DuckDB on the plain Parquet file"
RATIO = "the same, both by a process that is started for it"
BY_SUBJECT = "a subject column: sealed and gated ÷ DuckDB, which counts the subjects as well"
NOISED = "with noise, a subject column: sealed and noised ÷ DuckDB, which counts the subjects as well"
SHARE = "each row a subject: what the gate adds to our own process without it"
TARGETS = {STARTED: {"at_most": 300.0}, WARM: {"at_most": 1.5}, SHARE: {"at_most": 10.0}}
# of a meter as many rows as each has are looked at
NOISE = Noise(100, 100_000, rows=ROWS // METERS, bounds=(("value", 0, 500),))
TYPES = {"readings": {"station": "VARCHAR", "value": "DOUBLE", "meter": "BIGINT"}}
# the same engine, asked again and again: a statement a line, its answer a line
ASKED = """
import sys, json, duckdb
engine = duckdb.connect(":memory:", config={"threads": "2"})
engine.execute("set enable_progress_bar = false")
engine.execute(f"create view readings as select * from read_parquet('{sys.argv[1]}')")
for statement in sys.stdin:
    print(json.dumps(engine.execute(statement).fetchall()), flush=True)
"""
# our process without a gate: as `connector.compute.reader_process` is started, and what it is handed
BARE = """
import sys, json
from connector.compute import confinement
confinement.leave()
from connector.compute import frames, reader_process
sys.modules.update(dict.fromkeys(reader_process.UNNEEDED))
import pyarrow as pa, pyarrow.csv, pyarrow.json, pyarrow.parquet
from connector.compute import held_file
engine = reader_process._engine(reader_process.GATED)
confinement.confine(600)
engine.execute("SET threads = 2")
held_file.hold(engine, pa.py_buffer(frames.mapped(int(sys.argv[1]))))
confinement.close_the_door()
print(json.dumps(engine.execute(sys.argv[2].replace("readings", held_file.rows())).fetchall()))
"""
# until a process that waits has surely begun
BEGUN_SECONDS = 1.0
# the answers are compared as numbers of a few digits
DIGITS = 6
ALONE = """
import sys, json, duckdb
engine = duckdb.connect(":memory:", config={"threads": "2"})
engine.execute("set enable_progress_bar = false")
engine.execute(f"create view readings as select * from read_parquet('{sys.argv[1]}')")
print(json.dumps(engine.execute(sys.argv[2]).fetchall()))
"""


class Sealed:
    """The table as a sealed edition of ours."""

    def __init__(self, folder: Path, table: Path) -> None:
        """Seal the file at `table`."""
        self._keys, self._blobs = Keys(folder / "keys"), Blobs(folder / "blobs")
        brief = Brief(b"\x05" * 32, 1, "did:web:provider.example", piece_bytes=PIECE_BYTES)
        sealed = seal(source_of([table]), self._keys.draw_run(), self._blobs, brief, sealed_at=datetime.now(UTC))
        self._table = sealed.table
        self._row = SimpleNamespace(
            id=sealed.edition_id.hex(),
            header=sealed.header.json(),
            rows=sealed.table.data,
            plain_digests=sealed.plain_digests,
            run=sealed.run.run,
            key_id=sealed.run.key_id,
            repeated={},
        )

    def opened(self) -> Opened:
        """Open it for reading."""
        return Opened(self._blobs, self._keys, cast("EditionRow", self._row), self._table)


def gated(
    sealed: Sealed, statement: str, subject: str, noise: Noise | None = None, waiting: Waiting | None = None
) -> tuple[float, float, list[list[Any]]]:
    """Return the seconds until the statement was looked at, those until it was answered, and the rows."""
    columns = ("station", "value") if subject else ("station", "value", "meter")
    gate, begun = Gate(columns, subject, digits=DIGITS, noise=noise), time.perf_counter()
    with Computation(statement, gate, TYPES, 300, waiting) as computation:
        foreseen = computation.foresee()
        started = time.perf_counter() - begun
        with sealed.opened() as opened:
            [file] = opened.index().files
            columns = {*foreseen.named, *([subject] if subject else [])}
            within = extents(file.name, file.size, partial(opened.read, file), columns)
            found = computation.compute(foreseen.table, file, opened.placed(file, within), b"[]")
    return started, time.perf_counter() - begun, found.rows


def ungated(sealed: Sealed) -> tuple[float, list[list[Any]]]:
    """Return the seconds of the same statement, answered by a process of ours without a gate, and the rows."""
    begun = time.perf_counter()
    with sealed.opened() as opened:
        [file] = opened.index().files
        within = extents(file.name, file.size, partial(opened.read, file), ("station", "value"))
        handed = in_memory(file.size, opened.placed(file, within))
    try:
        command = [sys.executable, "-B", "-c", BARE, str(handed), STATEMENT]
        done = subprocess.run(command, capture_output=True, text=True, check=True, pass_fds=[handed])
    finally:
        os.close(handed)
    return time.perf_counter() - begun, json.loads(done.stdout)


def alone(path: Path, statement: str) -> tuple[float, list[list[Any]]]:
    """Return the seconds of DuckDB, and the rows."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", ALONE, str(path), statement]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, json.loads(done.stdout)


class Standing:
    """DuckDB in one interpreter, asked as often as one likes."""

    def __init__(self, path: Path) -> None:
        """Start it over the file at `path`."""
        command = [sys.executable, "-c", ASKED, str(path)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, statement: str) -> tuple[float, list[list[Any]]]:
        """Return the seconds of an answer, and its rows."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        begun = time.perf_counter()
        self._process.stdin.write(statement + "\n")
        self._process.stdin.flush()
        rows = json.loads(self._process.stdout.readline())
        return time.perf_counter() - begun, rows

    def end(self) -> None:
        """End it."""
        self._process.communicate()


def same(ours: list[list[Any]], theirs: list[list[Any]]) -> bool:
    """Say whether two answers are the same to the digits that are told."""
    return [[_told(cell) for cell in row] for row in ours] == [[_told(cell) for cell in row] for row in theirs]


def _told(cell: Any) -> Any:
    return float(f"{cell:.{DIGITS}g}") if isinstance(cell, (int, float)) else cell


def measured(sealed: Sealed, path: Path, rounds: int) -> dict[str, tuple[float, str]]:
    """Return the figures; all take turns, after one round that does not count."""
    names = ("waited", "warm", "stood", "start", "row", "plain", "bare", "subject", "counted", "noised")
    found: dict[str, list[float]] = {name: [] for name in names}
    waiting, standing = Waiting(), Standing(path)
    for number in range(rounds + 1):
        waited, warm, told_warm = gated(sealed, STATEMENT, "", waiting=waiting)
        time.sleep(BEGUN_SECONDS)
        stood, said = standing.ask(STATEMENT)
        start, by_row, rows = gated(sealed, STATEMENT, "")
        plain, beside = alone(path, STATEMENT)
        _, by_subject, meters = gated(sealed, BY_METER, "meter")
        counted, others = alone(path, BY_METER)
        _, noised, _ = gated(sealed, BY_METER, "meter", NOISE)
        bare, without = ungated(sealed)
        if not same(rows, beside) or not same(meters, others) or not same(told_warm, said) or not same(without, said):
            raise SystemExit(f"they find different things: {rows[:2]} and {beside[:2]}, {meters[:2]} and {others[:2]}")
        if number:
            told = {
                "waited": waited * 1_000,
                "warm": warm,
                "stood": stood,
                "noised": noised,
                "start": start * 1_000,
                "row": by_row,
                "plain": plain,
                "subject": by_subject,
                "counted": counted,
                "bare": bare,
            }
            for name, value in told.items():
                found[name].append(value)
    waiting.end()
    standing.end()
    middle = {name: report.percentile(values, 50) for name, values in found.items()}
    return {
        STARTED: (middle["waited"], "ms"),
        FRESH: (middle["start"], "ms"),
        "each row a subject, warm, sealed and gated": (middle["warm"], "s"),
        "the same, DuckDB on the plain file, asked again and again": (middle["stood"], "s"),
        WARM: (middle["warm"] / middle["stood"], "times"),
        "each row a subject, sealed and gated": (middle["row"], "s"),
        "the same, DuckDB on the plain file": (middle["plain"], "s"),
        RATIO: (middle["row"] / middle["plain"], "times"),
        SHARE: (100 * (middle["row"] - middle["bare"]) / middle["row"], "% of a job"),
        "a subject column, sealed and gated": (middle["subject"], "s"),
        BY_SUBJECT: (middle["subject"] / middle["counted"], "times"),
        NOISED: (middle["noised"] / middle["counted"], "times"),
    }


def main() -> None:
    """Measure, print, write bench/results/compute.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder:
        path = folder / "readings.parquet"
        numbers = range(given.rows)
        table = pa.table({
            "station": pa.array([f"S{at % STATIONS}" for at in numbers]).dictionary_encode(),
            "meter": pa.array([at * 7_919 % METERS for at in numbers], pa.int64()),
            "value": pa.array([at * 31 % 997 / 2 for at in numbers], pa.float64()),
        })  # fmt: skip
        pq.write_table(table, path)
        del table
        found = report.rows(measured(Sealed(folder, path), path, given.rounds), TARGETS)
    print(report.table(found))
    print("written to", report.write("compute", found))


if __name__ == "__main__":
    main()
