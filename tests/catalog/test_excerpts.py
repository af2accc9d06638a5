"""What a reviewer reads of drawn pieces: whole rows of the file that each piece is of, and bounded."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.describe import describe
from catalog.excerpts import CHARACTERS_MAX, bounded
from catalog.looking import frame, told
from catalog.profile import file_json
from connector.custody.packs import archive

CELL = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00", exclude_categories=["Cs"]), max_size=8)


def read(profiles, pieces, rows=3, **more):
    begun = {"files": [file_json(one) for one in profiles], "lengths": [len(one) for one in pieces], "rows": rows}
    frames = [frame({"piece": number}, data) for number, data in enumerate(pieces)]
    return told(io.BytesIO(frame(begun | more) + b"".join(frames)))


@settings(max_examples=60)
@given(st.lists(st.tuples(CELL, CELL), min_size=1, max_size=60), st.integers(20, 300), st.integers(1, 20))
def test_what_is_shown_of_a_table_is_its_rows_in_their_order(cells, size, rows):
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("a", "b"), *(("x" + a, "y" + b) for a, b in cells)])
    data = out.getvalue().encode()
    profile = describe("t.csv", io.BytesIO(data))
    found = read([profile], [data[at : at + size] for at in range(0, len(data), size)], rows)
    assert [int(one["at"]) for one in found["pieces"]] == list(range(0, len(data), size))
    assert all(len(one["rows"]) <= rows for one in found["pieces"])


def test_lines_of_pieces_are_whole():
    data = b"id,height\n" + b"".join(b"%d,%d\n" % (at, at * 7) for at in range(2_000))
    profile = describe("t.csv", io.BytesIO(data))
    pieces = [data[at : at + 4_000] for at in range(0, len(data), 4_000)]
    found = read([profile], pieces, 5)["pieces"]
    for one in found:
        assert one["columns"] == ["id", "height"]
        assert len(one["rows"]) == 5
        first = int(one["rows"][0][0])
        assert one["rows"] == [[str(at), str(at * 7)] for at in range(first, first + 5)]
    assert [one["rows"][0][0] for one in found][:1] == ["0"]


def test_whole_files_packs_and_what_is_no_table(tmp_path):
    place = Path(tmp_path / "t.parquet")
    pyarrow.parquet.write_table(pa.table({"id": [1, 2], "phone": ["13812345678", "13812345679"]}), place)
    parquet, noise = place.read_bytes(), bytes(range(256)) * 300
    small = {f"{at}.csv": b"id,n\n%d,1\n" % at for at in range(20)}
    pack = archive(small.items())
    files = {"a.bin": noise, **small, "t.parquet": parquet}
    described = [describe(name, io.BytesIO(data)) for name, data in files.items()]
    [table] = read([described[-1]], [parquet])["pieces"]
    assert (table["columns"], table["rows"][0]) == (["id", "phone"], ["1", "13812345678"])
    rest = [one for one in described if one.path != "t.parquet"]
    found = read(rest, [noise, pack], packed=True)["pieces"]
    assert (found[0]["file"], found[0]["bytes"], found[0]["rows"]) == ("a.bin", str(len(noise)), [])
    assert [one["rows"] for one in found[1:3]] == [[["0", "1"]], [["1", "1"]]]


def test_sizes_that_do_not_fit_show_nothing():
    profile = describe("t.csv", io.BytesIO(b"a,b\n1,2\n"))
    assert read([profile], [b"a,b\n"]) == {"pieces": [], "more": "0"}


@pytest.mark.parametrize("count", [1, 40])
def test_all_together_are_bounded(count):
    one = {"columns": ["a"], "rows": [["x" * (CHARACTERS_MAX // 20)]]}
    kept, more = bounded([one] * count)
    assert len(kept) + more == count
    assert len(kept) <= 20
