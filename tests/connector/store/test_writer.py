"""The writer: which acts share a commit, in which order, on which thread."""

from __future__ import annotations

import asyncio
import threading

import pytest

from connector.store.sqlite import Store
from tests.connector.store.contract import CONTRACT_TABLES


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
