"""A question with values left open: its file is read strictly, and what comes of it is what may be chosen."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import saved
from connector.compute.choices import Choices, Choosable, Condition, read_condition
from connector.compute.kinds import Kind
from connector.compute.saved import QUESTION_BYTES_MAX, Saved, read
from connector.runtime.errors import InvalidInput
from tests.compute.test_choices import choosable, planned
from tests.every import every

WHERE = ("year >= :since", "district = :where", "sector_free is filled")
COLUMNS = choosable().columns | {"sector_free": Kind.TEXT}
AMONG = Choosable("firms", COLUMNS, frozenset({"year", "share"}), "firm")


def question(**more):
    where = tuple(read_condition(one, COLUMNS, leaves=True) for one in WHERE)
    return saved.saved(Choices(**{"count": True, "by": ("opened:month",), "where": where, **more}), AMONG)


def document(**more):
    told = question().json()
    return {**told, "question": {**told["question"], **more}}


def test_it_is_read_as_it_was_written_and_filled_in():
    made = question(averages=("share",), subjects=True)
    assert read(orjson.dumps(made.json())) == made
    assert made.needs == ("opened", "share", "year", "district", "sector_free")
    assert made.asks == (("since", "number"), ("where", "text"))
    statement = made.filled({"since": "2023", "where": "A' or 1=1 --"}).statement(made.within(AMONG))
    assert "\"year\" >= 2023 and \"district\" = 'A'' or 1=1 --'" in statement
    types = {"opened": "DATE", "share": "DOUBLE", "year": "BIGINT", "district": "VARCHAR", "sector_free": "VARCHAR"}
    assert set(planned(statement, types).named) == set(made.needs)


def test_a_value_that_looks_open_is_a_value_where_nothing_is_left_open():
    assert read_condition("district = :where", COLUMNS) == Condition("district", "=", ":where")
    assert read_condition("district = ':where'", COLUMNS, leaves=True) == Condition("district", "=", ":where")
    assert read_condition("district = :where", COLUMNS, leaves=True) == Condition("district", "=", left="where")
    with pytest.raises(InvalidInput):
        Choices(count=True, where=(Condition("year", "=", left="since"),)).statement(AMONG)


@every(
    "values",
    [{}, {"since": "2023"}, {"since": "2023", "where": "A", "more": "1"}],
)
def test_all_values_are_said_and_no_others(values):
    with pytest.raises(InvalidInput):
        question().filled(values)


def test_a_value_is_of_the_kind_of_its_column():
    with pytest.raises(InvalidInput):
        question().filled({"since": "2023 or true", "where": "A"}).statement(AMONG)


def test_a_product_without_the_columns_or_with_others_is_not_asked():
    with pytest.raises(InvalidInput):
        question().within(choosable())
    with pytest.raises(InvalidInput):
        question().within(Choosable("firms", COLUMNS | {"year": Kind.TEXT}, frozenset(), "firm"))


@every(
    "content",
    [
        b"", b"[]", b"{}", b"null", b"\xff", b"select 1", b" " * (QUESTION_BYTES_MAX + 1), b"[" * 60_000,
        orjson.dumps({**question().json(), "more": 1}),
        orjson.dumps({**question().json(), "columns": []}),
        orjson.dumps({**question().json(), "columns": {"year": "number"}}),
        orjson.dumps({**question().json(), "columns": {**question().json()["columns"], "other": "text"}}),
        orjson.dumps({**question().json(), "columns": {**question().json()["columns"], "year": "nothing"}}),
        orjson.dumps({**question().json(), "columns": {**question().json()["columns"], "year": 1}}),
        orjson.dumps(document(count=1)),
        orjson.dumps(document(count=False)),
        orjson.dumps(document(sum="year")),
        orjson.dumps(document(sum=[1])),
        orjson.dumps(document(by=["district; drop table firms"])),
        orjson.dumps(document(where={})),
        orjson.dumps(document(where=[["year", ">=", ""]])),
        orjson.dumps(document(where=[["year", "or 1=1 --", "1", ""]])),
        orjson.dumps(document(where=[["year", ">=", "x", ""]])),
        orjson.dumps(document(more=[])),
    ],
)  # fmt: skip
def test_threat_what_is_no_question_is_refused(content):
    with pytest.raises(InvalidInput):
        read(content)


def test_one_open_value_has_one_kind():
    both = (Condition("year", "=", left="one"), Condition("district", "=", left="one"))
    with pytest.raises(InvalidInput):
        Saved(Choices(count=True, where=both), {"year": Kind.NUMBER, "district": Kind.TEXT})
    free = Saved(Choices(subjects=True, where=(Condition("subject", "=", left="x"),)), {"subject": Kind.TEXT})
    assert free.asks == (("x", "text"),), "a column may be called as anything"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("count", "sum", "by", "where", "subjects", "average"), JSON)),
    JSON,
)
def test_law_any_document_is_a_question_or_refused(changed, columns):
    for told in (document(**changed), {**question().json(), "columns": columns}, columns):
        try:
            made = read(orjson.dumps(told))
        except InvalidInput:
            continue
        assert read(orjson.dumps(made.json())) == made
