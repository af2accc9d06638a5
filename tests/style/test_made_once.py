"""What tests are spared (`tests.founded`, `tests.new_store`) is what would have been made, and nobody else's."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from contextlib import closing

from connector.demo.processes import free_ports
from connector.identity import keys
from connector.operation.initialise import initialise
from connector.operation.keys.witness_key import derive, kept_pair
from connector.runtime.data_folder import CHAIN_DATABASE, DEPLOYMENT
from connector.store.sqlite import SqliteFile
from tests import founded, new_store
from tests.tables import declared

TOLD = {"name": "X", "region": "US-NY", "development": True}
CHANNELS = declared("channel")


def made(data, **more):
    founded.lend(data, initialise(data, port=free_ports(1)[0], **TOLD, **{"exchange": None} | more))
    return keys.load(data / "keys")


def test_no_two_of_whom_there_are_folders_have_a_key_in_common(tmp_path, monkeypatch):
    # Folders of earlier tests may go at any time, and their keys with them to whoever is next: here nobody has any.
    monkeypatch.setattr(founded, "_borrowers", {})
    found = [made(tmp_path / str(number), roles=("exchange",)) for number in range(3)]
    assert len({one.agreement for one in found}) == len({one.aggregate for one in found}) == len(found)
    assert len({(tmp_path / str(number) / DEPLOYMENT).read_bytes() for number in range(3)}) == len(found)
    shutil.rmtree(tmp_path / "0")
    again = made(tmp_path / "again", roles=("exchange",))
    assert (again.agreement, again.aggregate) == (found[0].agreement, found[0].aggregate)
    assert again.log_public != found[0].log_public


def test_a_member_is_lent_a_witness_s_key_and_no_chain(tmp_path):
    own = made(tmp_path / "member", roles=("buyer",), exchange="http://localhost:1")
    assert not (tmp_path / "member" / CHAIN_DATABASE).exists()
    assert not (tmp_path / "member" / DEPLOYMENT).exists()
    assert kept_pair(tmp_path / "member", own.aggregate) == derive(own.aggregate)


def test_who_has_tables_already_keeps_its_keys(tmp_path):
    data = tmp_path / "data"
    before = made(data, roles=("exchange",))
    (data / "penstock.db").touch()
    founded.lend(data, initialise(tmp_path / "other", port=1, exchange=None, roles=("exchange",), **TOLD))
    assert keys.load(data / "keys").agreement == before.agreement


def shape(path):
    """Return all that a file says of its tables, and that it is its owner's alone."""
    with closing(sqlite3.connect(path)) as database:
        pragmas = [database.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")]
        tables = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall()
        names = [name for kind, name, *_ in tables if kind == "table"]
        rows = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in names}
        journal = database.execute("PRAGMA journal_mode").fetchone()
    return pragmas, tables, rows, journal, stat.S_IMODE(path.stat().st_mode)


def test_a_copied_file_is_what_would_have_been_made(tmp_path):
    new_store.AS_EVER(SqliteFile(tmp_path / "as-ever.db"), CHANNELS, None).close()
    for name in ("first.db", "copied.db"):
        new_store.prepare(SqliteFile(tmp_path / name), CHANNELS, None).close()
    assert shape(tmp_path / "as-ever.db") == shape(tmp_path / "first.db") == shape(tmp_path / "copied.db")


def test_a_file_that_is_there_is_not_copied_over(tmp_path):
    path = tmp_path / "kept.db"
    for name in ("any.db", "kept.db"):
        new_store.prepare(SqliteFile(tmp_path / name), CHANNELS, None).close()
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA user_version = 7")
    new_store.prepare(SqliteFile(path), CHANNELS, None).close()
    assert path.stat().st_nlink == 1
    assert shape(path) == shape(tmp_path / "any.db")
