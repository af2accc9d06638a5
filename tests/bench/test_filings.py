"""Filings in number, at a small size: what each side may read is found by an index, however many there are."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from bench import filings
from bench.filings import PLATFORM, PROVIDER, Platform
from connector.exchange.filings import EVERY, OWN
from connector.store.store import Store
from connector.store.tables import TABLES

NUMBER = 40


async def test_so_many_are_filed_and_found(tmp_path):
    seen = await filings.run(tmp_path, NUMBER, say=lambda _line: None)
    assert (seen.filed, seen.show_ms > 0) == (NUMBER, True)


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "platform.db", TABLES)
    yield opened
    await opened.close()


async def test_a_party_reads_its_own_newest_first_and_each_once(store):
    platform = Platform(store)
    codes = [await platform.file(platform.contract(number)) for number in range(5)]
    for who in (PROVIDER, filings.CONSUMER, PLATFORM):
        page = await platform.register.page(who, 0)
        assert [one["contractId"] for one in page] == codes[::-1]
    assert [one["contractId"] for one in await platform.register.page(PROVIDER, 3)] == codes[1::-1]
    # the same again changes nothing
    assert await platform.file(platform.contract(0)) == codes[0]
    assert platform.owed == 2 * len(codes)


async def test_no_page_reads_all_that_is_filed(store, tmp_path):
    for statement, values in ((OWN, (PROVIDER, 9, PROVIDER, 9, 9, 0)), (EVERY, (9, 0))):
        with closing(sqlite3.connect(tmp_path / "platform.db")) as database:
            plan = [row[-1] for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", values)]
        told = [line for line in plan if "filings" in line]
        assert told
        assert all("INDEX" in line for line in told), plan
