"""A database of another version of the program is refused in words, with a server and without."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from connector.errors import explain_failure
from connector.store import schema
from connector.store.errors import StoreForeign
from connector.store.offline import look
from connector.store.sqlite import Store
from tests.connector.store.contract import CONTRACT_TABLES

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
