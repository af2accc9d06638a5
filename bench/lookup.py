"""Subjects looked up without showing which: how long the table takes, and then the whole way of one key.

`python -m bench.lookup [--rows 1000000] [--asks 200]`

A provider and a buyer are each a process of their own, and each subject has one row. The table is made before its
product is on offer; the same file published for questions about groups needs none. Then keys are looked up at the
buyer's door, one at a time: each is blinded there, sent, decided upon, counted and answered by the provider, opened,
and kept with its receipt. Every other key is in the table, and what is told of each is compared. A small page at the
same door of the buyer is the floor.
"""

from __future__ import annotations

import argparse
import itertools
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import uvloop

from bench import report
from bench.rounds import side_by_side
from bench.space import machine, space, workshop
from connector.runtime.data_folder import LOOKUPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bench.space import Space

ROWS, ASKS = 1_000_000, 200
WARM, ASKERS = 20, 4
PRODUCT = "firms"
DISTRICTS = 97
LOOKED_UP, GROUPED = {"subject": "firm", "lookup": "10000"}, {"subject": "firm", "least": "10"}
TOLD = ["firm", "found", "district", "revenue"]
PLACES = ("provider", "buyer")
FLOOR_PAGE = "accounts"
ALONE = "one key, from the buyer's door and back, p50"
TARGETS = {ALONE: {"at_most": 50.0}}
# a prime that divides no number of rows that is round: keys from everywhere in the table, none twice
STRIDE = 7_919


def of_firm(at: int) -> tuple[str, str, int]:
    """Return the row of a firm: its key, its district, its revenue."""
    return f"F{at:08}", f"D{at % DISTRICTS:02}", at * 31 % 99_991


def written(path: Path, rows: int) -> Path:
    """Write a table of so many firms."""
    firms, districts, revenues = zip(*map(of_firm, range(rows)), strict=True)
    pq.write_table(pa.table({"firm": firms, "district": districts, "revenue": revenues}), path)
    return path


def keys(rows: int) -> Iterator[tuple[str, list[Any]]]:
    """Yield keys with the row that is to be told of each; every other one is of nobody."""
    for number in itertools.count():
        key, *cells = of_firm(number * STRIDE % rows)
        yield key, [key, True, *cells]
        absent, *_ = of_firm(rows + number)
        yield absent, [absent, False, None, None]


async def look_up(made: Space, key: str, row: list[Any]) -> None:
    """Look a key up at the buyer, and look at what is told of it."""
    told = await made.call("buyer", "POST", "lookups", {"what": PRODUCT, "keys": [key]})
    if (told["columns"], told["rows"]) != (TOLD, [row]):
        raise SystemExit(f"of `{key}` it is told {told['rows']}, and {row} is true")


async def offered(made: Space, product: str, path: Path, gate: dict[str, str]) -> tuple[float, float]:
    """Publish a table behind a gate; return the seconds until it is on offer, and the provider's CPU seconds."""
    begun, cpu = time.perf_counter(), report.cpu_seconds(made.pid("provider"))
    await made.offer(product, [path], tier="computed", unit="query", gate=gate, columns=["district", "revenue"])
    return time.perf_counter() - begun, report.cpu_seconds(made.pid("provider")) - cpu


def answered_bytes(data: Path) -> int:
    """Return how many bytes of answers a provider has counted so far."""
    with closing(sqlite3.connect(f"file:{data / 'penstock.db'}?mode=ro", uri=True)) as store:
        [(found,)] = store.execute("SELECT sum(bytes) FROM copies").fetchall()
    return int(found)


async def measured(folder: Path, rows: int, asks: int) -> dict[str, tuple[float, str]]:
    """Return the figures."""
    path, drawn = written(folder / "firms.parquet", rows), keys(rows)
    async with space(folder / "space") as made:
        data = made.people["provider"].data

        async def ask() -> None:
            await look_up(made, *next(drawn))

        async def floor() -> None:
            await made.call("buyer", "GET", FLOOR_PAGE)

        plain, plain_cpu = await offered(made, f"{PRODUCT}-grouped", path, GROUPED)
        seconds, cpu = await offered(made, PRODUCT, path, LOOKED_UP)
        await made.agree(PRODUCT)
        size = sum(each.stat().st_size for each in (data / LOOKUPS).iterdir())
        await side_by_side(ask, WARM, 1)
        await side_by_side(floor, WARM, 1)
        before, answers = [report.cpu_seconds(made.pid(role)) for role in PLACES], answered_bytes(data)
        _, alone = await side_by_side(ask, asks, 1)
        spent = [report.cpu_seconds(made.pid(role)) - at for role, at in zip(PLACES, before, strict=True)]
        answers = answered_bytes(data) - answers
        _, beside = await side_by_side(floor, asks, 1)
        whole, together = await side_by_side(ask, asks, ASKERS)
        peak = report.memory_bytes(made.pid("provider"), peak=True)
    return {
        f"publishing {rows:,} subjects, with the table that they are looked up in": (seconds, "s"),
        "publishing the same for questions about groups, without": (plain, "s"),
        "making the table, the provider's": (cpu - plain_cpu, "CPU s"),
        "the table on disk, a row": (size / rows, "bytes"),
        ALONE: (report.percentile(alone, 50), "ms"),
        "one key, from the buyer's door and back, p95": (report.percentile(alone, 95), "ms"),
        f"a page of the buyer's (`GET {FLOOR_PAGE}`), p50": (report.percentile(beside, 50), "ms"),
        f"one key, {ASKERS} ask at once, p50": (report.percentile(together, 50), "ms"),
        f"keys, {ASKERS} ask at once": (asks / whole, "keys/s"),
        "an answer about one key": (answers / asks, "bytes"),
        "the provider's connector, a key": (1_000 * spent[0] / asks, "CPU ms"),
        "the buyer's connector, a key": (1_000 * spent[1] / asks, "CPU ms"),
        "the provider's connector, largest resident size": (peak / (1 << 20), "MiB"),
    }


def main() -> None:
    """Measure, print, write bench/results/lookup.json."""
    parser = argparse.ArgumentParser(prog="python -m bench.lookup")
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--asks", type=int, default=ASKS)
    given = parser.parse_args()
    print(machine(), flush=True)
    with workshop() as folder:
        found = report.rows(uvloop.run(measured(folder, given.rows, given.asks)), TARGETS)
    print(report.table(found))
    print("written to", report.write("lookup", found))


if __name__ == "__main__":
    main()
