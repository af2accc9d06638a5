"""What the names in a joined statement mean, and what of each product its process is handed."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from connector.compute.joined_sitting import JoinedSitting, Source, names_in
from connector.compute.sitting import MAX_PLAIN_BYTES
from connector.runtime.errors import InvalidInput, NotPermitted
from tests.compute.test_reading import Opened, file

RAIN, MORE = b"station,mm\nS0,3\nS1,5\n", b"station,mm\nS0,7\n"
PLACES = b"station,height\nS0,100\nS1,200\n"


def columns(**named):
    sink = io.BytesIO()
    pq.write_table(pa.table(named), sink)
    return sink.getvalue()


def answered(statement, **held):
    """Answer a statement over files by product, the first of which is called `first` here; or files and columns."""
    products = {"" if name == "first" else name: files for name, files in held.items()}
    sources = {
        name: Source(Opened(*files[0]), files[1]) if isinstance(files[0], tuple) else Source(Opened(*files), ())
        for name, files in products.items()
    }
    with JoinedSitting(statement, 20) as sitting:
        sitting.ask_all({name: source.reader.files() for name, source in sources.items()})
        asked = {name: [one.name for one in sitting.asked_of(name)] for name in sources}
        answer = sitting.answer_all(sources)
    return pa.ipc.open_stream(bytes(answer.stream)).read_all().to_pylist(), asked


def test_each_product_has_its_own_tables_even_where_files_are_called_alike():
    found, asked = answered(
        "select r.mm, p.height from t r join places p using (station) order by height",
        first=(file("t.csv", RAIN),),
        places=(file("t.csv", PLACES),),
    )
    assert found == [{"mm": 3, "height": 100}, {"mm": 5, "height": 200}]
    assert asked == {"": ["t.csv"], "places": ["t.csv"]}


def test_of_several_tables_each_has_its_product_before_it():
    held = {"first": (file("t.csv", RAIN),), "other": (file("a/rain.csv", MORE), file("places.csv", PLACES))}
    statement = 'select sum(o.mm) as mm from t join "other/rain" o using (station)'
    assert answered(statement, **held) == ([{"mm": 7}], {"": ["t.csv"], "other": ["a/rain.csv"]})
    assert answered(statement.replace("other/rain", "other/a/rain.csv"), **held)[0] == [{"mm": 7}]
    with pytest.raises(InvalidInput, match="no table `other`"):
        answered("select 1 from t, other", **held)


def test_no_product_shows_a_column_that_was_not_licensed():
    wide = columns(station=["S0", "S1"], height=[100, 200], owner=["O0", "O1"])
    held = {"first": (file("t.csv", RAIN),), "places": ((file("p.parquet", wide),), ("station", "height"))}
    [row], _ = answered("select p.* from t join places p using (station) where mm = 3", **held)
    assert row == {"station": "S0", "height": 100}
    with pytest.raises(InvalidInput, match="owner"):
        answered("select owner from t join places using (station)", **held)


@pytest.mark.parametrize("name", ["t", "T"])
def test_no_name_means_two_tables(name):
    with pytest.raises(InvalidInput, match="the name of two tables"):
        names_in({"": [file("T.csv", RAIN)], name: [file("p.csv", PLACES)]})
    # a file of the first that is called as one of another product would be
    with pytest.raises(InvalidInput, match="the name of two tables"):
        names_in({"": [file("x/p.csv", RAIN)], "x": [file("p.csv", PLACES)]})


@pytest.mark.parametrize(
    "statement",
    [
        "select * from t, places, read_csv('/etc/passwd')",
        "select * from t, places.p",
        "select * from t, main.places",
        "select 1; select * from t, places",
        "create view z as select * from t, places",
        "select * from t, information_schema.tables",
    ],
)
def test_a_joined_statement_reaches_no_more_than_one_of_one_product(statement):
    with pytest.raises(InvalidInput):
        answered(statement, first=(file("t.csv", RAIN),), places=(file("p.csv", PLACES),))


def test_a_product_that_it_asks_nothing_of_is_refused():
    held = {"first": (file("t.csv", RAIN),), "places": (file("p.csv", PLACES),), "none": (file("a.txt", b"-"),)}
    with pytest.raises(InvalidInput, match="asks for no table of `none`") as refused:
        answered("select * from t, places", **held)
    assert "it has none" in refused.value.hint


def test_what_all_ask_for_together_is_bounded():
    half = file("t.csv", RAIN)
    half.size = MAX_PLAIN_BYTES // 2 + 1
    with JoinedSitting("select * from t, places", 20) as sitting, pytest.raises(InvalidInput, match="2 files"):
        sitting.ask_all({"": [half], "places": [half]})


def test_it_is_cut_as_one_of_one_product_is():
    with JoinedSitting("select * from t, places", 20) as sitting:
        sitting.ask_all({"": [file("t.csv", RAIN)], "places": [file("p.csv", PLACES)]})
        sitting.cut("it was revoked")
        sources = {"": Source(Opened(file("t.csv", RAIN)), ()), "places": Source(Opened(file("p.csv", PLACES)), ())}
        with pytest.raises(NotPermitted, match="it was revoked"):
            sitting.answer_all(sources)
