"""Participants that have a schema each on one PostgreSQL server begin side by side."""

from __future__ import annotations

import asyncio
import threading

from connector.store import postgres_schema
from connector.store.store import Store
from tests.connector.store.contract import CONTRACT_TABLES
from tests.postgres import durable, new_schema
from tests.row_key import row_key

WITHIN_SECONDS = 20


def opened(url):
    async def work():
        store = await Store.open(url, CONTRACT_TABLES, row_key())
        await store.close()

    asyncio.run(work())


async def test_a_schema_that_is_being_made_keeps_no_other_participant_from_beginning(absent, monkeypatch):
    made, begins, goes_on = postgres_schema._create, threading.Event(), threading.Event()

    def slowly(session, table):
        if not begins.is_set():
            begins.set()
            assert goes_on.wait(WITHIN_SECONDS)
        made(session, table)

    monkeypatch.setattr(postgres_schema, "_create", slowly)
    with durable(absent) as server:
        first = asyncio.create_task(asyncio.to_thread(opened, new_schema(server)))
        try:
            assert await asyncio.to_thread(begins.wait, WITHIN_SECONDS)
            await asyncio.to_thread(opened, new_schema(server))
            assert not first.done()
        finally:
            goes_on.set()
            await first
