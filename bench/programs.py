"""What it costs to run a buyer's program on blocks of subjects, beside running it once on all rows.

`python -m bench.programs [--rounds 5] [--rows 1000000] [--blocks 100]`

Both read two columns of one Parquet file with DuckDB and hand them to the same module, the median of the second; the
rival in one piece, as whoever may see the rows does it; ours parted by subject, each block in a machine of its own,
with noise on the mean. CPU seconds of the work alone, each in a fresh interpreter on one core; the time that a run
waits so that it tells nothing is not work, and is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bench import report, rivals
from bench.policy import on_one_core
from bench.space import machine

ROUNDS, ROWS, BLOCKS = 5, 1_000_000, 100
RATIO = "CPU seconds: on blocks with noise ÷ once on all rows"
MADE = """
import sys
import duckdb
path, rows = sys.argv[1], int(sys.argv[2])
cells = f"'F' || (range * 7919 % {rows // 5}) AS firm, (range * 104729 % 100003) / 100.0 AS revenue"
made = f"SELECT {cells} FROM range({rows})"
duckdb.sql(f"COPY ({made}) TO '{path}' (FORMAT parquet)")
"""
# sorts a copy of its rows by insertion into 1,024 buckets, and tells the middle one's bound
MODULE = """
(module
  (memory (export "memory") 1)
  (global $free (mut i32) (i32.const 8192))
  (func (export "place") (param $bytes i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $free))
    (global.set $free (i32.add (global.get $free) (local.get $bytes)))
    (drop (memory.grow (i32.add (i32.shr_u (local.get $bytes) (i32.const 16)) (i32.const 1))))
    (local.get $at))
  (func (export "run") (param $parameters i32) (param $rows i32) (param $count i32) (param $told i32)
    (local $at i32) (local $bucket i32) (local $seen i32)
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $at) (local.get $count)))
      (local.set $bucket (i32.and (i32.trunc_sat_f64_u
        (f64.load (i32.add (local.get $rows) (i32.shl (local.get $at) (i32.const 3))))) (i32.const 1023)))
      (i32.store (i32.shl (local.get $bucket) (i32.const 2))
        (i32.add (i32.const 1) (i32.load (i32.shl (local.get $bucket) (i32.const 2)))))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br $next)))
    (local.set $bucket (i32.const 0))
    (block $half (loop $more
      (br_if $half (i32.ge_u (local.get $bucket) (i32.const 1023)))
      (local.set $seen (i32.add (local.get $seen) (i32.load (i32.shl (local.get $bucket) (i32.const 2)))))
      (br_if $half (i32.ge_u (i32.shl (local.get $seen) (i32.const 1)) (local.get $count)))
      (local.set $bucket (i32.add (local.get $bucket) (i32.const 1)))
      (br $more)))
    (f64.store (local.get $told) (f64.convert_i32_u (local.get $bucket)))))
"""
OURS = """
import json, sys, time
import duckdb, pyarrow as pa, pyarrow.compute, pyarrow.parquet
from connector.compute import blocks, noisy
from connector.compute.content import Content
from connector.compute.gated import Asking, open_to
from connector.compute.noisy import CELLS, STEPPED, Number
from contracts.gate import Gate
from contracts.noise import Noise
from contracts.program import Programs
path, module, parts = sys.argv[1], sys.argv[2], int(sys.argv[3])
gate = Gate(("revenue",), "firm", noise=Noise(200, 1000), programs=Programs(10))
runs = blocks.Programs()
engine = duckdb.connect(config={"threads": "1"})
noisy.rehearse()
runs._module = runs._machine.module(module.encode())
content = open(path, "rb").read()
begun = time.process_time()
asking = Asking(pa, engine, "firms", Content(pa, "parquet", pa.py_buffer(content)), gate)
found = blocks.inputs(engine, "select revenue from firms where revenue > 0", open_to(asking.types(), gate))
asking.ready(found.named)
said = {"tells": [["median", 0.0, 1000.0]], "parameters": [], "blocks": parts}
exact = runs._run(said, blocks.Rows(engine, found, gate, parts), 10)
wanted = [Number(CELLS), Number(STEPPED, "0")]
loss = blocks.OneBlock(gate.noise, 2)
[drawn] = zip(*(noisy.laplace(loss, one, [exact[at]]) for at, one in enumerate(wanted)))
told = blocks._told(said, drawn, loss, wanted, gate)
print(json.dumps({"seconds": time.process_time() - begun, "told": told["rows"][0][1], "off": told["margins"][0][1]}))
"""
THEIRS = """
import json, sys, time
import duckdb, pyarrow as pa, wasmtime
path, module = sys.argv[1], sys.argv[2]
engine = wasmtime.Engine()
compiled, store = wasmtime.Module(engine, module), wasmtime.Store(engine)
ours = wasmtime.Instance(store, compiled, []).exports(store)
database = duckdb.connect(config={"threads": "1"})
begun = time.process_time()
table = database.sql(f"SELECT firm, revenue::DOUBLE AS revenue FROM '{path}' WHERE revenue > 0").to_arrow_table()
cells = pa.concat_arrays(table.column("revenue").chunks)
at = ours["place"](store, 8 * len(cells) + 8)
ours["memory"].write(store, memoryview(cells.buffers()[1]).cast("B")[: 8 * len(cells)], at)
ours["run"](store, at, at, len(cells), at + 8 * len(cells))
told = memoryview(ours["memory"].read(store, at + 8 * len(cells), at + 8 * len(cells) + 8)).cast("d")[0]
print(json.dumps({"seconds": time.process_time() - begun, "told": told, "off": 0}))
"""


def run(program: str, *arguments: str) -> dict[str, Any]:
    """Return what a program measured."""
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=rivals.ROOT)
    return dict(json.loads(done.stdout))


def measured(rounds: int, rows: int, blocks: int) -> dict[str, tuple[float, str]]:
    """Return the figures; both take turns, after one round that does not count."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "firms.parquet")
        subprocess.run([sys.executable, "-c", MADE, path, str(rows)], check=True)
        for number in range(rounds + 1):
            one, other = run(OURS, path, MODULE, str(blocks)), run(THEIRS, path, MODULE)
            if abs(one["told"] - other["told"]) > 3 * one["off"]:
                raise SystemExit(f"they find different things: {one} and {other}")
            if number:
                ours.append(one["seconds"])
                theirs.append(other["seconds"])
    mine, others = report.percentile(ours, 50), report.percentile(theirs, 50)
    return {
        f"on {blocks} blocks, {rows:,} rows": (mine, "CPU s"),
        "once on all rows, by DuckDB and Wasmtime alone": (others, "CPU s"),
        RATIO: (mine / others, "times"),
    }


def main() -> None:
    """Measure, print, and write bench/results/programs.json."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--blocks", type=int, default=BLOCKS)
    given = parser.parse_args()
    print(machine())
    on_one_core()
    found = report.rows(measured(given.rounds, given.rows, given.blocks), {})
    print(report.table(found))
    print("written to", report.write("programs", found))


if __name__ == "__main__":
    main()
