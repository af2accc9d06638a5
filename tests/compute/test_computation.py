"""Statements answered by a real process, as an adversary asks them: by kinds, by differences, by what runs too long."""

from __future__ import annotations

import duckdb
import pytest

from connector.compute import kinds
from connector.compute.plan import plan
from connector.compute.statement import Refused
from connector.runtime.errors import InvalidInput
from contracts.gate import Gate
from tests.compute.rooms import COLUMNS, GATE, Room, firms
from tests.every import every

OPEN = {name: kinds.column(name, COLUMNS[name]) for name in GATE.columns}


@pytest.fixture(scope="module")
def engine():
    with duckdb.connect(":memory:") as made:
        yield made


@pytest.fixture(scope="module")
def room():
    return Room()


ANSWERED = [
    "select district, count(*) from firms group by district",
    "select district as d, sector, count(*) n, avg(revenue) from firms f group by all order by n desc, 1 limit 3",
    "select year % 2 = 0 as even, sum(revenue) from firms group by 1",
    "select lower(left(district, 1)), count(distinct firm) from firms where not (sector like 's%') group by 1",
    "select case when year < 2022 then 'old' else 'new' end as age, count(revenue) from firms group by age",
    "select count(*) from firms where year in (2020, 2021) and revenue between 1 and 1e3 or district is null",
    "select count(*) from firms where coalesce(sector, 'x') <> 'x' and -year < 0 and true",
]
REFUSED = {
    "statement": [
        "select district from firms",
        "select 1, count(*) from firms group by 1",
        "select district, count(*) from firms",
        "select count(*) from firms group by district",
        "select district, count(*) from firms group by district having count(*) > 5",
        "select distinct district, count(*) from firms group by 1",
        "select count(*) from firms using sample 10",
        "select count(*) from firms limit 10%",
        "select count(*) from firms limit 1 offset 1",
        "select count(*) filter (where year = 1) from firms",
        "select district, count(*) from firms group by rollup(district)",
        "select count(*) from firms where year = 'x'",
        "select count(*) from firms where district > 1",
        "select count(*) from firms where 1",
        "select count(*) from firms order by revenue",
        "with a as (select 1) select count(*) from firms",
        "select count(*) from firms union all select 1",
        "update firms set year = 1",
        "pragma database_list",
        "select " + ", ".join(["count(*)"] * 70) + " from firms",
        "select count(*) from firms where " + "not " * 60 + "true",
        "select count(*) from firms where " + " or ".join(f"year = {at}" for at in range(600)),
        "select sum(revenue order by year) from firms",
    ],
    "table": [
        "select count(*) from (select * from firms)",
        "select count(*) from firms a join firms b using (year)",
        "select count(*) from main.firms",
        "select count(*) from read_csv('/etc/passwd')",
        "select count(*) from range(10)",
        "select 1",
    ],
    "column": [
        "select firm, count(*) from firms group by 1",
        "select count(*) from firms where firm = 'F1'",
        "select count(*) from firms where firms.firm is null",
        "select sum(secret) from firms",
        "select count(*) from firms where rowid < 10",
        'select count(*) from firms where "\x01row" < 10',
    ],
    "function": [
        "select min(year), max(year) from firms",
        "select string_agg(district) from firms",
        "select list(district) from firms",
        "select sum(distinct revenue) from firms",
        "select count(distinct district) from firms",
        "select sum(revenue * 2) from firms",
        "select sum(case when year = 2020 then revenue end) from firms",
        "select sum(district) from firms",
        "select count(*) from firms where error(district) is null",
        "select count(*) from firms where cast(district as int) = 1",
        "select count(*) from firms where district::date > '2020-01-01'",
        "select count(*) from firms where try_cast(district as int) = 1",
        "select count(*) from firms where getenv('HOME') = 'x'",
        "select count(*) from firms where random() < 0.5",
        "select count(*) from firms where now() > '2020-01-01'",
        "select count(*) from firms where regexp_matches(district, '(a+)+$')",
        "select count(*) from firms where year = (select 1)",
        "select count(*) from firms where exists (select 1)",
        "select count(*) over () from firms",
        "select * from firms",
        "select columns('d.*'), count(*) from firms group by all",
        "select date_trunc(district, year) d, count(*) from firms group by 1",
        "select count(*) from firms where sqrt(revenue) > 1",
        "select count(*) from firms where district like sector",
        "select count(*) from firms where {'a': 1}.a = 1",
        "select count(*) from firms where [1, 2][1] = 1",
        "select count(*) from firms where list_sum([x for x in [1]]) = 1",
    ],
}


@every("statement", ANSWERED)
def test_groups_and_what_is_counted_in_them_are_planned(engine, statement):
    found = plan(engine, statement, OPEN, "firm")
    assert found.measures
    assert set(found.named) <= set(GATE.columns)


@every("code", REFUSED)
def test_every_other_form_is_refused_by_its_kind(engine, code):
    for statement in REFUSED[code]:
        with pytest.raises(Refused) as refusal:
            plan(engine, statement, OPEN, "firm")
        assert refusal.value.code in ({code, "statement"} if code in ("function", "column") else {code}), statement


def test_what_is_written_for_the_engine_is_written_anew(engine):
    found = plan(engine, "SELECT /* hush */ District, COUNT(*) FROM firms WHERE sector = 'o''x' -- no\nGROUP BY 1",
                 {**OPEN, "District": OPEN["district"]}, "firm")  # fmt: skip
    assert "hush" not in repr(found)
    assert found.where == "(\"sector\" = 'o''x')"


def test_a_small_group_and_the_one_that_would_tell_it_are_held_back(room):
    found = room.ask("select district, count(*) as n from firms group by district")
    assert {row[0] for row in found.rows} == {"A", "B", "C"}
    assert found.held_back


def test_a_sum_that_is_one_firms_is_held_back(room):
    found = room.ask("select sector, sum(revenue) from firms where district in ('A', 'B') group by sector")
    assert found.rows == []
    assert room.ask("select count(*) from firms where sector = 'food'").rows


def test_the_whole_less_one_is_held_back_whoever_asks_and_however(room):
    assert room.ask("select count(*) from firms").rows
    for condition in (
        "district <> 'Z'",
        "not (district = 'Z')",
        "revenue < 400000 or year <> 2020",
        "coalesce(district, '') < 'Y'",
        "not (year = 2021 and revenue > 400000)",
    ):
        assert room.ask(f"select count(*), avg(year) from firms where {condition}").rows == [], condition
    assert room.ask("select count(*) from firms where year <= 2099").rows, "the same rows say nothing new"


def test_a_group_told_before_is_not_told_again_but_for_one(room):
    assert room.ask("select year, count(*) from firms group by 1").rows
    assert room.ask("select count(*) from firms where year = 2022 and district <> 'Z'").rows == []
    assert room.ask("select count(*) from firms where year = 2022").rows


def test_where_no_subject_is_named_each_row_is_one():
    gate = Gate(("district", "sector", "year", "revenue"), least=3)
    bare = Room(gate=gate)
    assert bare.ask("select district, count(*) from firms group by 1").rows[-1][0] == "Z"
    assert bare.ask("select count(*) from firms").rows
    assert bare.ask("select count(*) from firms where not (district = 'Z' and year < 2022)").rows == []
    assert bare.ask("select count(*) from firms where not (district = 'Z' and year < 2023)").rows


def test_an_engine_says_nothing_of_a_cell():
    odd = Room(table=firms().replace(b"2020", b"n/a-secret"))
    with pytest.raises(InvalidInput) as refusal:
        odd.ask("select year, sum(year) from firms group by 1")
    assert "secret" not in str(refusal.value)


def test_a_table_has_two_names_and_is_one():
    """The attack on differences by the other name of the same file."""
    room = Room()
    assert room.ask("select count(*) from firms where year < 2024").rows == [[2_400]]
    assert room.ask("select count(*) from \"firms.csv\" where year < 2024 and district <> 'Z'").rows == []
    assert room.ask('select count(*) from "firms.csv" where year < 2024').rows == [[2_400]]
