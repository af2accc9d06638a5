"""Sample rows: the first ones, short, and nothing about persons."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.describe import describe
from catalog.errors import CatalogError
from catalog.sample import CELL_CHARACTERS_MAX, HIDDEN, ROWS_MAX, from_json, sample

ROWS = [("2026-01-01", "a@b.example", "x" * 500), ("2026-01-02", "c@d.example", ""), ("2026-01-03", "e@f.example", "z")]


def csv_file():
    return io.BytesIO(b"day,email,note\n" + "".join(",".join(row) + "\n" for row in ROWS).encode())


def parquet_file():
    out = io.BytesIO()
    pyarrow.parquet.write_table(
        pa.table(dict(zip(("day", "email", "note"), zip(*ROWS, strict=True), strict=True))), out
    )
    return out


@pytest.mark.parametrize(("name", "made"), [("a.csv", csv_file), ("a.parquet", parquet_file)])
def test_the_first_rows_without_what_is_personal(name, made):
    stream = made()
    found = sample(describe(name, stream), stream, 2)
    assert found.columns == ("day", "email", "note")
    assert [row[0] for row in found.rows] == ["2026-01-01", "2026-01-02"]
    assert {row[1] for row in found.rows} == {HIDDEN}
    assert len(found.rows[0][2]) == CELL_CHARACTERS_MAX
    assert from_json(found.json()) == found
    assert "@" not in str(found.json())


@pytest.mark.parametrize("rows", [0, ROWS_MAX + 1])
def test_a_sample_is_small(rows):
    stream = csv_file()
    with pytest.raises(CatalogError):
        sample(describe("a.csv", stream), stream, rows)


def test_what_is_no_table_has_no_sample():
    stream = io.BytesIO(b"\x00\x01")
    with pytest.raises(CatalogError, match="no table"):
        sample(describe("a.bin", stream), stream, 1)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=4), st.integers(1, 5))
def test_whatever_is_in_the_cells_what_is_made_is_read(cells, rows):
    import csv

    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([f"c{at}" for at in range(len(cells))])
    for _ in range(6):
        writer.writerow(cells)
    stream = io.BytesIO(out.getvalue().encode("utf-8", "replace"))
    profile = describe("a.csv", stream)
    if profile.columns:
        found = sample(profile, stream, rows)
        assert from_json(found.json()) == found


@pytest.mark.parametrize(
    "change", [{"rows": [["1", "2"]]}, {"rows": [[1]]}, {"columns": "a"}, {"more": 1}, {"rows": [["1"]] * 21}]
)
def test_what_is_no_sample_is_refused(change):
    with pytest.raises(CatalogError):
        from_json({"path": "a.csv", "columns": ["a"], "rows": [["1"]]} | change)
