"""Declared tables become a file: it opens again, grows with its declarations, and nobody else's is touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from connector.errors import explain_failure
from connector.store import schema
from connector.store.errors import StoreError, StoreFailed, StoreForeign
from connector.store.offline import look
from connector.store.sqlite import Store
from connector.store.table import Table
from connector.store.tables import TABLES
from tests.connector.store.contract import CONTRACT_TABLES


async def test_the_declared_tables_open_twice_without_a_change(tmp_path):
    for _ in range(2):
        store = await Store.open(tmp_path / "p.db", TABLES)
        for table in TABLES:
            assert await store.read(lambda tx, table=table: tx.find(table.name)) == []
        await store.close()
    connection = sqlite3.connect(tmp_path / "p.db")
    names = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    strict = {row[1] for row in connection.execute("PRAGMA table_list") if row[5]}
    connection.close()
    assert names == strict & names == {table.name for table in TABLES} | {"store_version"}


async def test_declarations_grow_and_rows_stay(tmp_path):
    old = (Table("t", "id:text a:int", ("id",)),)
    new = (Table("t", "id:text a:int b:json c:time", ("id",), unique=(("a",),), index=(("c",),)), *CONTRACT_TABLES)
    store = await Store.open(tmp_path / "p.db", old)
    await store.write(lambda tx: tx.insert("t", id="x", a=1))
    await store.close()
    store = await Store.open(tmp_path / "p.db", new)
    assert await store.read(lambda tx: tx.get("t", a=1)) == {"id": "x", "a": 1, "b": None, "c": None}
    await store.close()


async def test_a_column_of_another_type_is_refused(tmp_path):
    store = await Store.open(tmp_path / "p.db", (Table("t", "id:text a:int", ("id",)),))
    await store.close()
    with pytest.raises(StoreError, match=r"`t.a` is INTEGER in the file, but declared as TEXT"):
        await Store.open(tmp_path / "p.db", (Table("t", "id:text a:text", ("id",)),))


async def test_somebody_elses_database_is_refused_and_left_alone(tmp_path):
    connection = sqlite3.connect(tmp_path / "p.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StoreError, match="not one of penstock"):
        await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    (tmp_path / "text.db").write_text("this is no database at all, just a long enough text" * 20)
    with pytest.raises(StoreFailed, match="not a database"):
        await Store.open(tmp_path / "text.db", CONTRACT_TABLES)


VERSIONS = {
    "a newer one": (f"UPDATE store_version SET version = {schema.VERSION + 1}", "a newer penstock .version `2`"),
    "an older one": ("UPDATE store_version SET version = -1", "an older penstock .version `-1`"),
    "of before versions were counted": ("DROP TABLE store_version", "an older penstock .before versions"),
}


@pytest.mark.parametrize("name", VERSIONS)
async def test_a_database_of_another_version_is_refused_in_words_and_left_alone(tmp_path, name):
    change, words = VERSIONS[name]
    older, newer = CONTRACT_TABLES[:-1], CONTRACT_TABLES
    await (await Store.open(tmp_path / "p.db", older)).close()
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection, connection:
        connection.execute(change)
        before = list(connection.execute("SELECT * FROM sqlite_schema"))
    with pytest.raises(StoreForeign, match=words) as refused:
        await Store.open(tmp_path / "p.db", newer)
    with pytest.raises(StoreForeign, match=words):
        look(tmp_path / "p.db", newer, lambda tx: tx.find(newer[0].name))
    failure = explain_failure(refused.value)
    assert (failure.exit_code, failure.whose) == (2, "caller")
    assert "serve it with the program that made it" in failure.hint
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection:
        assert list(connection.execute("SELECT * FROM sqlite_schema")) == before


@pytest.mark.parametrize(
    "make",
    [
        lambda: Table("t", "id:text id:int", ("id",)),
        lambda: Table("T t", "id:text", ("id",)),
        lambda: Table("t", 'id:text a";:int', ("id",)),
        lambda: Table("t", "id:uuid", ("id",)),
        lambda: Table("t", "id:text", ()),
        lambda: Table("t", "id:text", ("id",), index=(("b",),)),
    ],
)
def test_a_bad_declaration_is_an_assertion(make):
    with pytest.raises(AssertionError):
        make()


def test_the_mark_changes_with_the_declarations():
    assert schema.mark(TABLES) == schema.mark(TABLES)
    assert schema.mark(TABLES) != schema.mark(TABLES[:-1])
