"""One process works on a database at a time; a dead one is not waited for, a living one is."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta

import pytest

from connector.runtime.clock import Clock
from connector.store import leases
from connector.store.errors import StoreBusy
from connector.store.tenure import NAME, Tenure


async def hold(store, holder, seconds=60):
    now = Clock().now()
    assert await store.write(lambda tx: leases.take(tx, NAME, holder, now, seconds))


async def test_a_second_holder_waits_until_the_first_hands_over(store):
    first, second = (Tenure(store, Clock(), lambda: None) for _ in range(2))
    await first.take()
    first._holder, alive = f"elsewhere/1/{first._holder}", first._holder
    await store.write(lambda tx: tx.update("leases", {"name": NAME}, holder=first._holder))
    waiting = asyncio.create_task(second.take())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert alive != second._holder
    await first.close()
    await asyncio.wait_for(waiting, 5)
    await second.close()


async def test_a_dead_process_of_this_machine_is_not_waited_for(store):
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    await hold(store, f"{socket.gethostname()}/{dead.pid}/x")
    tenure = Tenure(store, Clock(), lambda: None)
    await asyncio.wait_for(tenure.take(), 5)
    await tenure.close()


async def test_a_living_process_of_this_machine_is_waited_for(store):
    await hold(store, f"{socket.gethostname()}/{os.getppid()}/x")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(Tenure(store, Clock(), lambda: None).take(), 0.3)


async def test_the_others_know_where_who_works_answers(store):
    works, other = Tenure(store, Clock(), lambda: None, "http://[::1]:8101"), Tenure(store, Clock(), lambda: None)
    assert await other.where() == ""
    await works.take()
    assert await other.where() == "http://[::1]:8101"
    await works.close()
    assert await other.where() == ""


@pytest.mark.parametrize("holder", ["elsewhere/1/x", "elsewhere/1/x/"])
async def test_who_said_nothing_is_nowhere(store, holder):
    await hold(store, holder)
    assert await Tenure(store, Clock(), lambda: None).where() == ""


async def test_an_expired_lease_is_taken(store):
    past = Clock().now() - timedelta(minutes=5)
    await store.write(lambda tx: leases.take(tx, NAME, "elsewhere/1/x", past, 30))
    tenure = Tenure(store, Clock(), lambda: None)
    await asyncio.wait_for(tenure.take(), 5)
    await tenure.close()


async def test_who_cannot_renew_stops(store, monkeypatch):
    monkeypatch.setattr("connector.store.tenure.RENEW_SECONDS", 0.01)
    lost = asyncio.Event()
    tenure = Tenure(store, Clock(), lost.set)
    await tenure.take()
    await store.write(lambda tx: tx.update("leases", {"name": NAME}, holder="elsewhere/1/y"))
    await asyncio.wait_for(lost.wait(), 5)
    await tenure.close()


async def test_a_database_that_is_locked_costs_the_work_only_when_the_lease_is_over(store, monkeypatch):
    """Somebody else's long write: renewing fails for a while, and then for too long."""
    monkeypatch.setattr("connector.store.tenure.RENEW_SECONDS", 0.01)
    monkeypatch.setattr("connector.store.tenure.LEASE_SECONDS", 1)
    monkeypatch.setattr("connector.store.connection.LOCK_SECONDS", 0.05)
    lost = asyncio.Event()
    tenure = Tenure(store, Clock(), lost.set)
    await tenure.take()
    with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        await asyncio.sleep(0.3)
        other.execute("COMMIT")
        until = await held_until(store)
        async with asyncio.timeout(5):
            while await held_until(store) == until:
                await asyncio.sleep(0.01)
        assert not lost.is_set()
        other.execute("BEGIN IMMEDIATE")
        await asyncio.wait_for(lost.wait(), 10)
        other.execute("COMMIT")
    await tenure.close()


async def held_until(store):
    return (await store.read(lambda tx: tx.get("leases", name=NAME)))["until"]


async def test_who_lost_the_work_may_not_sign(store):
    """The fence of what is numbered once: checked in the transaction that would keep it."""
    tenure = Tenure(store, Clock(), lambda: None)
    await tenure.take()
    await store.write(tenure.require)
    await store.write(lambda tx: tx.update("leases", {"name": NAME}, holder="elsewhere/1/y"))
    with pytest.raises(StoreBusy, match="another process works"):
        await store.write(tenure.require)
    await tenure.close()
