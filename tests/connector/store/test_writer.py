"""The writer: which acts share a commit, in which order, on which thread."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing

import pytest

from connector.store.errors import StoreBusy
from connector.store.store import Store
from connector.store.turn import Turn
from tests.connector.store.contract import CONTRACT_TABLES

# acts: 64 share a commit; the commit that was under way, and a few of a machine that let the waiting one sleep long
AHEAD_MAX = 8 * 64


async def test_many_acts_share_a_commit(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    await asyncio.gather(*(store.write(lambda tx, n=n: tx.insert("things", name="a", part=n)) for n in range(500)))
    acts, commits = store.counts
    assert acts == 500
    assert commits < acts / 10
    await store.close()


async def test_short_and_long_acts_are_done_in_their_order(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    seen = []
    acts = [store.write(lambda _tx, n=n: seen.append(n), short=n % 3 != 0) for n in range(60)]
    await asyncio.gather(*acts)
    assert seen == list(range(60))
    await store.close()


async def test_what_a_batch_ends_with_is_done_once_for_all_its_acts(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    ended = []

    def ending(tx):
        ended.append(len(tx.find("things")))
        tx.after(lambda: ended.append("after"))

    def act(number):
        def run(tx):
            tx.insert("things", name="a", part=number)
            tx.before_commit(ending)
            if number == 3:
                raise ZeroDivisionError

        return run

    outcomes = await asyncio.gather(*(store.write(act(n), short=True) for n in range(5)), return_exceptions=True)
    assert [type(each) for each in outcomes] == [type(None)] * 3 + [ZeroDivisionError, type(None)]
    assert ended == [4, "after"]
    await store.close()


async def test_an_ending_that_fails_fails_its_batch_and_no_other(tmp_path):
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)

    def act(tx):
        tx.insert("things", name="a", part=1)
        tx.before_commit(lambda _tx: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        await store.write(act, short=True)
    await store.write(lambda tx: tx.insert("things", name="a", part=2), short=True)
    assert [row["part"] for row in await store.read(lambda tx: tx.find("things"))] == [2]
    await store.close()


@pytest.mark.parametrize(("bound", "on_the_loop"), [(0.0, False), (60.0, True)])
async def test_a_commit_is_made_on_the_loop_while_the_disk_is_quick(tmp_path, monkeypatch, bound, on_the_loop):
    monkeypatch.setattr("connector.store.writer.QUICK_COMMIT_SECONDS", bound)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    threads = []
    original = store._writer.batch.commit
    store._writer.batch.commit = lambda: (threads.append(threading.current_thread()), original())
    for number in range(3):
        await store.write(lambda tx, n=number: tx.insert("things", name="a", part=n), short=True)
    await store.write(lambda tx: tx.insert("things", name="b", part=1))
    here = threading.current_thread()
    assert [thread is here for thread in threads] == [on_the_loop] * 3 + [False], "a long act never commits here"
    await store.close()


async def test_short_acts_give_the_loop_back(tmp_path, monkeypatch):
    monkeypatch.setattr("connector.store.writer.LOOP_SECONDS_MAX", 0.0)
    store = await Store.open(tmp_path / "p.db", CONTRACT_TABLES)
    await asyncio.gather(
        *(store.write(lambda tx, n=n: tx.insert("things", name="a", part=n), short=True) for n in range(20))
    )
    assert store.counts == (20, 20), "each act is a batch of its own when the loop has no time"
    await store.close()


WITHOUT_A_PAUSE = """
import asyncio, itertools, sys
from pathlib import Path
from connector.store.store import Store
from tests.connector.store.contract import CONTRACT_TABLES

def act(tx, number):
    for part in range(20):
        tx.put("things", name=f"a{part}", part=part)
    tx.put("things", name="written", part=0, size=number)

async def main():
    store, numbers = await Store.open(Path(sys.argv[1]), CONTRACT_TABLES), itertools.count(1)
    async def write_on():
        while True:
            number = next(numbers)
            await store.write(lambda tx: act(tx, number))
    print("begun", flush=True)
    await asyncio.gather(*(write_on() for _ in range(64)))

asyncio.run(main())
"""


async def test_who_waits_for_a_database_that_is_written_without_a_pause_is_next(tmp_path):
    """SQLite alone keeps no queue: dozens of commits went ahead, and ten seconds were not always enough."""
    path = tmp_path / "p.db"
    store = await Store.open(path, CONTRACT_TABLES)
    busy = subprocess.Popen([sys.executable, "-c", WITHOUT_A_PAUSE, str(path)], stdout=subprocess.PIPE)

    def written(tx):
        row = tx.get("things", name="written", part=0)
        return 0 if row is None else row["size"]

    try:
        assert await asyncio.to_thread(busy.stdout.readline)
        ahead = []
        for _ in range(40):
            before = await store.read(written)
            ahead.append(await store.write(written, short=True) - before)
    finally:
        busy.kill()
        busy.communicate()
        await store.close()
    assert max(ahead) <= AHEAD_MAX, ahead


async def test_a_turn_that_is_never_given_back_keeps_nobody(tmp_path):
    store, stopped = await Store.open(tmp_path / "p.db", CONTRACT_TABLES), Turn(tmp_path)
    with stopped.taken(wait=False) as ours:
        assert ours
        for short in (True, False):
            await store.write(lambda tx: tx.put("things", name="a", part=1), short=short)
    stopped.close()
    await store.close()
    stopped.close()


@pytest.mark.parametrize("made", [True, False])
async def test_a_database_that_stays_locked_is_busy_not_broken(tmp_path, monkeypatch, made):
    path = tmp_path / "p.db"
    if made:
        await (await Store.open(path, CONTRACT_TABLES)).close()
    monkeypatch.setattr("connector.store.connection.LOCK_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode=EXCLUSIVE").fetchone()
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreBusy, match="try again"):
            await Store.open(path, CONTRACT_TABLES)
