"""The data that a newcomer brings: a table as CSV and as Parquet, a folder of small files, one large file.

`PENSTOCK_TEST_NEWCOMER=small` makes them small enough for every change; without it they are whole.
"""

from __future__ import annotations

import os
import random
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

MIB = 2**20
STATIONS = ("BOS", "NYC", "PHL")


class Sizes(NamedTuple):
    """How much of each."""

    rows: int
    files: int
    mib: int


SIZES = {"whole": Sizes(200_000, 2_000, 1024), "small": Sizes(200_000, 200, 64)}
HERE = SIZES[os.environ.get("PENSTOCK_TEST_NEWCOMER", "whole")]
TABLE, PARQUET, FOLDER, LARGE = "tides.csv", "tides.parquet", "gauges", "survey.bin"


def bring(folder, sizes=HERE):
    """Write all of it into a folder, by a seed."""
    drawn = random.Random(sizes.rows)
    hours = range(sizes.rows)
    heights = [drawn.randrange(4000) / 1000 for _ in hours]
    stations = [STATIONS[hour % len(STATIONS)] for hour in hours]
    lines = (f"{hour},{station},{height}\n" for hour, station, height in zip(hours, stations, heights, strict=True))
    (folder / TABLE).write_text("hour,station,height\n" + "".join(lines))
    pq.write_table(pa.table({"hour": list(hours), "station": stations, "height": heights}), folder / PARQUET)
    (folder / FOLDER).mkdir()
    for number in range(sizes.files):
        (folder / FOLDER / f"gauge-{number:04}.txt").write_text(f"gauge {number} {drawn.random():.6f}\n")
    with (folder / LARGE).open("wb") as file:
        for _ in range(sizes.mib):
            file.write(drawn.randbytes(MIB))
