"""A Parquet file that the engine reads by itself: answered as by Arrow, nothing beside it is read, no page left out."""

from __future__ import annotations

import io
import json
import sys

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from connector.compute import gated, held_file
from connector.compute.computation import Computation
from connector.compute.content import Content
from connector.compute.extents import extents
from connector.compute.reader_process import SETTINGS
from ledger.edition.index import IndexedFile
from tests.compute.rooms import COLUMNS, GATE, Room, firms
from tests.compute.test_extents import holed
from tests.every import every

ROWS = pa.csv.read_csv(io.BytesIO(firms()))


def parquet(table, **how):
    sink = io.BytesIO()
    pq.write_table(table, sink, **how)
    return sink.getvalue()


class Parquets(Room):
    """The same room over a Parquet file, of which each statement has its columns alone."""

    def ask(self, statement, seconds=30):
        file = IndexedFile("firms.parquet", 0, len(self.table), 0, 1)
        columns = dict.fromkeys(("firms", "firms.parquet"), COLUMNS)
        with Computation(statement, self.gate, columns, seconds) as computation:
            foreseen = computation.foresee()
            named = {*foreseen.named, self.gate.subject, *(name for one in self.kept for name in one["named"])}
            within = extents(file.name, file.size, lambda start, stop: self.table[start:stop], named)
            found = computation.compute(
                foreseen.table, file, [(0, holed(self.table, within))], json.dumps(self.kept).encode()
            )
        if found.rows:
            self.kept.append(found.memory)
        return found


@pytest.fixture(autouse=True)
def _library(monkeypatch):
    """The library that an engine knows file systems by comes back afterwards."""
    monkeypatch.setitem(sys.modules, held_file.LIBRARY, None)


def locked():
    """Return an engine as a reader process has it."""
    made = duckdb.connect(":memory:", config={**SETTINGS, "enable_external_access": "true"})
    held_file.allow(made)
    made.execute("SET threads = 2")
    made.execute("SET lock_configuration = true")
    return made


STATEMENTS = (
    "select district, count(*) as n, sum(revenue), avg(revenue) from firms group by district",
    # of equal ones it says which, so both readings name the same
    "select district, year, count(distinct firm) from firms where year > 2021 group by 1,2 order by 3 desc,1,2 limit 4",
    "select count(*) from firms where sector = 'steel' and district in ('A', 'B')",
    "select count(*) from firms where district <> 'Z'",  # too near to the last one: it is held back
    "select count(*) from firms",
)


def in_order(rows, statement):
    """Rows as they came where the statement says in which order, else in one of their own: two threads have none."""
    return rows if "order by" in statement else sorted(rows, key=str)


def remembered(found):
    return {**found.memory, "table": "", "told": sorted(found.memory["told"], key=str)}


def test_it_is_answered_and_remembered_as_the_same_rows_are_by_arrow():
    one, other = Room(), Parquets(parquet(ROWS, row_group_size=500))
    for statement in STATEMENTS:
        said, found = one.ask(statement), other.ask(statement)
        assert (found.columns, found.held_back) == (said.columns, said.held_back), statement
        assert in_order(found.rows, statement) == in_order(said.rows, statement), statement
        # by the same marks: what was told over Arrow's reading holds an answer over the engine's, and the other way
        assert remembered(found) == remembered(said), statement
    assert found.held_back, "all but one firm were told, so all of them are not"


@every("how", [
    {"compression": "zstd"}, {"compression": "gzip"}, {"compression": "brotli"}, {"compression": "lz4"},
    {"data_page_version": "2.0"}, {"use_dictionary": False, "column_encoding": {"revenue": "BYTE_STREAM_SPLIT"}},
    {"version": "1.0"}, {"write_statistics": False}, {"row_group_size": 7},
])  # fmt: skip
def test_it_is_read_however_it_was_packed(how):
    found = Parquets(parquet(ROWS, **how)).ask(STATEMENTS[0])
    assert found.rows == Room().ask(STATEMENTS[0]).rows


def told_by(content, statement="select sum(year) from firms"):
    """Return what is told of a file, and whether the engine has read it by itself."""
    engine = locked()
    columns = dict.fromkeys(("firms",), COLUMNS)
    asked = {"statement": statement, "gate": GATE.json(), "columns": columns}
    files = [{"names": ["firms"], "file": "firms.parquet", "kind": "parquet"}]
    _, told = gated.answer(pa, engine, asked, files, [pa.py_buffer(content), b"[]"])
    views = engine.execute("select sql from duckdb_views() where view_name = 'firms'").fetchall()
    return json.loads(told)["rows"], held_file.HELD in str(views)


@every(("rows", "itself"), [
    (ROWS, True),
    (ROWS.append_column(held_file.NUMBER, pa.array(range(len(ROWS)))), False),
    # moments that are written as they once were are of another type to the engine than to Arrow
    (ROWS.append_column("at", pa.array([0] * len(ROWS), pa.timestamp("ns"))), False),
])  # fmt: skip
def test_what_the_engine_sees_otherwise_arrow_reads(rows, itself):
    [[total]], by_itself = told_by(parquet(rows, use_deprecated_int96_timestamps=True))
    assert (by_itself, total) == (itself, pytest.approx(sum(ROWS["year"].to_pylist()), rel=1e-4))


def test_what_the_engine_cannot_unpack_arrow_reads(monkeypatch):
    reads = held_file.Reading.read

    def torn(self, size):  # only what says what the columns are comes whole
        found = reads(self, size)
        return found if self.tell() > len(content) - 8_192 else bytes(len(found))

    content = parquet(ROWS)
    monkeypatch.setattr(held_file.Reading, "read", torn)
    [[total]], by_itself = told_by(content)
    assert (by_itself, total) == (False, pytest.approx(sum(ROWS["year"].to_pylist()), rel=1e-4))


def test_no_page_is_left_out_for_what_the_file_says_of_it(tmp_path):
    """Written with filters that say which values are there; where these lie there is nothing, as of other columns."""
    path = tmp_path / "t.parquet"
    with duckdb.connect() as writer:
        writer.register("told", ROWS.sort_by("district"))
        writer.execute(f"COPY told TO '{path}' (ROW_GROUP_SIZE 2048, FORMAT parquet)")
        filters = writer.execute(f"select count(bloom_filter_offset) from parquet_metadata('{path}')").fetchone()
    assert filters[0] > 0, "the test is of such a file"
    content = path.read_bytes()
    within = extents("t.parquet", len(content), lambda start, stop: content[start:stop], {"district", "firm"})
    statement = "select count(*) from firms where district = 'B'"
    told, by_itself = told_by(holed(content, within), statement)
    assert (by_itself, told) == (True, [[sum(one == "B" for one in ROWS["district"].to_pylist())]])


def test_two_threads_read_it_right_each_time():
    engine = locked()
    content = parquet(pa.table({"n": list(range(100_000))}), row_group_size=2_048)
    held_file.hold(engine, content)
    for _ in range(20):
        [found] = engine.execute(f"select sum(n), sum(file_row_number), count(*) from {held_file.rows()}").fetchall()
        assert found == (4_999_950_000, 4_999_950_000, 100_000)


@every("statement", [
    "select * from read_csv('/etc/passwd')", "select * from read_text('/proc/self/environ')",
    "select * from read_parquet('held://other.parquet')", "select * from read_parquet('/dev/shm/x.parquet')",
    "copy (select 1) to 'held://table.parquet'", "copy (select 1) to '/dev/shm/out.csv'",
    "attach '/dev/shm/x.db'", "set enable_external_access = true", "set allowed_paths = ['/etc/passwd']",
    "set disabled_optimizers = ''", "load 'httpfs'",
])  # fmt: skip
def test_an_engine_reads_that_file_and_nothing_else(statement):
    engine = locked()
    held_file.hold(engine, parquet(ROWS))
    with pytest.raises(duckdb.Error):
        engine.execute(statement).fetchall()


def test_a_content_knows_of_what_kind_it_is():
    assert (Content(pa, "csv", b"a\n1\n").kind, Content(pa, "csv", b"a\n1\n").buffer) == ("csv", b"a\n1\n")
