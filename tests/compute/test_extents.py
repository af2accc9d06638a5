"""Of a table's file that is opened which a statement names, and no more; what is not sure is all of it."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.compute.content import Content
from connector.compute.extents import MARK, extents
from tests.every import every

ROWS = 30_000


def written(columns, **more):
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file, **more)
    return file.getvalue()


def found(content, columns, name="t.parquet"):
    return extents(name, len(content), lambda start, stop: content[start:stop], columns)


def holed(content, within):
    """Return a file as a reader process has it: zeros where nothing was opened."""
    opened = bytearray(len(content))
    for start, stop in within:
        opened[start:stop] = content[start:stop]
    return bytes(opened)


TABLE = {
    "key": pa.array([f"K{at}" for at in range(ROWS)]),
    "key.part": pa.array([at % 7 for at in range(ROWS)]),
    "few": pa.array([f"S{at % 5}" for at in range(ROWS)]).dictionary_encode(),
    "value": pa.array([at * 31 % 997 / 2 for at in range(ROWS)]),
    "nested": pa.array([{"a": at, "b": [at]} for at in range(ROWS)]),
}


@settings(deadline=None, max_examples=40)
@given(
    st.sets(st.sampled_from(sorted(TABLE)), min_size=1),
    st.sampled_from(["none", "snappy", "zstd"]),
    st.sampled_from([1_000, 7_777, ROWS]),
    st.booleans(),
    st.booleans(),
)
def test_what_is_opened_is_read_as_if_all_was(columns, compression, group, numbered, paged):
    content = written(
        TABLE, compression=compression, row_group_size=group, use_dictionary=numbered, write_page_index=paged
    )
    within = found(content, columns)
    part = Content(pa, "parquet", pa.py_buffer(holed(content, within)))
    assert part.read(sorted(columns)).equals(Content(pa, "parquet", pa.py_buffer(content)).read(sorted(columns)))
    assert part.read_by_number(sorted(columns)).num_rows == ROWS
    assert part.schema().names == list(TABLE)


def test_a_column_that_is_not_named_is_not_opened():
    content = written(TABLE)
    within = found(content, {"few"})
    assert sum(stop - start for start, stop in within) < len(content) / 10
    assert len(content) // 2 < sum(stop - start for start, stop in found(content, set(TABLE))) <= len(content)


@every(
    "change",
    [
        lambda content: b"",
        lambda content: MARK,
        lambda content: content[:-1],
        lambda content: content[:-8] + b"\xff\xff\xff\xff" + MARK,
        lambda content: content[:-8] + b"\x00\x00\x00\x00" + MARK,
        lambda content: content[:-8] + b"\x05\x00\x00\x00" + MARK,
        lambda content: content[:-200] + bytes(192) + content[-8:],
        lambda content: b"a,b\n1,2\n" * 9,
    ],
)
def test_an_end_that_says_nothing_is_read_whole(change):
    assert found(change(written(TABLE)), {"value"}) is None


@pytest.mark.parametrize("name", ["t.csv", "t.ndjson", "t.jsonl"])
def test_a_file_that_is_read_whole_is_opened_whole(name):
    assert found(written(TABLE), {"value"}, name) is None


def test_who_counts_rows_alone_has_it_whole():
    assert found(written(TABLE), set()) is None
