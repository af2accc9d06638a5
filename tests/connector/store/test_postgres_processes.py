"""Several processes on one PostgreSQL: what others commit and tell, locks, leases, kill -9, servers that end."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from connector.identity import keys as key_files
from connector.runtime.clock import Clock
from connector.store import leases
from connector.store.errors import StoreBusy, StoreError, StoreFailed
from connector.store.evidence import Evidence
from connector.store.store import Store
from connector.store.table import Table
from connector.store.tables import TABLES
from ledger.log import checkpoint as checkpoints
from ledger.log import merkle
from ledger.log import note as notes
from tests.connector.store.contract import CONTRACT_TABLES
from tests.connector.store.writing import start_writer
from tests.postgres import new_schema
from tests.row_key import row_key

WITHIN_SECONDS = 20


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
