"""PostgreSQL keeps the contract of the store, and what is its own: one order of writers, kill -9, servers that end."""

from __future__ import annotations

import asyncio
import re
import signal
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from connector.cli import checkup
from connector.identity import keys as key_files
from connector.operation import backup
from connector.runtime.clock import Clock
from connector.runtime.errors import Absent, Conflict
from connector.runtime.settings import FILE_NAME, write_default
from connector.store import leases, offline, upgrades
from connector.store.errors import BadStatement, Duplicate, StoreBusy, StoreError, StoreFailed, StoreForeign
from connector.store.evidence import Evidence
from connector.store.postgres_session import escape, unescape
from connector.store.store import Store
from connector.store.table import Table
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log import note as notes
from tests.connector.store.contract import CONTRACT_TABLES, StoreContract
from tests.connector.store.writing import start_writer
from tests.postgres import durable, new_schema, running
from tests.row_key import row_key

ROOT = Path(__file__).parents[3]
WITHIN_SECONDS = 20


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


# ---- several processes ----------------------------------------------------------------------------------------------


async def test_what_others_commit_is_told_by_its_tables_and_can_be_read(url):
    here, there = await Store.open(url, CONTRACT_TABLES), await Store.open(url, CONTRACT_TABLES)
    heard, own = asyncio.Queue(), []
    here.on_foreign(heard.put_nowait)
    there.on_foreign(own.append)
    await there.write(lambda tx: (tx.insert("things", name="a", part=1), tx.insert("kinds", id=1)))
    async with asyncio.timeout(WITHIN_SECONDS):
        assert await heard.get() == {"things", "kinds"}
    assert len(await here.read(lambda tx: tx.find("things"))) == 1
    await there.write(lambda tx: tx.find("things"))
    await there.write(lambda tx: tx.delete("kinds", id=1))
    async with asyncio.timeout(WITHIN_SECONDS):
        assert await heard.get() == {"kinds"}, "an act that changed nothing is told to nobody"
    assert own == []
    for store in (here, there):
        await store.close()


async def test_what_was_remembered_is_forgotten_when_somebody_else_writes(url):
    here, there = await Store.open(url, CONTRACT_TABLES), await Store.open(url, CONTRACT_TABLES)

    def remembered(tx):
        known = tx.recall("known")
        tx.remember("known", "yes")
        tx.put("things", name="a", part=1)
        return known

    assert [await here.write(remembered) for _ in range(3)] == [None, "yes", "yes"]
    await there.write(lambda tx: tx.put("things", name="b", part=1))
    assert [await here.write(remembered) for _ in range(2)] == [None, "yes"]
    for store in (here, there):
        await store.close()


async def test_a_held_lock_is_busy_and_harmless(url, asked, monkeypatch):
    monkeypatch.setattr("connector.store.connection.LOCK_SECONDS", 0.1)
    store = await Store.open(url, CONTRACT_TABLES)
    asked("BEGIN")
    asked("SELECT * FROM store_mark FOR UPDATE")
    with pytest.raises(StoreBusy, match="try again"):
        await store.write(lambda tx: tx.insert("things", name="a", part=1))
    asked("ROLLBACK")
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    assert store.failure is None
    await store.close()


async def test_one_holder_of_a_lease_whoever_asks_at_once(url):
    stores = [await Store.open(url, TABLES) for _ in range(3)]
    now = Clock().now()
    for turn in range(5):
        took = await asyncio.gather(
            *(
                store.write(lambda tx, who=f"{number}", name=f"work/{turn}": leases.take(tx, name, who, now, 60))
                for number, store in enumerate(stores)
            )
        )
        assert sum(took) == 1
    for store in stores:
        await store.close()


async def test_a_connection_that_ends_is_a_disk_that_failed(url, asked):
    store = await Store.open(url, CONTRACT_TABLES)
    failed = asyncio.Event()
    store.on_failure(failed.set)
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    asked("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'penstock'")
    await asyncio.wait_for(failed.wait(), WITHIN_SECONDS)
    with pytest.raises(StoreFailed, match="restart"):
        await store.write(lambda tx: tx.insert("things", name="b", part=1))
    await store.close()
    again = await Store.open(url, CONTRACT_TABLES)
    assert [row["name"] for row in await again.read(lambda tx: tx.find("things"))] == ["a"]
    await again.close()


async def test_a_reader_computes_as_long_as_it_likes_and_one_that_is_cut_off_costs_one_read(url, asked, monkeypatch):
    monkeypatch.setattr("connector.store.postgres.IDLE_SECONDS_MAX", 1)
    monkeypatch.setattr("connector.store.store.READERS", 1)
    store, cut = await Store.open(url, CONTRACT_TABLES), "SELECT pg_terminate_backend(%s, 10000)"
    await store.read(lambda tx: (tx.find("things"), time.sleep(2), tx.find("things")))
    with pytest.raises(StoreFailed, match="the database server failed"):
        await store.read(lambda tx: (asked(cut, [tx._connection.connection.info.backend_pid]), tx.find("things")))
    assert await store.read(lambda tx: tx.find("things")) == []
    await store.close()


async def test_two_processes_share_a_schema_and_either_may_die(url):
    processes = {name: start_writer(url, name) for name in ("a", "b")}
    for process in processes.values():
        for _ in range(100):
            assert process.stdout.readline()
    processes["a"].send_signal(signal.SIGKILL)
    processes["a"].wait()
    for _ in range(100):
        assert processes["b"].stdout.readline()
    processes["b"].send_signal(signal.SIGKILL)
    processes["b"].wait()
    store = await Store.open(url, CONTRACT_TABLES)
    for name, process in processes.items():
        promised = [int(line) for line in process.stdout.read().splitlines()[:-1]]
        rows = await store.read(lambda tx, name=name: tx.find("things", "name = ?", (name,)))
        parts = {row["part"] for row in rows}
        assert {2 * n for n in promised} <= parts
        assert {part ^ 1 for part in parts} == parts, "an act is whole or absent"
        process.stdout.close()
    await store.close()


async def test_two_processes_append_to_one_log(tmp_path, url):
    """Whoever appends, the log is one chain under heads that extend each other, with all of its tiles."""
    keys = key_files.create(tmp_path / "keys") or key_files.load(tmp_path / "keys")
    stores = [await Store.open(url, TABLES) for _ in range(2)]
    logs = [Evidence("did:web:x", "x/log", keys.log, {"owner": keys.delivery_public}) for _ in stores]

    def mark(log, number):
        about = {"fields": {"peers": [{"origin": "o", "size": str(number), "root": "00"}]}, "now": Clock().now()}
        return lambda tx: log.record(tx, "time.mark", part="x/log", **about)

    work = [
        stores[number % 2].write(mark(logs[number % 2], number)) if number % 7 else asyncio.sleep(0.01)
        for number in range(600)
    ]
    indexes = [index for index in await asyncio.gather(*work) if index is not None]
    assert sorted(indexes) == list(range(len(indexes)))

    def look(tx):
        heads = tx.find("checkpoints", order="size")
        entries = [row["entry"] for row in tx.find("log_entries", order="idx")]
        return heads, entries, logs[0].tile(tx, "tile/0/000"), logs[0].tile(tx, "tile/entries/001")

    heads, entries, hashes, _ = await stores[0].read(look)
    leaves = [merkle.leaf_hash(entry) for entry in entries]
    assert hashes == b"".join(leaves[:256])
    for head in heads:
        signed = checkpoints.verify(notes.parse(head["note"]), logs[0].vkey)
        assert signed.root == merkle.root(leaves[: signed.size])
    assert heads[-1]["size"] == len(entries) == len(indexes)
    for store in stores:
        await store.close()


async def test_words_reach_every_process_of_a_schema_and_no_other(server, url):
    """What is told in no table: participants in schemas of one database hear nothing of each other."""
    tables = (Table("tests", "name:text", ("name",)),)
    stores = [await Store.open(place, tables, row_key()) for place in (url, url, new_schema(server))]
    heard = [[], [], []]
    changed = []
    for store, words in zip(stores, heard, strict=True):
        store.on_told(words.append)
    stores[2].on_foreign(changed.append)
    try:
        await stores[0].tell('["it\'s", "更改"]')
        await stores[0].write(lambda tx: tx.insert("tests", name="one"))
        async with asyncio.timeout(WITHIN_SECONDS):
            while not (heard[0] and heard[1]):
                await asyncio.sleep(0.01)
        await asyncio.sleep(0.2)
        assert heard == [['["it\'s", "更改"]'], ['["it\'s", "更改"]'], []]
        assert changed == []
    finally:
        for store in stores:
            await store.close()
    with pytest.raises(StoreError, match="closed"):
        await stores[0].tell("late")
