"""PostgreSQL keeps the contract of the store, and what is its own: schemas, versions, text, servers in words."""

from __future__ import annotations

import asyncio
import re
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from connector.cli import checkup
from connector.operation import backup
from connector.runtime.clock import Clock
from connector.runtime.errors import Absent, Conflict
from connector.runtime.settings import FILE_NAME, write_default
from connector.store import offline, upgrades
from connector.store.errors import BadStatement, Duplicate, StoreError, StoreFailed, StoreForeign
from connector.store.postgres_session import escape, unescape
from connector.store.store import Store
from connector.store.table import Table
from tests.connector.store.contract import CONTRACT_TABLES, StoreContract
from tests.postgres import running
from tests.row_key import row_key

ROOT = Path(__file__).parents[3]
WITHIN_SECONDS = 20


class TestPostgres(StoreContract):
    """The contract, on PostgreSQL."""

    @pytest_asyncio.fixture
    async def store(self, url):
        store = await Store.open(url, CONTRACT_TABLES, row_key())
        yield store
        await store.close()

    @pytest.fixture
    def held(self, url):
        with asyncio.Runner() as runner:
            store = runner.run(Store.open(url, CONTRACT_TABLES, row_key()))
            yield runner, store
            runner.run(store.close())


@given(st.text(), st.text())
def test_escaped_text_comes_back_and_keeps_its_order(one, other):
    assert unescape(escape(one)) == one
    assert (escape(one) < escape(other)) is (one < other)


async def test_a_unique_value_that_is_taken_ends_no_act(url):
    store = await Store.open(url, CONTRACT_TABLES)

    def act(tx):
        tx.insert("things", name="a", part=1, order="x")
        tx.insert("things", name="a", part=2, order="y")
        for change in (
            lambda: tx.update("things", {"name": "a", "part": 2}, order="x"),
            lambda: tx.put("things", name="a", part=2, order="x"),
            lambda: tx.put("things", name="a", part=3, order="x"),
        ):
            with pytest.raises(Duplicate):
                change()
        tx.update("things", {"name": "a", "part": 2}, state="went on")

    await store.write(act)
    rows = await store.read(lambda tx: tx.find("things", order="part"))
    assert [(row["order"], row["state"]) for row in rows] == [("x", None), ("y", "went on")]
    await store.close()


async def test_nothing_comes_first_and_text_is_in_the_order_of_its_characters(url):
    store = await Store.open(url, CONTRACT_TABLES)
    words = ["b", "B", "ä", "a", None, "Z", "中"]
    await store.write(lambda tx: [tx.insert("things", name="n", part=n, state=w) for n, w in enumerate(words)])
    rows = await store.read(lambda tx: tx.find("things", order="state"))
    assert [row["state"] for row in rows] == [None, "B", "Z", "a", "b", "ä", "中"]
    rows = await store.read(lambda tx: tx.find("things", order="state desc", limit=2))
    assert [row["state"] for row in rows] == ["中", "ä"]
    await store.close()


# ---- what may be opened ---------------------------------------------------------------------------------------------


async def test_declarations_grow_and_rows_stay(url):
    small, large = Table("t", "id:int a:text", ("id",)), Table("t", "id:int a:text b:int", ("id",), index=(("b",),))
    store = await Store.open(url, (small,))
    await store.write(lambda tx: tx.insert("t", id=1, a="x"))
    await store.close()
    for tables in ((large,), (large,), (large, *CONTRACT_TABLES)):
        store = await Store.open(url, tables)
        assert await store.read(lambda tx: tx.get("t", id=1)) == {"id": 1, "a": "x", "b": None}
        await store.close()


async def test_a_column_of_another_type_is_refused(url):
    await (await Store.open(url, (Table("t", "id:int a:text", ("id",)),))).close()
    with pytest.raises(StoreError, match=r"`t.a` is text in the database, but declared as bigint"):
        await Store.open(url, (Table("t", "id:int a:int", ("id",)),))


async def test_somebody_elses_schema_is_refused_and_left_alone(url, asked):
    asked("CREATE TABLE theirs (id int)")
    with pytest.raises(StoreForeign, match="not those of penstock"):
        await Store.open(url, CONTRACT_TABLES)
    found = asked("SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()").fetchall()
    assert found == [("theirs",)]


async def test_a_schema_of_another_version_is_refused_in_words(url, asked):
    await (await Store.open(url, CONTRACT_TABLES)).close()
    asked("UPDATE store_mark SET version = 99")
    with pytest.raises(StoreForeign, match=r"a newer penstock .version `99`"):
        await Store.open(url, CONTRACT_TABLES)


@pytest.fixture
def stepped(monkeypatch):
    """The next version of this program, to which one step leads."""
    monkeypatch.setattr(upgrades, "VERSION", upgrades.VERSION + 1)
    steps = {upgrades.VERSION - 1: lambda s, _: s.run("ALTER TABLE t RENAME COLUMN a TO b; UPDATE t SET b = b || '!'")}
    monkeypatch.setattr(upgrades, "SERVER_STEPS", steps)
    return steps


async def test_an_older_schema_goes_forward_by_its_steps_once_and_whole(url, asked, request):
    store = await Store.open(url, (Table("t", "id:int a:text", ("id",)),))
    await store.write(lambda tx: tx.insert("t", id=1, a="x"))
    await store.close()
    steps = request.getfixturevalue("stepped")
    newer = (Table("t", "id:int b:text c:int", ("id",)),)
    with pytest.raises(StoreForeign, match="an older penstock"):
        offline.look(url, newer, lambda tx: tx.get("t", id=1))  # who only looks changes nothing
    whole = steps[upgrades.VERSION - 1]
    steps[upgrades.VERSION - 1] = lambda session, _: session.run("UPDATE t SET a = 'harmed'; no statement")
    with pytest.raises(StoreError):
        await Store.open(url, newer)
    assert asked("SELECT id, a, (SELECT version FROM store_mark) FROM t").fetchall() == [(1, "x", upgrades.VERSION - 1)]
    steps[upgrades.VERSION - 1] = whole
    both = await asyncio.gather(*(Store.open(url, newer) for _ in range(2)))
    for each in both:
        assert await each.read(lambda tx: tx.get("t", id=1)) == {"id": 1, "b": "x!", "c": None}
        await each.close()


async def test_a_schema_without_steps_to_ours_is_refused(url, stepped):
    with pytest.MonkeyPatch.context() as before:
        before.setattr(upgrades, "VERSION", upgrades.VERSION - 2)
        await (await Store.open(url, CONTRACT_TABLES)).close()
    with pytest.raises(StoreForeign, match="an older penstock"):
        await Store.open(url, CONTRACT_TABLES)


async def test_a_schema_with_what_we_do_not_declare_is_of_a_newer_program(url, asked):
    await (await Store.open(url, (Table("t", "id:int a:text later:int", ("id",)),))).close()
    with pytest.raises(StoreForeign, match=r"a newer penstock .it has `t.later`"):
        await Store.open(url, (Table("t", "id:int a:text", ("id",)),))
    assert "later" in [row[0] for row in asked("SELECT column_name FROM information_schema.columns").fetchall()]


async def test_a_server_that_may_forget_a_commit_is_refused(server):
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)  # the server runs as another user
        with (
            running(Path(name) / "careless", "-c fsync=off") as place,
            pytest.raises(StoreFailed, match="`fsync = off`, and it must be `on`"),
        ):
            await Store.open(f"postgresql:///postgres?host={place['PGHOST']}&user={place['PGUSER']}", CONTRACT_TABLES)


async def test_a_weak_commit_is_made_a_durable_one(url, asked):
    asked("ALTER ROLE keeper SET synchronous_commit TO off")
    try:
        store = await Store.open(url, CONTRACT_TABLES)
        shown = await store.write(lambda tx: tx._connection.run("SHOW synchronous_commit").fetchone())
        assert shown == ("on",)
        await store.close()
    finally:
        asked("ALTER ROLE keeper RESET synchronous_commit")


async def test_no_server_is_said_in_words(tmp_path):
    with pytest.raises(StoreFailed, match="cannot open the database"):
        await Store.open(f"postgresql:///postgres?host={tmp_path}", CONTRACT_TABLES)


# ---- who looks from outside -----------------------------------------------------------------------------------------


async def test_what_is_committed_is_looked_at_without_a_server_of_ours(url):
    with pytest.raises(Absent, match="no tables yet"):
        offline.look(url, CONTRACT_TABLES, lambda tx: tx.find("things"))
    store = await Store.open(url, CONTRACT_TABLES)
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    with offline.looking(url, CONTRACT_TABLES, snapshot=True) as tx:
        assert len(tx.find("things")) == 1
        await store.write(lambda w: w.insert("things", name="a", part=2))
        assert len(tx.find("things")) == 1, "a snapshot is of one moment"
        with pytest.raises(BadStatement, match="only reads"):
            tx.insert("things", name="a", part=3)
    with offline.looking(url, CONTRACT_TABLES, snapshot=False) as tx:
        assert len(tx.find("things")) == 2
        await store.write(lambda w: w.insert("things", name="a", part=3))
        assert len(tx.find("things")) == 3
    await store.close()


async def test_the_doctor_says_which_server_it_is(url):
    seen = await checkup.database(SimpleNamespace(settings=SimpleNamespace(store=SimpleNamespace(database=url))))
    assert re.fullmatch(r"PostgreSQL \d+\.\d+.*, synchronous commit on", seen.text)


def test_a_back_up_of_a_server_is_the_servers(tmp_path, url):
    place = {"store.database": url, "chain.rpc": "http://localhost:1", "server.development": True}
    write_default(tmp_path / FILE_NAME, place)
    with pytest.raises(Conflict, match="keeps its own back-ups"):
        backup.make(tmp_path, tmp_path / "to", Clock().now(), sealed=False)
