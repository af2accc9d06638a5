"""Masks: what they make of cells, that nothing of what they hide is left, and that all or nothing is done."""

from __future__ import annotations

import csv
import io
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from statistics import mean, stdev

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import masks
from catalog.errors import CatalogError
from connector.custody import masking
from connector.custody.errors import VaultError
from connector.custody.sources import source_of

KEY = bytes(range(32))
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\ufeff"), max_size=12)


def steps(**told):
    return {column: masks.read(column, text) for column, text in told.items()}


def done(path, product="p", key=KEY, **told):
    """Return the bytes of a file after masks."""
    [file] = masking.masked(source_of([path]), steps(**told), product, key, path.parent).files
    with file.open() as stream:
        data = stream.read()
    assert len(data) == file.size
    return data


def table(path, rows, head=("name", "phone", "age", "day")):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def rows_of(data):
    return list(csv.reader(io.StringIO(data.decode(), newline="")))


PEOPLE = [
    ('Ann, "A"', "+49 30 1234567", "34", "2024-05-17"),
    ("Bo\nTwo", "", "29", ""),
    ("李雷", "+49 30 1234567", "41", "2023-12-31"),
]


def test_each_method_does_what_its_words_say(tmp_path):
    path = table(tmp_path / "people.csv", PEOPLE)
    got = rows_of(done(path, name="redact", phone="hash", age="generalise:10", day="generalise:month"))
    assert got[0] == ["name", "phone", "age", "day"]
    assert [row[0] for row in got[1:]] == ["", "", ""]
    assert got[1][1] == got[3][1] != got[2][1]
    assert len(got[1][1]) == 32
    assert [row[2] for row in got[1:]] == ["30", "20", "40"]
    assert [row[3] for row in got[1:]] == ["2024-05-01", "", "2023-12-01"]
    told = rows_of(done(path, name="truncate:1", phone="tokenise", day="generalise:year"))
    assert [row[0] for row in told[1:]] == ["A", "B", "李"]
    assert len(told[1][1]) == 13
    assert [row[2:] for row in told[1:]] == [["34", "2024-01-01"], ["29", ""], ["41", "2023-01-01"]]


def test_an_empty_cell_stays_empty(tmp_path):
    path = table(tmp_path / "people.csv", PEOPLE)
    for mask in ("hash", "tokenise", "truncate:3"):
        assert rows_of(done(path, phone=mask))[2][1] == ""


def test_steps_are_done_in_their_order(tmp_path):
    path = table(tmp_path / "people.csv", PEOPLE)
    one, other = (rows_of(done(path, phone=text)) for text in ("truncate:3+hash", "hash+truncate:3"))
    assert len(one[1][1]) == 32
    assert len(other[1][1]) == 3


def test_keys_are_apart_by_product_and_column_unless_they_are_shared(tmp_path):
    path = table(tmp_path / "a.csv", [("x", "x", "1", "")])
    own, others = rows_of(done(path, name="hash", phone="hash"))[1], rows_of(done(path, "q", name="hash"))[1]
    assert len({own[0], own[1], others[0]}) == 3
    shared = [rows_of(done(path, product, name="hash:shared", phone="hash:shared"))[1] for product in "pq"]
    assert len({cell for row in shared for cell in row[:2]}) == 1
    assert rows_of(done(path, key=bytes(32), name="hash"))[1][0] != own[0]


def test_noise_is_of_its_scale_and_the_same_each_time(tmp_path):
    path = table(tmp_path / "n.csv", [("x", "y", "100.00", "")] * 4000)
    first = done(path, age="noise:2.5")
    assert done(path, age="noise:2.5") == first
    drawn = [float(row[2]) - 100 for row in rows_of(first)[1:]]
    assert abs(mean(drawn)) < 0.4
    assert 3.2 < stdev(drawn) < 3.9  # Laplace: scale times the root of two
    assert all(len(row[2].partition(".")[2]) == 2 for row in rows_of(first)[1:])


def test_a_parquet_column_keeps_its_type_where_it_can(tmp_path):
    path = tmp_path / "t.parquet"
    at = datetime(2026, 5, 17, 13, 45, tzinfo=UTC)
    columns = {
        "n": pa.array([17, None, -3], pa.int32()),
        "d": pa.array([date(2024, 5, 17), None, date(2020, 1, 31)]),
        "t": pa.array([at, None, at], pa.timestamp("us", "UTC")),
        "s": pa.array(["a", None, "a"]).dictionary_encode(),
        "kept": pa.array([1.5, None, 2.5]),
    }
    pq.write_table(pa.table(columns), path, row_group_size=2)
    data = done(path, n="generalise:10", d="generalise:year", t="generalise:hour", s="hash")
    made = pq.read_table(io.BytesIO(data))
    assert made["n"].to_pylist() == [10, None, -10]
    assert made.schema.field("n").type == pa.int32()
    assert made["d"].to_pylist() == [date(2024, 1, 1), None, date(2020, 1, 1)]
    assert made["t"].to_pylist() == [at.replace(minute=0), None, at.replace(minute=0)]
    cells = made["s"].to_pylist()
    assert cells[0] == cells[2] != "a"
    assert cells[1] is None
    assert made["kept"].to_pylist() == [1.5, None, 2.5]
    redacted = pq.read_table(io.BytesIO(done(path, n="redact")))
    assert (redacted["n"].to_pylist(), redacted.schema.field("n").type) == ([None] * 3, pa.int32())


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=30))
def test_other_cells_come_through_as_they_were(tmp_path_factory, rows):
    path = table(tmp_path_factory.mktemp("m") / "t.csv", [(*row, "5", "x") for row in rows])
    got = rows_of(done(path, phone="redact"))[1:]
    want = [[name.replace("\r\n", "\n"), "5", "x"] for name, _ in rows]
    assert [[row[0].replace("\r\n", "\n"), *row[2:]] for row in got] == want
    assert all(row[1] == "" for row in got)


def test_nothing_of_what_is_hidden_is_left(tmp_path):
    chance = random.Random(1)
    numbers = [f"+49 30 {chance.randint(10**6, 10**7)}" for _ in range(500)]
    path = table(tmp_path / "t.csv", [(f"n{at}", number, str(at), "") for at, number in enumerate(numbers)])
    for mask in ("hash", "tokenise", "redact", "truncate:3"):
        data = done(path, phone=mask).decode()
        assert not any(number in data for number in numbers), mask


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"fax": "hash"}, "no table has the column `fax`"),
        ({"name": "generalise:10"}, "`generalise:10` cannot be done to every cell of `name`"),
        ({"name": "noise:1"}, "`noise:1` cannot be done"),
        ({"age": "generalise:year"}, "`generalise:year` cannot be done"),
    ],
)
def test_a_mask_that_cannot_be_done_refuses_all_of_it(tmp_path, told, why):
    path = table(tmp_path / "people.csv", PEOPLE)
    with pytest.raises(VaultError, match=why):
        done(path, **told)


def test_a_table_with_broken_lines_is_not_masked_in_part(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("name,phone\na,1\nb\nc,3\n")
    with pytest.raises(VaultError, match="not wholly the table"):
        done(path, phone="hash")
    path.write_text("phone,phone\n1,2\n")
    with pytest.raises(VaultError, match="two columns of one name"):
        done(path, phone="hash")


@pytest.mark.parametrize(
    "text",
    ["", "hush", "hash:own", "truncate", "truncate:0", "generalise", "generalise:0", "generalise:0.0", "noise:-1",
     "noise:0", "none+hash", "hash+hash+hash+hash+hash", "noise:1e9", "redact:1", None, 5],
)  # fmt: skip
def test_what_is_no_mask_is_refused_by_name(text):
    with pytest.raises(CatalogError) as refused:
        masks.read("phone", text)
    assert "phone" in str(refused.value)


@given(st.decimals(-(10**9), 10**9, places=3), st.sampled_from(("1", "10", "2.5", "1000")))
def test_a_step_is_the_one_below(number, size):
    from connector.custody.mask_cells import _floor

    low = Decimal(_floor(str(number), Decimal(size)))
    assert low <= number < low + Decimal(size)
    assert low % Decimal(size) == 0
