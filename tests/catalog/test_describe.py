"""Profiling: what is counted is right, what is unreadable is described and not fatal, memory stays flat."""

from __future__ import annotations

import io
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.describe import describe
from catalog.errors import CatalogError
from catalog.hints import NOT_CHECKED, hint, suggest_grade
from catalog.profile import BARS_MAX, DISTINCT_VALUES_MAX, file_from_json, file_json, undrawn
from catalog.spread import PICKED
from tests.every import every

CSV = b"""code,n,x,ok,day,at,local,mail,gap
007,1,1.5,true,2013-01-01,2013-01-01T06:00:00Z,2013-01-01 06:00:00,a@example.org,
010,-2,NA,false,2013-02-28,2013-12-30T23:00:00Z,2013-01-02 06:00:00,b@example.org,
011,30,2,true,2013-01-05,2013-06-30T23:00:00Z,2013-01-03 06:00:00,c@example.org,NA
"""


def columns(path: str, data: bytes):
    profile = describe(path, io.BytesIO(data))
    return profile, {column.name: column for column in profile.columns}


def test_each_kind_of_cell_is_recognised_with_its_extremes():
    profile, by_name = columns("a/t.csv", CSV)
    assert (profile.rows, profile.size, profile.media_type, profile.note) == (3, len(CSV), "text/csv", "")
    kinds = {name: column.kind for name, column in by_name.items()}
    assert kinds == {
        "code": "text", "n": "integer", "x": "number", "ok": "boolean", "day": "date", "at": "time",
        "local": "local-time", "mail": "text", "gap": "empty",
    }  # fmt: skip
    assert (by_name["n"].minimum, by_name["n"].maximum) == ("-2", "30")
    assert (by_name["x"].minimum, by_name["x"].maximum, by_name["x"].nulls) == ("1.5", "2", 1)
    assert (by_name["day"].minimum, by_name["day"].maximum) == ("2013-01-01", "2013-02-28")
    assert by_name["at"].maximum == "2013-12-30T23:00:00+00:00"
    assert by_name["local"].minimum == "2013-01-01T06:00:00"
    assert by_name["code"].minimum is None
    assert (by_name["gap"].nulls, by_name["gap"].distinct) == (3, 0)
    assert profile.quality == {"completeness": 10_000 * 23 // 27, "conformity": 10_000}


def test_a_kind_widens_when_a_later_block_disagrees():
    many = 200_000  # several blocks of integers before the first other cell
    head = b"n,m\n" + b"".join(b"%d,%d\n" % (at, at) for at in range(many))
    _, by_name = columns("t.csv", head + b"0.5,x\n")
    assert (by_name["n"].kind, by_name["n"].minimum, by_name["n"].maximum) == ("number", "0", str(many - 1))
    assert (by_name["m"].kind, by_name["m"].maximum) == ("text", None)
    assert by_name["n"].distinct is None


def test_distinct_is_exact_up_to_its_limit():
    for many, expected in ((DISTINCT_VALUES_MAX, DISTINCT_VALUES_MAX), (DISTINCT_VALUES_MAX + 1, None)):
        _, by_name = columns("t.csv", b"v\n" + b"".join(b"k%d\n" % at for at in range(many)) * 2)
        assert by_name["v"].distinct == expected


def test_rows_of_a_wrong_width_are_counted_not_read():
    profile, _ = columns("t.csv", b"a,b\n1,2\n1\n3,4\n1,2,3\n")
    assert (profile.rows, profile.quality["conformity"]) == (2, 5_000)


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pa.parquet.write_table(table, sink)
    return sink.getvalue()


def test_parquet_gives_the_same_answers_as_csv():
    text = CSV.replace(b",gap", b"").replace(b"org,\n", b"org\n").replace(b"org,NA", b"org")
    strings = pa.csv.read_csv(
        io.BytesIO(text),
        convert_options=pa.csv.ConvertOptions(
            column_types={"code": pa.string(), "at": pa.timestamp("ns", "UTC"), "local": pa.timestamp("ns")}
        ),
    )
    profile, by_name = columns("t.parquet", parquet(strings))
    _, expected = columns("t.csv", text)
    assert profile.rows == 3
    assert by_name == expected


def test_nested_and_binary_columns_are_named_not_measured():
    table = pa.table(
        {"b": pa.array([b"x", None]), "l": pa.array([[1], [2, 3]]), "d": pa.array(["u", "u"]).dictionary_encode()}
    )
    _, by_name = columns("t.parquet", parquet(table))
    assert [(column.kind, column.nulls, column.distinct) for column in by_name.values()] == [
        ("binary", 1, None), ("other", 0, None), ("text", 0, 1),
    ]  # fmt: skip


@every(
    ("path", "data"),
    [
        ("t.csv", b""),
        ("t.csv", b"a\n\xff\xfe\n"),
        ("t.parquet", b"PAR1 but no more"),
        ("t.parquet", b""),
        ("t.csv", b"a" * 600 + b"\n1\n"),
        ("t.csv", b",".join(b"c%d" % at for at in range(5000)) + b"\n"),
    ],
)
def test_what_is_no_table_is_described_with_the_reason(path, data):
    profile = describe(path, io.BytesIO(data))
    assert (profile.rows, profile.columns, profile.size) == (None, (), len(data))
    assert profile.note.startswith("not read as a table: ")
    assert file_from_json(file_json(profile)) == profile


def test_another_type_is_size_and_media_type_only():
    profile = describe("x/photo.unheard-of", io.BytesIO(b"12345"))
    assert (profile.media_type, profile.size, profile.rows) == ("application/octet-stream", 5, None)


@pytest.mark.parametrize("path", ["", "/etc/passwd", "a/../../b", "a\\b"])
def test_a_path_out_of_the_dataset_is_refused(path):
    with pytest.raises(CatalogError):
        describe(path, io.BytesIO(b""))


class Lines(io.RawIOBase):
    """A CSV file of any length that exists nowhere."""

    LINE = b"12345,some text that repeats,67.25\n"

    def __init__(self, lines: int) -> None:
        self.size = lines * len(self.LINE)
        self.at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = self.size + offset if whence == io.SEEK_END else offset
        return self.at

    def tell(self) -> int:
        return self.at

    def read(self, size: int = -1) -> bytes:
        size = min(size, self.size - self.at)
        skip = self.at % len(self.LINE)
        self.at += size
        return (self.LINE * (size // len(self.LINE) + 2))[skip : skip + size]


def test_memory_does_not_grow_with_the_file():
    lines = 1_500_000
    usual, counting = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(counting)
    try:
        profile = describe("t.csv", Lines(lines))
    finally:
        pa.set_memory_pool(usual)
    assert profile.size > 50 << 20
    assert profile.rows == lines - 1
    assert 1 << 20 < counting.max_memory() < 24 << 20


def test_profiling_does_not_import_pandas():
    code = (
        "import io, sys; from catalog.describe import describe\n"
        f"p = describe('t.csv', io.BytesIO({CSV!r})); assert p.rows == 3\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=".").returncode == 0


def test_without_pyarrow_a_table_is_still_described():
    code = (
        "import io, sys; sys.modules['pyarrow'] = None; from catalog.describe import describe\n"
        "p = describe('t.csv', io.BytesIO(b'a')); assert (p.rows, p.size) == (None, 1)\n"
        "assert 'penstock[tables]' in p.note"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@every(
    ("name", "values", "expected"),
    [
        ("user_email", [], "e-mail address"),
        ("contact", ["a@b.org", "c@d.org"], "e-mail address"),
        ("x", ["13812345678"], "telephone number"),
        ("x", ["110101199003070011"], "identity number"),
        ("手机号", [], "telephone number"),
        ("email", ["110101199003070011"], "identity number"),
        ("carrier", ["UA", "AA"], None),
        ("tailnum", ["N14228"], None),
        ("wheremail", ["x"] * 9 + ["a@b.org"], None),
        ("customer_name", [], "personal name"),
        ("CustomerName", [], "personal name"),
        ("HOMEPHONE", [], "telephone number"),
        ("ShipPostalCode", [], "postal address"),
        ("addr", [], "postal address"),
        ("电话", [], "telephone number"),
        ("x", ["京A12345", "粤B·D1234"], "vehicle plate"),
        ("x", ["4111111111111111", "5500005555555559"], "account number"),
        ("x", ["4111111111111112", "5500005555555550"], None),
        ("x", ["王芳", "李小明", "张伟"], "personal name"),
        ("name", ["Ada Lovelace", "Grace M. Hopper"], "personal name"),
        ("name", ["pump", "valve"], None),
        ("town", ["New York", "Los Angeles"], None),
        ("race", ["Monza", "Spa"], None),
        ("race", ["White", "Black", "Asian"], "sensitive trait"),
        ("product_name", [], None),
        ("ip_address", [], "online identifier"),
        ("contract_address", [], None),
        ("home_lat", [], "home location"),
        ("lat", ["40.1"], None),
        ("x", ["北京市海淀区中关村大街1号"], "postal address"),
    ],
)
def test_hints_by_name_and_by_value(name, values, expected):
    assert hint(name, values) == expected


def test_a_column_s_values_are_drawn_and_those_about_people_are_not():
    cells = [(n, "ab"[n % 4 == 0], f"a{n}@b.org", n % 2 == 0, f"2013-01-{1 + n % 28:02}") for n in range(1_200)]
    rows = "".join(",".join(map(str, row)) + "\n" for row in cells)
    table = describe("a.csv", io.BytesIO(b"n,kind,email,even,day\n" + rows.encode()))
    n, kind, email, even, day = (column.bars for column in table.columns)
    assert len(n) == BARS_MAX
    assert n[0][0] == "0"
    assert all(700 <= share <= 950 for _, share in n)
    assert kind == (("a", 7_500), ("b", 2_500))
    assert email == ()
    assert even == (("false", 5_000), ("true", 5_000))
    assert day[0][0] == "2013-01-01"
    assert sum(share for _, share in day) >= 9_900
    assert file_from_json(file_json(table)) == table
    assert all(column.bars == () for column in undrawn(table).columns)


def test_what_one_row_alone_says_is_not_drawn():
    rows = "".join(f"met at the {gate} gate,{'ab'[gate == 'c']}\n" for gate in "abcdefghijkl")
    note, kind = describe("a.csv", io.BytesIO(b"note,kind\n" + rows.encode())).columns
    assert note.bars == ()
    assert kind.bars == (("a", 9_166),)


# no telephone number is so short
@given(st.lists(st.integers(-(10**9), 10**9), min_size=1, max_size=3_000))
def test_a_drawing_is_of_all_values_and_small(numbers):
    table = describe("a.csv", io.BytesIO(b"n,x\n" + "".join(f"{number},\n" for number in numbers).encode()))
    bars = table.columns[0].bars
    assert len(bars) in (0, BARS_MAX)
    assert bool(bars) == (len(set(numbers)) > 1)
    assert sum(share for _, share in bars) <= 10_000
    if bars and len(numbers) <= PICKED:
        least, most = min(numbers), max(numbers)
        first = sum(12 * (number - least) < most - least for number in numbers)
        assert abs(bars[0][1] - first * 10_000 // len(numbers)) <= 10_000 // len(numbers) + 1


@pytest.mark.parametrize(
    ("data", "rows", "words"),
    [
        ("时间,水位\n一月,2\n".encode("gb18030"), None, "`a.csv` not read as a table: its characters are not UTF-8"),
        ("time,level\n一月,2\n".encode("gb18030"), None, "`a.csv` not read as a table: its characters are not UTF-8"),
        ("time,level\n1,2\n".encode("utf-16"), None, "iconv -f"),
        (b"", None, "Empty CSV file"),
        (b"time;level\n1;2\n", 1, "`a.csv` read as one column: its cells seem to be separated by semicolons"),
        (b"time\tlevel\n1\t2\n", 1, "separated by tabs"),
    ],
)
def test_what_was_not_read_as_a_table_is_not_said_to_hold_nothing_personal(data, rows, words):
    table = describe("a.csv", io.BytesIO(data))
    assert table.rows == rows
    assert file_from_json(file_json(table)) == table
    [said] = suggest_grade([table]).reasons
    assert said.startswith("not checked: ")
    assert words in said


def test_of_many_files_that_were_not_read_some_are_named():
    files = [describe(f"{at}.csv", io.BytesIO(b"")) for at in range(10)]
    [said] = suggest_grade(files).reasons
    assert "`7.csv`" in said
    assert "`8.csv`" not in said
    assert said.endswith(" and 2 more")
    assert suggest_grade([describe("a.csv", io.BytesIO(b"n\n1\n"))]).reasons == ("no column hints at personal data",)


def test_text_that_no_rule_reads_is_said_to_be_not_checked():
    rows = "".join(f"note {number},C{number:03},{number % 3}\n" for number in range(50))
    table = describe("a.csv", io.BytesIO(b"remark,code,kind\n" + rows.encode()))
    assert [column.hint for column in table.columns] == [NOT_CHECKED, None, None]
    suggestion = suggest_grade([table])
    assert suggestion.grade == 2
    assert suggestion.reasons == ("not checked, because no rule reads such text: `a.csv` column `remark`",)
    few = describe("b.csv", io.BytesIO(b"remark\n" + b"a word\nanother word\n" * 50))
    assert few.columns[0].hint is None


def test_of_many_columns_that_were_not_checked_some_are_named():
    cells = "\n".join(",".join(f"note {row} {at}" for at in range(12)) for row in range(30))
    table = describe("a.csv", io.BytesIO((",".join(f"c{at}" for at in range(12)) + "\n" + cells).encode()))
    [said] = suggest_grade([table]).reasons
    assert said.endswith("column `c7` and 4 more")


def test_the_grade_follows_the_gravest_hint_and_says_why():
    plain = describe("a.csv", io.BytesIO(b"n\n1\n"))
    people = describe("b.csv", io.BytesIO(b"email,passport\nx,y\n"))
    assert suggest_grade([plain]).grade == 2
    suggestion = suggest_grade([plain, people])
    assert suggestion.grade == 4
    assert len(suggestion.reasons) == 2
    assert "`b.csv` column `passport`" in suggestion.reasons[1]


# pyarrow decodes a broken row for its handler and, when that is no UTF-8, complains to nobody ("exception ignored")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@given(st.binary(max_size=400))
def test_no_content_makes_describing_fail(data):
    for path in ("t.csv", "t.parquet"):
        profile = describe(path, io.BytesIO(data))
        assert file_from_json(file_json(profile)) == profile
