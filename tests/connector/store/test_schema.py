"""Declared tables become a file: it opens again, grows with its declarations, and nobody else's is touched."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from connector.runtime.errors import explain_failure
from connector.store import schema, upgrades
from connector.store.errors import StoreError, StoreFailed, StoreForeign
from connector.store.offline import look
from connector.store.store import Store
from connector.store.table import Table
from connector.store.tables import TABLES
from connector.store.upgrades import STEPS, VERSION, reaches
from tests.connector.store.contract import CONTRACT_TABLES
from tests.every import every
from tests.row_key import row_key


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
    "a newer one": (f"UPDATE store_version SET version = {VERSION + 1}", rf"a newer penstock .version `{VERSION + 1}`"),
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


OLDER = {int(path.stem.rpartition("_")[2]): path for path in Path(__file__).parent.glob("version_*.sql")}


PREIMAGE = bytes.fromhex("0f5abc6cb10c8ee16f43253a927621b58fba6885910147e7aafc035bb3ef747a")
OLD_ACT = (
    "INSERT INTO chain_txs (id, program, function, data, nonce, hash, raw, state, created) VALUES (?,?,?,?,?,?,?,?,?)"
)


def laid(path, version):
    """Write a database as the program of an older version left it: a lone participant, of version 1 with signed acts.

    In that of version 2 there is a payee's window with its preimage, and a payer's with its masked key.
    """
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(OLDER[version].read_text())
        connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        for number in range(2 if version == 1 else 0):
            row = (f"act-{number}", "token", "mint", b"data", number, f"{number:064x}", b"signed", "signed", 5)
            connection.execute(OLD_ACT, row)
        connection.commit()
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in ("log_entries", "facts")}
        return rows, list(connection.execute("SELECT * FROM sqlite_schema"))


def test_there_is_an_older_database_for_each_step():
    assert sorted(OLDER) == sorted(STEPS) == list(range(min(STEPS), VERSION))
    assert reaches(VERSION)
    assert not reaches(VERSION + 1)


@pytest.mark.parametrize("version", OLDER)
async def test_a_database_of_an_older_version_is_brought_to_ours_with_its_rows(tmp_path, version):
    before, _ = laid(tmp_path / "p.db", version)
    with pytest.raises(StoreForeign, match="an older penstock") as told:
        look(tmp_path / "p.db", TABLES, lambda tx: tx.find("facts"))
    assert "penstock serve" in told.value.hint
    for _ in range(2):  # the second time there is nothing to do
        store = await Store.open(tmp_path / "p.db", TABLES, row_key())
        entries = await store.read(lambda tx: tx.find("log_entries", order="idx"))
        assert [row["entry"] for row in entries] == [row[3] for row in sorted(before["log_entries"])]
        for table in TABLES:
            await store.read(lambda tx, name=table.name: tx.find(name))
        sends = await store.read(lambda tx: tx.find("chain_sends", order="nonce"))
        acts = [(0, b"signed", 0), (1, b"signed", 0)] if version == 1 else []
        assert [(row["nonce"], row["raw"], row["price"]) for row in sends] == acts
        await store.write(lambda tx: tx.put("chain_txs", id="of-the-same-parcel", state="signed", nonce=0))
        await store.close()
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection:
        indexes = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
        assert not indexes & {"idx_negotiations_state", "idx_transfers_state"}
        assert "idx_negotiations_state_updated_id" in indexes
        found = connection.execute("SELECT version, program FROM store_version ORDER BY version").fetchall()
    assert found[0][0] == version
    assert version > 1 or found[0][1] is None
    assert [number for number, _ in found] == list(range(version, VERSION + 1))
    assert all(program.startswith("penstock") for _, program in found[1:])


async def test_a_step_that_fails_leaves_the_older_database_as_it_was(tmp_path, monkeypatch):
    def broken(connection, wrapping):
        STEPS[1](connection, wrapping)
        raise OSError("no space")

    _, before = laid(tmp_path / "p.db", 1)
    monkeypatch.setattr(upgrades, "STEPS", {1: broken})
    with pytest.raises(OSError, match="no space"):
        await Store.open(tmp_path / "p.db", TABLES)
    with closing(sqlite3.connect(tmp_path / "p.db")) as connection:
        assert list(connection.execute("SELECT * FROM sqlite_schema")) == before


def left_in_free_pages(path):
    """Leave both windows' secrets in pages that are free now; returns the masked key."""
    with closing(sqlite3.connect(path)) as connection, connection:
        [masked] = connection.execute("SELECT masked FROM windows WHERE masked IS NOT NULL").fetchone()
        connection.execute("PRAGMA secure_delete=OFF").fetchone()
        connection.execute("CREATE TABLE gone (a BLOB)")
        connection.executemany("INSERT INTO gone VALUES (?)", [(PREIMAGE + masked,)] * 16_000)
        connection.execute("DROP TABLE gone")
    assert path.read_bytes().count(PREIMAGE) > 1
    return masked


async def test_preimages_of_an_older_database_rest_wrapped_and_nothing_of_them_is_left(tmp_path):
    path = tmp_path / "p.db"
    laid(path, 2)
    masked = left_in_free_pages(path)
    with pytest.raises(StoreForeign, match="rest wrapped"):
        await Store.open(path, TABLES)  # without the key
    store = await Store.open(path, TABLES, row_key())
    rows = await store.read(lambda tx: tx.find("windows", order="role"))
    assert [(row["secret"], row["masked"]) for row in rows] == [(PREIMAGE, None), (None, masked)]
    for each in (path, path.with_name("p.db-wal")):
        assert not any(secret in each.read_bytes() for secret in (PREIMAGE, masked)), each.name
    await store.close()


async def test_a_crash_before_the_file_is_written_anew_is_made_up_for(tmp_path, monkeypatch):
    path = tmp_path / "p.db"
    laid(path, 2)
    left_in_free_pages(path)
    with monkeypatch.context() as crashing:
        crashing.setattr(schema, "_write_anew", lambda _connection: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            await Store.open(path, TABLES, row_key())
    assert any(PREIMAGE in each.read_bytes() for each in tmp_path.glob("p.db*"))
    for _ in range(2):
        await (await Store.open(path, TABLES, row_key())).close()
        assert not any(PREIMAGE in each.read_bytes() for each in tmp_path.glob("p.db*"))


@pytest.mark.parametrize("older", [CONTRACT_TABLES[:-1], (Table("t", "id:text", ("id",)), *CONTRACT_TABLES[1:])])
async def test_an_older_program_refuses_what_a_newer_one_kept(tmp_path, older):
    newer = (Table("t", "id:text more:int", ("id",)), *CONTRACT_TABLES)
    older = older if older[0].name == "t" else (newer[0], *older)
    await (await Store.open(tmp_path / "p.db", newer)).close()
    with pytest.raises(StoreForeign, match="served by a newer penstock") as refused:
        await Store.open(tmp_path / "p.db", older)
    assert "never takes over" in refused.value.hint
    await (await Store.open(tmp_path / "p.db", newer)).close()


@every(
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


LEAN = """
import sqlite3, sys
from connector.store import schema
from connector.store.tables import TABLES
schema.apply(sqlite3.connect(":memory:", isolation_level=None), tuple(TABLES))
print("sqlite_utils" in sys.modules, *[name for name in ("pandas", "numpy") if name in sys.modules])
import numpy
"""


def test_what_makes_the_tables_loads_no_library_for_their_columns():
    """With pandas a participant would be twice as large from its first start to its end; who needs it has it later."""
    done = subprocess.run((sys.executable, "-c", LEAN), capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True"]
