"""A question of choices is one SELECT of those columns, whatever they are called and compared with."""

from __future__ import annotations

import string
from contextlib import suppress
from datetime import date, datetime

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.compute import kinds
from connector.compute.choices import (
    CONDITIONS_MAX,
    CUTS,
    MEASURES_MAX,
    SIGNS,
    Choices,
    Choosable,
    Condition,
    cuts,
    read_condition,
)
from connector.compute.kinds import Kind
from connector.compute.plan import GROUPS_MAX, plan
from connector.compute.statement import MAX_STATEMENT_CHARS, parsed, tables_of
from connector.runtime.errors import InvalidInput
from tests.every import every

TYPES = {
    "district": "VARCHAR", "year": "BIGINT", "opened": "DATE", "seen": "TIMESTAMP", "large": "BOOLEAN",
    "share": "DOUBLE",
}  # fmt: skip
HOSTILE = (
    '"', '""', "'", "''", "a;b", "--", "/*", "*/", "select", "from", "count(*)", 'x" from secrets --', "x' or 1=1 --",
    "\\", "$1", "?", "{0}", "{1}", "%s", "名称", "é́", "a.b", "1", " ", "year >= 2023", "opened:month", "é", "𝄞",
)  # fmt: skip


def choosable(types=TYPES, table="firms", subject="firm", summed=None):
    columns = {name: kinds.column(name, of) for name, of in types.items()}
    numbers = {name for name, one in columns.items() if one.kind is Kind.NUMBER}
    return Choosable(table, {name: one.kind for name, one in columns.items()}, frozenset(summed or numbers), subject)


def planned(statement, types=TYPES, subject="firm"):
    """Return the plan of a statement, which is one, as the engine's own parser and ours read it."""
    with duckdb.connect(":memory:") as engine:
        assert len(parsed(engine, statement)["statements"]) == 1
        found = plan(engine, statement, {name: kinds.column(name, of) for name, of in types.items()}, subject)
        assert tables_of(engine, statement, {found.table}) == [found.table]
    return found


def test_what_is_chosen_is_what_is_told():
    where = tuple(read_condition(one, choosable().columns) for one in ("year >= 2023", "district starts with A"))
    chosen = Choices(True, True, ("year",), ("share",), ("district", "opened:month"), where)
    made = chosen.statement(choosable())
    assert made == (
        'select "district", date_trunc(\'month\', "opened") as "opened:month", count(*), count(distinct "firm"),'
        ' sum("year"), avg("share") from "firms" where "year" >= 2023 and starts_with("district", \'A\')'
        " group by 1, 2 order by 1, 2"
    )
    found = planned(made)
    assert [name for name, _ in found.outputs][:3] == ["district", "opened:month", "count(*)"]
    assert (len(found.groups), len(found.measures), found.named) == (2, 4, ("year", "district", "opened", "share"))
    assert Choices(count=True).statement(choosable()) == 'select count(*) from "firms"'


@every(
    ("said", "expected"),
    [
        ("year >= 2023", Condition("year", ">=", "2023")),
        ("year>=2023", Condition("year", ">=", "2023")),
        (" year <> -1.5e3 ", Condition("year", "<>", "-1.5e3")),
        ("district = 'A'", Condition("district", "=", "A")),
        ("district = '", Condition("district", "=", "'")),
        ("district = ''", Condition("district", "=", "")),
        ("district contains a > b", Condition("district", "contains", "a > b")),
        ("district starts with x", Condition("district", "starts with", "x")),
        ("district is empty", Condition("district", "is empty", "")),
        ("district containsx", None),
        ("district", None),
        ("nobody = 1", None),
        ("", None),
    ],
)
def test_a_condition_is_read_as_it_is_typed(said, expected):
    if expected is None:
        with pytest.raises(InvalidInput):
            read_condition(said, choosable().columns)
    else:
        assert read_condition(said, choosable().columns) == expected


def test_of_two_columns_that_begin_alike_the_longer_one_is_meant():
    columns = {"a": Kind.NUMBER, "a > b": Kind.NUMBER}
    assert read_condition("a > b = 1", columns) == Condition("a > b", "=", "1")
    assert read_condition("a > 1", columns) == Condition("a", ">", "1")


@every(
    ("column", "value", "written"),
    [
        ("year", "2023", "2023"), ("year", "-1", "-1"), ("share", "1e3", "1e3"), ("share", "1e9999", None),
        ("year", "2023 or true", None), ("year", "", None), ("year", "0x10", None), ("year", "1_000", None),
        ("district", "o'x", "'o''x'"), ("district", "", "''"), ("district", "a\x00b", None),
        ("district", "\u202e", None), ("district", "x" * 1_001, None),
        ("opened", "2024-02-29", "DATE '2024-02-29'"), ("opened", "2023-02-29", None), ("opened", "today", None),
        ("seen", "2024-01-01T10:00", "TIMESTAMP '2024-01-01 10:00:00'"), ("seen", "2024-01-01T10:00Z", None),
        ("large", "Yes", "true"), ("large", "false", "false"), ("large", "1", None),
    ],
)  # fmt: skip
def test_a_value_is_written_as_its_column_s_kind_or_refused(column, value, written):
    chosen = Choices(count=True, where=(Condition(column, "=", value),))
    if written is None:
        with pytest.raises(InvalidInput):
            chosen.statement(choosable())
    else:
        made = chosen.statement(choosable())
        assert made == f'select count(*) from "firms" where "{column}" = {written}'
        assert planned(made).named == (column,)


@every(
    "chosen",
    [
        Choices(),
        Choices(by=("district",)),
        Choices(sums=("district",)),
        Choices(averages=("nobody",)),
        Choices(sums=("firm",)),
        Choices(count=True, by=("firm",)),
        Choices(count=True, by=("district:month",)),
        Choices(count=True, by=("opened:hour",)),
        Choices(count=True, by=("opened:century",)),
        Choices(count=True, by=("opened:",)),
        Choices(count=True, by=("district",) * (GROUPS_MAX + 1)),
        Choices(sums=("year",) * (MEASURES_MAX + 1)),
        Choices(count=True, where=(Condition("year", "is filled"),) * (CONDITIONS_MAX + 1)),
        Choices(count=True, where=(Condition("district", "<", "x"),)),
        Choices(count=True, where=(Condition("large", ">", "true"),)),
        Choices(count=True, where=(Condition("year", "contains", "2"),)),
        Choices(count=True, where=(Condition("year", "or", "2"),)),
        Choices(count=True, where=(Condition("nobody", "=", "2"),)),
        Choices(count=True, where=(Condition("district", "=", "x" * 1_000),) * 10),
    ],
)
def test_what_cannot_be_chosen_is_refused(chosen):
    with pytest.raises(InvalidInput):
        chosen.statement(choosable())


def test_without_a_subject_none_is_counted_and_without_bounds_nothing_summed():
    with pytest.raises(InvalidInput):
        Choices(subjects=True).statement(choosable(subject=""))
    with pytest.raises(InvalidInput):
        Choices(sums=("year",)).statement(choosable(summed=["share"]))


def test_what_goes_with_a_kind_is_offered_for_it():
    assert (list(cuts(Kind.MOMENT)), "hour" in cuts(Kind.DAY), cuts(Kind.TEXT)) == (list(CUTS), False, ())


@pytest.mark.parametrize("hostile", HOSTILE)
def test_threat_a_name_or_a_value_that_looks_like_a_statement_is_a_name_or_a_value(hostile):
    types = {hostile: "VARCHAR", "n": "BIGINT"}
    among = choosable(types, table=hostile, subject=hostile + "s")
    chosen = Choices(True, True, ("n",), (), (hostile,), (Condition(hostile, "=", hostile),))
    made = chosen.statement(among)
    found = planned(made, types, hostile + "s")
    assert (found.table, found.groups, found.named) == (hostile, (kinds.quote(hostile),), (hostile, "n"))
    assert found.where == f"({kinds.quote(hostile)} = {kinds.literal(hostile)})"


NAMES = st.text(st.characters(exclude_categories=("Cc", "Cs", "Cn", "Co", "Zl", "Zp")), min_size=1, max_size=12)
VALUES = {
    "VARCHAR": st.text(st.characters(exclude_categories=("Cs", "Cn", "Co")), max_size=20),
    "BIGINT": st.one_of(st.integers().map(str), st.floats().map(str), st.text(string.printable, max_size=8)),
    "DATE": st.one_of(st.dates().map(date.isoformat), st.text(string.printable, max_size=10)),
    "TIMESTAMP": st.one_of(st.datetimes().map(datetime.isoformat), st.text(string.printable, max_size=10)),
    "BOOLEAN": st.sampled_from(["true", "no", "maybe"]),
}


@st.composite
def questions(draw):
    """A table of any names, and a question of any of its columns."""
    types = draw(st.dictionaries(NAMES, st.sampled_from(sorted(VALUES)), min_size=1, max_size=5))
    some = st.lists(st.sampled_from(sorted(types)), max_size=3).map(tuple)
    by = tuple(one + draw(st.sampled_from(["", *(":" + cut for cut in CUTS)])) for one in draw(some))
    compared = tuple(
        Condition(one, draw(st.sampled_from(sorted(SIGNS))), draw(VALUES[types[one]])) for one in draw(some)
    )
    chosen = Choices(draw(st.booleans()), draw(st.booleans()), draw(some), draw(some), by, compared)
    return types, draw(NAMES), chosen


@given(questions())
def test_law_whatever_is_chosen_is_one_select_of_those_columns_or_refused(question):
    types, table, chosen = question
    among = choosable(types, table=table, subject="whom" if "whom" not in types else "")
    with suppress(InvalidInput):
        made = chosen.statement(among)
        assert len(made) <= MAX_STATEMENT_CHARS
        found = planned(made, types, among.subject)
        named = {*chosen.sums, *chosen.averages, *(one.column for one in chosen.where)}
        named |= {one if one in types else one.rpartition(":")[0] for one in chosen.by}
        assert (found.table, set(found.named)) == (table, named)
        assert (len(found.groups), found.limit) == (len(chosen.by), None)
        assert len(found.measures) == chosen.count + chosen.subjects + len(chosen.sums) + len(chosen.averages)
