"""How soon a statement is answered by the reader process, beside the engine alone in a process that nothing confines.

`python -m bench.reading [--rounds 15] [--rows 2000000]`

Both are given the same bytes and find the same: the reader process starts, gives up what it does not need, has the
statement looked at, is handed the file in memory and answers; the engine alone is a fresh interpreter that reads the
file from the page cache. Started is when the statement was looked at, before a byte of data was opened. Gone is how
long after `cut` it is.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import pyarrow as pa

from bench import report
from bench.space import machine, workshop
from connector.compute.sitting import Sitting
from connector.runtime.errors import NotPermitted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.custody.reader import Reader
    from ledger.edition.index import IndexedFile

ROUNDS, ROWS = 15, 2_000_000
STATEMENT = "select station, sum(millimetres)::bigint as total, count(*) as days from rain group by 1 order by 1"
ENDLESS = "select count(*) from rain a, rain b, rain c"
STARTED = "reader process, started and the statement looked at, p{}"
RATIO = "a statement over the file: reader process ÷ the engine alone"
CUT = "reader process gone after it was cut, p99"
TARGETS = {
    STARTED.format(50): {"at_most": 500.0},
    RATIO: {"at_most": 1.5},
    CUT: {"at_most": 500.0},  # of the second from revocation to last use
}
ALONE = """
import sys, duckdb, pyarrow.csv
rows = pyarrow.csv.read_csv(sys.argv[1])
engine = duckdb.connect(":memory:", config={"threads": "2"})
engine.register("rain", rows)
print(engine.execute(sys.argv[2]).fetchall())
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A file as an edition's index has it."""

    name: str
    size: int


class Plain:
    """A file's plaintext, piece by piece, as a reader gives it."""

    def __init__(self, path: Path) -> None:
        """Take the file at `path`."""
        self._content = path.read_bytes()
        self.held = Held(path.name, len(self._content))

    def files(self) -> list[Held]:
        """Return the one file."""
        return [self.held]

    def placed(self, _file: Held) -> Iterator[tuple[int, memoryview]]:
        """Yield its pieces of 1 MiB."""
        view = memoryview(self._content)
        for at in range(0, len(view), 1 << 20):
            yield at, view[at : at + (1 << 20)]


def asked(plain: Plain) -> tuple[float, float, Any]:
    """Return the seconds until the statement was looked at, those until it was answered, and the answer."""
    begun = time.perf_counter()
    with Sitting(STATEMENT) as sitting:
        sitting.ask(cast("list[IndexedFile]", plain.files()))
        started = time.perf_counter() - begun
        answer = sitting.answer(cast("Reader", plain))
    with pa.ipc.open_stream(pa.py_buffer(answer.stream)) as stream:
        found = [tuple(row.values()) for row in stream.read_all().to_pylist()]
    return started, time.perf_counter() - begun, found


def alone(path: Path) -> tuple[float, str]:
    """Return the seconds of the engine alone, and what it found."""
    begun = time.perf_counter()
    command = [sys.executable, "-c", ALONE, str(path), STATEMENT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - begun, done.stdout.strip()


def cut(plain: Plain) -> float:
    """Return the seconds after which a process that is at work is gone."""
    with Sitting(ENDLESS) as sitting:
        sitting.ask(cast("list[IndexedFile]", plain.files()))
        ended: list[float] = []

        def work() -> None:
            try:
                sitting.answer(cast("Reader", plain))
            except NotPermitted:
                ended.append(time.perf_counter())

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(1.0)
        begun = time.perf_counter()
        sitting.cut("revoked")
        thread.join()
        return ended[0] - begun


def measured(path: Path, rounds: int) -> dict[str, tuple[float, str]]:
    """Return the figures; both sides take turns, after one round that does not count."""
    plain = Plain(path)
    pairs = []
    for number in range(rounds + 1):
        ours, other = asked(plain), alone(path)
        if str(ours[2]) != other[1]:
            raise SystemExit(f"they find different things: {ours[2]!s:.100} and {other[1]:.100}")
        if number:
            pairs.append((ours, other))
    starts = [ours[0] * 1_000 for ours, _ in pairs]
    figures = {STARTED.format(percent): (report.percentile(starts, percent), "ms") for percent in (50, 99)}
    whole = report.percentile([ours[1] for ours, _ in pairs], 50)
    beside = report.percentile([other[0] for _, other in pairs], 50)
    figures[f"a statement over {path.stat().st_size >> 20} MiB, reader process"] = (whole, "s")
    figures["the same, the engine alone"] = (beside, "s")
    figures[RATIO] = (whole / beside, "times")
    figures[CUT] = (report.percentile([cut(plain) * 1_000 for _ in range(rounds)], 99), "ms")
    return figures


def main() -> None:
    """Measure, print, write bench/results/reading.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    given = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder:
        path = folder / "rain.csv"
        with path.open("w", encoding="ascii") as lines:
            lines.write("day,millimetres,station\n")
            lines.writelines(f"{day},{day * 3 % 17},S{day % 97}\n" for day in range(given.rows))
        found = report.rows(measured(path, given.rounds), TARGETS)
    print(report.table(found))
    print("written to", report.write("reading", found))


if __name__ == "__main__":
    main()
