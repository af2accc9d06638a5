"""SQLite keeps the contract of the store, and what is SQLite's own: group commit, kill -9, disks that fail."""

from __future__ import annotations

import asyncio
import itertools
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import pytest_asyncio

from connector.store import connection as connection_module
from connector.store import sqlite as sqlite_module
from connector.store.errors import StoreBusy, StoreFailed
from connector.store.sqlite import SqliteFile
from connector.store.store import Store
from tests.connector.store.contract import CONTRACT_TABLES, StoreContract
from tests.connector.store.writing import start_writer
from tests.row_key import row_key

WAIT_SECONDS = 30

ROOT = Path(__file__).parents[3]


class TestSqlite(StoreContract):
    """The contract, on SQLite."""

    @pytest_asyncio.fixture
    async def store(self, tmp_path):
        store = await Store.open(tmp_path / "penstock.db", CONTRACT_TABLES, row_key())
        yield store
        await store.close()

    @pytest.fixture
    def held(self, tmp_path):
        with asyncio.Runner() as runner:
            store = runner.run(Store.open(tmp_path / "held.db", CONTRACT_TABLES, row_key()))
            yield runner, store
            runner.run(store.close())


def integrity(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        connection.close()


async def test_the_file_is_in_wal_mode_with_full_sync(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    rows = await asyncio.gather(
        *(
            store.write(lambda tx, name=name: tx._connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("journal_mode", "synchronous", "wal_autocheckpoint")
        )
    )
    assert rows == ["wal", 2, 0]
    await store.close()


def test_a_pragma_that_answers_otherwise_is_an_error(tmp_path):
    with pytest.raises(StoreFailed, match="expected `memory`"):
        connection_module.connect(tmp_path / "p.db", (("journal_mode=WAL", "memory"),))


# ---- kill -9 --------------------------------------------------------------------------------------------------------


def acknowledged(process):
    return [int(line) for line in process.stdout.read().splitlines()[:-1]]


async def parts_of(path, name):
    store = await Store.open(path, CONTRACT_TABLES)
    rows = await store.read(lambda tx: tx.find("things", "name = ?", (name,)))
    await store.close()
    return {row["part"] for row in rows}


@pytest.mark.parametrize("after_lines", [1, 40, 900])
async def test_kill_9_keeps_what_was_acknowledged(tmp_path, after_lines):
    path = tmp_path / "p.db"
    process = start_writer(path, "w")
    for _ in range(after_lines):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    promised = acknowledged(process)
    parts = await parts_of(path, "w")
    assert {2 * n for n in promised} | {2 * n + 1 for n in promised} <= parts
    # an act is whole or absent, acknowledged or not
    assert {part ^ 1 for part in parts} == parts
    assert integrity(path) == "ok"
    process.stdout.close()


async def test_two_processes_share_a_file_and_either_may_die(tmp_path):
    path = tmp_path / "p.db"
    first, second = start_writer(path, "a"), start_writer(path, "b")
    for _ in range(200):
        assert first.stdout.readline()
        assert second.stdout.readline()
    first.send_signal(signal.SIGKILL)
    first.wait()
    for _ in range(200):
        assert second.stdout.readline()
    second.send_signal(signal.SIGKILL)
    second.wait()
    for process, name in ((first, "a"), (second, "b")):
        assert {2 * n for n in acknowledged(process)} <= await parts_of(path, name)
        process.stdout.close()
    assert integrity(path) == "ok"


# ---- disks that fail ------------------------------------------------------------------------------------------------


class FailingDisk:
    """A connection whose n-th statement of one kind fails as SQLite reports a failed sync."""

    def __init__(self, connection, statement, code):
        self._connection = connection
        self._statement = statement
        self._code = code
        self.asked = 0

    def executemany(self, sql, rows):
        return self.execute(sql, rows, run=self._connection.executemany)

    def execute(self, sql, *params, run=None):
        if sql.startswith(self._statement):
            self.asked += 1
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorcode = self._code
            raise error
        return (run or self._connection.execute)(sql, *params)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def break_disk(store, statement, code=sqlite3.SQLITE_IOERR_FSYNC):
    disk = FailingDisk(store._writer.batch.connection, statement, code)
    store._writer.batch.connection = disk
    return disk


async def test_a_failed_sync_fails_the_batch_and_is_never_repeated(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    await store.write(lambda tx: tx.insert("things", name="before", part=1))
    heard = []
    store.on_failure(lambda: heard.append("failure"))
    store.on_commit(lambda: heard.append("commit"))
    disk = break_disk(store, "COMMIT")

    def act(number):
        def run(tx):
            tx.insert("things", name="during", part=number)
            tx.after(lambda: heard.append("after"))

        return run

    outcomes = await asyncio.gather(*(store.write(act(n)) for n in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreFailed] * 5
    with pytest.raises(StoreFailed, match="restart"):
        await store.write(act(9))
    assert isinstance(store.failure, StoreFailed)
    assert (disk.asked, heard) == (1, ["failure"])
    await store.close()
    again = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    assert [row["name"] for row in await again.read(lambda tx: tx.find("things"))] == ["before"]
    await again.write(act(1))
    await again.close()


async def test_a_disk_error_in_a_statement_counts_even_if_the_act_swallows_it(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    break_disk(store, 'INSERT INTO "things"', sqlite3.SQLITE_IOERR_WRITE)

    def act(tx):
        try:
            tx.insert("things", name="a", part=1)
        except Exception:
            return "all is well"

    with pytest.raises(StoreFailed):
        await store.write(act)
    with pytest.raises(StoreFailed):
        await store.write(lambda _tx: None)
    await store.close()


async def test_a_failed_checkpoint_stops_the_store_but_not_what_was_acknowledged(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.store.sqlite.CHECKPOINT_ACTS", 1)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    failed = asyncio.Event()
    store.on_failure(failed.set)
    disk = break_disk(store, "PRAGMA wal_checkpoint")
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    await asyncio.wait_for(failed.wait(), 5)
    with pytest.raises(StoreFailed):
        await store.write(lambda _tx: None)
    await store.close()
    assert disk.asked == 1
    again = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    assert len(await again.read(lambda tx: tx.find("things"))) == 1
    await again.close()


async def test_a_full_disk_fails_the_act_and_a_reopened_store_goes_on(tmp_path):
    """A real refusal of the kernel: the process may not grow a file beyond a limit."""
    path = tmp_path / "p.db"
    limit = 2**20
    process = start_writer(
        path,
        "w",
        stderr=subprocess.PIPE,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "StoreFailed" in err
    promised = [int(line) for line in out.split()]
    assert promised
    parts = await parts_of(path, "w")
    assert {2 * n for n in promised} <= parts
    assert {part ^ 1 for part in parts} == parts
    assert integrity(path) == "ok"


async def test_a_held_lock_is_busy_and_harmless(tmp_path, monkeypatch):
    monkeypatch.setattr(connection_module, "LOCK_SECONDS", 0.05)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    other = sqlite3.connect(tmp_path / "p.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreBusy, match="try again"):
        await store.write(lambda tx: tx.insert("things", name="a", part=1))
    other.execute("ROLLBACK")
    other.close()
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    assert store.failure is None
    await store.close()


async def test_the_log_file_does_not_grow_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.store.sqlite.CHECKPOINT_ACTS", 10)
    monkeypatch.setattr("connector.store.sqlite.CHECKPOINT_BYTES", 64 * 1024)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    for number in range(300):
        await store.write(lambda tx, n=number: tx.insert("things", name="a", part=n, body="x" * 5000))
    assert (tmp_path / "p.db-wal").stat().st_size < 1024 * 1024
    await store.close()


async def test_the_log_file_is_brought_in_as_often_after_a_while_as_in_the_beginning(tmp_path, monkeypatch):
    """SQLite writes over what it brought in: by the file's length alone each turn would be longer than the last."""
    assert connection_module.WAL_BYTES_MAX <= sqlite_module.CHECKPOINT_BYTES
    limit, turns, tend = 64 * 1024, [], SqliteFile.tend
    monkeypatch.setattr(sqlite_module, "CHECKPOINT_BYTES", limit)
    pragmas = [one for one in sqlite_module.WRITING if not one[0].startswith("journal_size_limit")]
    monkeypatch.setattr(sqlite_module, "WRITING", (*pragmas, (f"journal_size_limit={limit}", limit)))
    monkeypatch.setattr(SqliteFile, "tend", lambda self, *told: turns.append(told[1]) or tend(self, *told))
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    for part in range(400):
        await store.write(lambda tx, part=part: tx.insert("things", name="a", part=part, body="x" * 5000))
    await store.close()
    between = [after - before for before, after in itertools.pairwise(turns)][:-1]  # the last is that of the end
    assert max(between) <= 2 * between[0] + 2, between


async def test_nobody_waits_for_the_log_file_to_be_brought_in_who_was_done_before(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.store.sqlite.CHECKPOINT_ACTS", 1)
    tend, may, brought = SqliteFile.tend, threading.Event(), []
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)

    def slowly(self, *told):
        brought.append(may.wait(WAIT_SECONDS))
        return tend(self, *told)

    monkeypatch.setattr(SqliteFile, "tend", slowly)
    await store.write(lambda tx: tx.insert("things", name="a", part=1))
    assert not brought, "who was done waited for it"
    second = asyncio.ensure_future(store.write(lambda tx: tx.insert("things", name="a", part=2)))
    may.set()
    await second
    assert brought[:1] == [True], "it was not brought in at all, or nobody was told meanwhile"
    await store.close()


async def test_a_reader_is_not_held_up_by_a_slow_writer(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    writes, may = threading.Event(), threading.Event()

    def slowly(_tx):
        writes.set()
        return may.wait(WAIT_SECONDS)

    slow = asyncio.ensure_future(store.write(slowly))
    await asyncio.to_thread(writes.wait, WAIT_SECONDS)
    await store.read(lambda tx: tx.find("things"))
    assert not slow.done()
    may.set()
    assert await slow, "the reader waited for it"
    await store.close()


async def test_too_many_where_texts_are_a_mistake_of_ours(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.store.statements.STATEMENTS_PER_TABLE_MAX", 3)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    with pytest.raises(AssertionError, match="too many where"):
        await store.read(lambda tx: [tx.find("things", f"part = {n}") for n in range(5)])
    await store.close()


def test_several_processes_make_one_new_file_at_once(tmp_path):
    code = (
        "import asyncio, sys, pathlib\nfrom connector.store import store, tables\n"
        "async def main(path):\n"
        "    await (await store.Store.open(pathlib.Path(path), tables.TABLES)).close()\n"
        "print('ready', flush=True)\n"
        "for line in sys.stdin:\n"
        "    asyncio.run(main(line.strip()))\n"
        "    print('made', flush=True)\n"
    )
    command = [sys.executable, "-c", code]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    racing = [subprocess.Popen(command, text=True, **pipes) for _ in range(4)]
    assert [process.stdout.readline() for process in racing] == ["ready\n"] * 4
    for attempt in range(3):
        for process in racing:
            process.stdin.write(f"{tmp_path / f'{attempt}.db'}\n")
            process.stdin.flush()
        made = [process.stdout.readline() for process in racing]
        if made != ["made\n"] * 4:
            break
    said = [process.communicate(timeout=60)[1] for process in racing]
    assert [process.returncode for process in racing] == [0] * 4, said
    assert made == ["made\n"] * 4
