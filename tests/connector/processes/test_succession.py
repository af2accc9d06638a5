"""What one process of several does, and what all of them look at again; pieces of work that one does at a time."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

from connector.runtime.clock import Clock
from connector.store import leases
from connector.store.exclusive import Exclusive
from connector.store.succession import Succession
from connector.store.tenure import Tenure

WITHIN_SECONDS = 5


class Process:
    """One process among others, with what it did."""

    def __init__(self, store, name, work=None):
        self.tenure = Tenure(store, Clock(), lambda: None)
        self.tenure._holder = f"elsewhere/{name}/x"  # a process that nobody here can see
        self.done, self.failed = [], asyncio.Event()
        self.succession = Succession(self.tenure, work or self.work, self.failed.set)
        self.succession.look(("a", "b"), lambda: self.done.append("everybody"))
        self.succession.look(("b",), self.again, working=True)

    async def work(self):
        self.done.append("work")

    async def again(self):
        self.done.append("worker")

    async def until(self, *done):
        async with asyncio.timeout(WITHIN_SECONDS):
            while self.done != list(done):
                await asyncio.sleep(0.01)

    async def close(self):
        await self.succession.close()
        await self.tenure.close()


async def test_one_works_and_the_next_takes_over(store, monkeypatch):
    monkeypatch.setattr("connector.store.tenure.WAIT_SECONDS", 0.02)
    first, second = Process(store, 1), Process(store, 2)
    assert await first.tenure.attempt()
    assert not await second.tenure.attempt()
    for each in (first, second):
        await each.succession.begin()
    await asyncio.sleep(0.1)
    assert (first.done, second.done) == (["work"], [])
    await first.close()
    await second.until("work")
    await second.close()


async def test_what_others_changed_is_looked_at_once_by_whom_it_concerns(store):
    works, waits = Process(store, 1), Process(store, 2)
    assert await works.tenure.attempt()
    for each in (works, waits):
        await each.succession.begin()
        for tables in ({"a"}, {"a", "b"}, {"c"}):
            each.succession.changed(frozenset(tables))
    await works.until("work", "everybody", "worker")
    await waits.until("everybody")
    for each in (waits, works):
        await each.close()


async def test_what_cannot_be_looked_at_stops_nobody(store, caplog):
    works = Process(store, 1)
    works.succession.look(("a",), lambda: 1 / 0)
    works.succession.changed(frozenset({"a"}))
    await works.until("everybody")
    await asyncio.sleep(0)
    assert "could not be looked at" in caplog.text
    await works.close()


async def test_who_cannot_take_over_ends(store):
    async def work():
        raise OSError("no")

    process = Process(store, 1, work)
    process.succession._waiting = asyncio.create_task(process.succession._wait())
    await asyncio.wait_for(process.failed.wait(), WITHIN_SECONDS)
    await process.close()


async def test_a_piece_of_work_is_done_by_one_at_a_time(store, monkeypatch):
    monkeypatch.setattr("connector.store.exclusive.ASK_SECONDS", 0.005)
    inside, most, order = 0, 0, []

    async def piece(number):
        nonlocal inside, most
        async with Exclusive(store, Clock(), shared=True).alone("anchoring"):
            inside += 1
            most = max(most, inside)
            await asyncio.sleep(0.01)
            inside -= 1
            order.append(number)

    await asyncio.gather(*(piece(number) for number in range(5)))
    assert (most, len(order)) == (1, 5)
    assert await store.read(lambda tx: tx.find("leases")) == []


async def test_a_piece_whose_process_is_dead_is_taken_over(store):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    holder = f"{socket.gethostname()}/{dead.pid}/x"
    await store.write(lambda tx: leases.take(tx, "review:x", holder, Clock().now(), 120))
    async with asyncio.timeout(WITHIN_SECONDS), Exclusive(store, Clock(), shared=True).alone("review:x"):
        pass


async def test_who_is_alone_takes_no_lease(store):
    async with Exclusive(store, Clock(), shared=False).alone("anchoring"):
        assert await store.read(lambda tx: tx.find("leases")) == []
