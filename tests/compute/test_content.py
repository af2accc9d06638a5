"""What an engine is given of a Parquet file: texts that repeat by their number, and the same rows as otherwise."""

from __future__ import annotations

import io
import random

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connector.compute.content import Content

ROWS = 20_000
DRAWN = random.Random(5)
TABLE = pa.table({
    "district": [DRAWN.choice(["A", "B", "district of a long name", None]) for _ in range(ROWS)],
    "firm": [f"firm number {at}" for at in range(ROWS)],
    "revenue": [DRAWN.choice([None, DRAWN.uniform(0, 9)]) for _ in range(ROWS)],
    "year": [2_020 + at % 5 for at in range(ROWS)],
})  # fmt: skip
STATEMENTS = (
    "SELECT district, count(*), count(DISTINCT firm), sum(year) FROM t GROUP BY 1 ORDER BY 1",
    "SELECT count(*) FROM t WHERE district = 'A' OR district IS NULL",
    "SELECT count(*) FROM t WHERE district IN ('B', 'nobody')",
    "SELECT lower(district) AS d, hash(district) AS h, max(firm) FROM t GROUP BY ALL ORDER BY ALL",
    "SELECT coalesce(district, 'none') || left(firm, 4) AS d, count(revenue) FROM t GROUP BY 1 ORDER BY 1",
)


def parquet(**how):
    sink = io.BytesIO()
    pq.write_table(TABLE, sink, row_group_size=3_000, **how)
    return Content(pa, "parquet", pa.py_buffer(sink.getvalue()))


@pytest.mark.parametrize("how", [{}, {"use_dictionary": False}, {"use_dictionary": ["district"]}])
def test_an_engine_answers_the_same(how):
    content = parquet(**how)
    with_it, without = duckdb.connect(), duckdb.connect()
    with_it.register("t", content.read_by_number([]))
    without.register("t", content.read([]))
    assert with_it.execute("DESCRIBE t").fetchall() == without.execute("DESCRIBE t").fetchall()
    for statement in STATEMENTS:
        assert with_it.execute(statement).fetchall() == without.execute(statement).fetchall(), statement


@pytest.mark.parametrize("how", [{}, {"use_dictionary": ["district"]}])
def test_only_what_repeats_comes_by_its_number(how):
    kinds = parquet(**how).read_by_number(["firm", "district", "year"]).schema
    assert pa.types.is_dictionary(kinds.field("district").type)
    assert pa.types.is_string(kinds.field("firm").type)
    assert pa.types.is_integer(kinds.field("year").type)
