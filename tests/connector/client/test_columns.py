"""A list as a table: what stands in it, short and long, and what strangers may write into it."""

from __future__ import annotations

from connector.client.acts.columns import SHORT_CHARACTERS, Column, lines
from connector.client.acts.table import TABLE

DIGEST = "3ede552c3183aa6c" * 4
COLUMNS = (
    Column("NAME", "name"),
    Column("PAID", lambda row: row["paid"] + " CNY", is_count=True),
    Column("WHO", "did", is_id=True),
    Column("WHY", "why", long=True),
    Column("ID", "id", is_id=True),
)
ROWS = [
    {"name": "tides", "paid": "9.50", "did": "did:web:buyer.example", "why": "x", "id": DIGEST},
    {"name": "潮汐", "paid": "1250.00", "did": "did:web:b", "why": None, "id": "short"},
]


def test_the_short_table_has_what_is_read_and_ids_that_can_be_pasted():
    head, *told = lines(COLUMNS, ROWS)
    assert head.split() == ["NAME", "PAID", "WHO", "ID"]
    assert told[0].split()[-1] == DIGEST[:SHORT_CHARACTERS]
    assert told[0].index("9.50 CNY") + len("9.50 CNY") == head.index("PAID") + len("PAID")
    assert "did:web:buyer.example" in told[0], "a DID is found by nothing but all of it"
    assert told[1].index("1250.00") == head.index("PAID") - len("1250.00 CNY") + len("PAID") - 2, "中文 is two wide"


def test_the_long_one_has_all_of_it_whole():
    head, *told = lines(COLUMNS, ROWS, long=True)
    assert head.split() == ["NAME", "PAID", "WHO", "WHY", "ID"]
    assert told[0].endswith(DIGEST)


def test_nobody_begins_a_row_with_what_they_write():
    told = lines(COLUMNS, [ROWS[0] | {"name": "a\nb\r\x0bc   d"}])
    assert len(told) == 2
    assert told[1].startswith("a b c d")


def test_of_nothing_there_is_no_table():
    assert lines(COLUMNS, []) == []


# what stands below these says who checks whom, also where there is none
SAYING = {"operator list", "space list"}


def test_a_list_with_columns_says_what_it_is_without_any():
    tables = [act for act in TABLE if act.table]
    assert len(tables) >= 3
    for act in tables:
        assert act.none or act.name in SAYING, act.name
        assert 3 <= len([one for one in act.table if not (one.long or one.rare)]) <= 6, act.name
        more = [one for one in act.table if one.long or one.rare or one.is_id or one.is_moment]
        assert more or len(act.table) == 3, act.name  # three are whole as they are
