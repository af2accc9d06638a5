"""A store over either database: first every test on a file, then those that need a server."""

from __future__ import annotations

import pytest

from connector.store.sqlite import SqliteFile
from connector.store.store import Store
from connector.store.tables import TABLES
from tests import new_store
from tests.postgres import durable, new_schema


@pytest.fixture(scope="module", autouse=True)
def made_as_ever():
    """What makes a new file is shown here."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SqliteFile, "prepare", new_store.AS_EVER)
        yield


@pytest.fixture(scope="module")
def server(absent):
    with durable(absent) as base:
        yield base


@pytest.fixture
def url(server):
    """Return the address of a new, empty schema."""
    return new_schema(server)


@pytest.fixture
def asked(url):
    """Ask the server as somebody else does."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        yield connection.execute


@pytest.fixture(scope="module", params=["a file of SQLite", "a server of PostgreSQL"])
def kind(request):
    """Which database: every test on a file comes before those that need a server."""
    return request.param


@pytest.fixture
async def store(request, kind, tmp_path):
    on_a_server = kind == "a server of PostgreSQL"
    place = new_schema(request.getfixturevalue("server")) if on_a_server else tmp_path / "p.sqlite"
    store = await Store.open(place, TABLES)
    yield store
    await store.close()
