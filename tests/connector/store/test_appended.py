"""What acts append together is there as if each had inserted it at once, whatever becomes of the acts around it."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.store import appended
from connector.store.errors import BadStatement, StoreFailed
from connector.store.rows.evidence import LogHashRow
from connector.store.store import Store
from connector.store.tables import TABLES
from connector.store.transaction import Tx
from tests.connector.store.test_store_file import break_disk
from tests.fault.extent import tried

SIZE = "SELECT count(*) FROM log_hashes"
LEVEL = 7
WITHIN_SECONDS = 60


class Undo(Exception):  # noqa: N818 - said in sentences
    """Ends an act that changed its mind."""


def row(number):
    return LogHashRow(level=LEVEL, idx=number, hash=number.to_bytes(4))


def add(tx, number, together):
    if together:
        tx.append(row(number))
    else:
        tx.insert(row(number))


STEPS = st.lists(
    st.sampled_from(["add", "add", "get", "find", "column", "by hand", "try", "try in vain", "delete", "put"]),
    max_size=5,
)
ACTS = st.lists(st.tuples(STEPS, st.booleans()), min_size=1, max_size=7)


def told(tx, base, steps, together):
    """Do the steps of one act; return what each told."""
    heard, number = [], base
    for step in steps:
        number += 1
        match step:
            case "add":
                add(tx, number, together)
            case "get":
                heard.append(tx.get(LogHashRow, level=LEVEL, idx=number - 1))
            case "find":
                heard.append(tx.find(LogHashRow, "level = ?", (LEVEL,), order="idx"))
            case "column":
                heard.append(tx.column(SIZE))
            case "by hand":
                heard.append(tx.execute("UPDATE log_hashes SET hash = ? WHERE idx < ? RETURNING idx", b"x", number))
            case "try":
                tx.attempt(lambda tx, at=number: (add(tx, at, together), tx.column(SIZE)))
            case "try in vain":
                with suppress(Undo):
                    tx.attempt(lambda tx, at=number: (add(tx, at, together), tx.column(SIZE), fail()))
            case "delete":
                heard.append(tx.delete(LogHashRow, level=LEVEL, idx=number - 1))
            case "put":
                tx.put(row(number))
    return heard


def fail():
    raise Undo


def act(base, steps, good, together):
    def run(tx):
        heard = told(tx, base, steps, together)
        if not good:
            fail()
        return heard

    return run


async def played(acts, together):
    """Do all acts at once, so that they share batches; return what each told, and what is there."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "appended.sqlite", TABLES)
        works = [store.write(act(100 * at, steps, good, together), short=True) for at, (steps, good) in enumerate(acts)]
        heard = await asyncio.gather(*works, return_exceptions=True)
        there = await store.read(lambda tx: tx.find(LogHashRow, order="level, idx"))
        await store.close()
    return [repr(each) for each in heard], there


@settings(max_examples=tried(60), deadline=None)
@given(acts=ACTS)
def test_appended_rows_are_seen_and_kept_as_inserted_ones(acts):
    assert asyncio.run(played(acts, together=True)) == asyncio.run(played(acts, together=False))


async def test_acts_of_a_batch_append_by_one_statement(store, monkeypatch):
    runs = []
    was = Tx._append
    monkeypatch.setattr(Tx, "_append", lambda self, table, rows: (runs.append(len(rows)), was(self, table, rows)))
    await asyncio.gather(*(store.write(lambda tx, at=at: tx.append(row(at)), short=True) for at in range(40)))
    assert sum(runs) == 40
    assert len(runs) <= 2
    assert await store.read(lambda tx: tx.column(SIZE)) == [40]


async def test_many_rows_of_one_act_do_not_all_wait(store, monkeypatch):
    monkeypatch.setattr(appended, "ROWS_WAITING_MAX", 8)
    waited = []

    def many(tx):
        for at in range(50):
            tx.append(row(at))
            waited.append(sum(map(len, tx.appended.saved()[0].values())))

    await store.write(many)
    assert max(waited) < 8
    assert await store.read(lambda tx: tx.column(SIZE)) == [50]


async def test_an_act_that_fails_takes_its_rows_alone(store):
    def bad(tx):
        tx.append(row(2))
        assert tx.column(SIZE) == [2]  # what the act before it left waiting was written for this question
        fail()

    good = store.write(lambda tx: tx.append(row(1)), short=True)
    undone = store.write(bad, short=True)
    after = store.write(lambda tx: tx.append(row(3)), short=True)
    assert [type(each) for each in await asyncio.gather(good, undone, after, return_exceptions=True)] == [
        type(None),
        Undo,
        type(None),
    ]
    found = await store.read(lambda tx: tx.find(LogHashRow, order="idx"))
    assert [each.idx for each in found] == [1, 3]


async def test_what_cannot_be_written_fails_its_act_and_no_other(store):
    wrong = store.write(lambda tx: tx.append(LogHashRow(level="one", idx=1, hash=b"")), short=True)
    good = store.write(lambda tx: tx.append(row(1)), short=True)
    first, second = await asyncio.gather(wrong, good, return_exceptions=True)
    assert isinstance(first, BadStatement)
    assert second is None


async def test_a_key_that_is_taken_fails_the_batch_and_leaves_nothing(store):
    await store.write(lambda tx: tx.append(row(1)))
    begun, both_wait = threading.Event(), threading.Event()
    held = asyncio.create_task(store.write(lambda _tx: (begun.set(), both_wait.wait(WITHIN_SECONDS))))
    await asyncio.to_thread(begun.wait, WITHIN_SECONDS)
    both = [asyncio.create_task(store.write(lambda tx, at=at: tx.append(row(at)))) for at in (2, 1)]
    await asyncio.sleep(0)  # each has put its act into the queue
    both_wait.set()
    assert all(isinstance(each, Exception) for each in await asyncio.gather(*both, return_exceptions=True))
    await held
    assert await store.read(lambda tx: tx.column(SIZE)) == [1]
    await store.write(lambda tx: tx.append(row(2)))
    assert await store.read(lambda tx: tx.column(SIZE)) == [2]


async def test_who_only_reads_appends_nothing(store):
    with pytest.raises(BadStatement, match="only reads"):
        await store.read(lambda tx: tx.append(row(1)))


async def test_an_act_that_changes_nothing_needs_no_savepoint(store, monkeypatch):
    said = []
    was = Tx._run
    monkeypatch.setattr(
        Tx, "_run", lambda self, sql, *rest, **more: (said.append(sql), was(self, sql, *rest, **more))[1]
    )
    await store.write(lambda tx: tx.get(LogHashRow, level=LEVEL, idx=1))
    assert not [sql for sql in said if "SAVEPOINT" in sql]
    await store.write(lambda tx: tx.insert(row(1)))
    assert [sql for sql in said if "SAVEPOINT" in sql] == ["SAVEPOINT act"]


async def test_a_disk_that_fails_under_what_was_appended_ends_the_store(tmp_path):
    store = await Store.open(tmp_path / "p.sqlite", TABLES)
    break_disk(store, 'INSERT INTO "log_hashes"')
    with pytest.raises(StoreFailed):
        await store.write(lambda tx: tx.append(row(1)), short=True)
    assert store.failure is not None
    await store.close()


async def test_a_disk_that_fails_under_the_head_of_a_batch_ends_the_store(tmp_path):
    store = await Store.open(tmp_path / "p.sqlite", TABLES)
    break_disk(store, 'INSERT INTO "log_hashes"')

    def ending(tx):
        tx.insert(row(1))

    with pytest.raises(StoreFailed):
        await store.write(lambda tx: tx.before_commit(ending), short=True)
    assert store.failure is not None
    await store.close()
