"""Uses on the real store, taken by many at once: the cap holds under threads and processes."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from connector.enforcement import uses
from connector.enforcement.uses import Draw
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.channel.test_uses import AGREEMENT, CAP, NOW, SHARE

THREADS, PROCESSES = 8, 4
TRIES_EACH = 5


def one_process(path, name):
    """Take and commit as often as there is room, from THREADS threads on one store; every third act fails instead."""

    async def work():
        store = await Store.open(path, TABLES)

        def take(number):
            holder = f"{name}-{number}"

            def act(tx):
                uses.reserve(tx, [Draw(AGREEMENT, [SHARE])], holder, NOW)
                (uses.give_back if number % 3 == 0 else uses.commit)(tx, holder)

            try:
                store.submit(act).result()
            except uses.Exhausted:  # no room
                return 0
            return int(number % 3 != 0)

        with ThreadPoolExecutor(THREADS) as pool:
            done = await asyncio.to_thread(lambda: sum(pool.map(take, range(THREADS * TRIES_EACH))))
        await store.close()
        return done

    return asyncio.run(work())


def test_what_is_committed_never_passes_the_cap_with_8_threads_in_4_processes(tmp_path):
    path = tmp_path / "uses.db"
    names = [(path, f"p{number}") for number in range(PROCESSES)]
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        done = pool.starmap(one_process, names)
    with sqlite3.connect(path) as database:
        states = [state for (state,) in database.execute("SELECT state FROM uses")]
    assert states.count("committed") == sum(done) == CAP  # 4 x 26 asked for one
    assert "reserved" not in states
