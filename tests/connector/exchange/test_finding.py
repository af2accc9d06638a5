"""The catalogue's index follows the database: whatever was lost, restored or broken off."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime

import pytest

from catalog import index
from catalog.codes import TIERS
from catalog.dataset import Dataset, Distribution, dataset_json
from catalog.profile import FileProfile
from catalog.question import question
from connector.exchange import finding
from connector.exchange.federation import showing
from connector.exchange.finding import Finding
from connector.runtime.data_folder import SEARCH
from connector.store.store import Store
from connector.store.tables import TABLES
from tests.core import core

WITHIN_SECONDS = 20

PROVIDER = "did:web:p.example"
NAMED = ("listings", "services", "federated", "harvested", "sources")
AT = datetime(2026, 3, 1, tzinfo=UTC)
OFFER = {"ask": "5", "terms": {"tariff": {"unit": "byte", "minor": "5", "per": "1", "currency": "CNY"}}}


def listing(key, title="weather", grade=1, state="listed", seq=None):
    files = (FileProfile("a.csv", "text/csv", 10),)
    ways = (Distribution("kept", TIERS["kept"].formats[0]),)
    dataset = Dataset(key, title, "hourly 天气数据", (), files, ways, grade)
    told = {"id": key, "title": title, "provider": PROVIDER, "dataset": dataset_json(dataset), "edition": ""}
    return told | {
        "offer": OFFER,
        "state": state,
        "seq": seq,
        "updated": AT,
        "tier": "kept",
        "edition": "",
        "header": {},
    }


@pytest.fixture
async def store(tmp_path):
    opened = await Store.open(tmp_path / "exchange.db", [table for table in TABLES if table.name in NAMED])
    yield opened
    await opened.close()


@pytest.fixture
async def begin(store, tmp_path):
    """Return what starts a finding over the store, after stopping the one before it."""
    running = []

    async def start():
        while running:
            await running.pop().close()
        running.append(Finding(core(store=store, data=tmp_path, roles={"exchange"}), None))
        await running[0].recover()
        return running[0]

    yield start
    await running.pop().close()


async def put(store, *rows):
    await store.write(lambda tx: [tx.put("listings", **row) for row in rows])


async def found(finding_, text="", *conditions):
    return (await finding_.keys(question(text, conditions), limit=100, first=0))[0]


async def test_listings_of_before_get_their_numbers_and_are_found(store, begin):
    await put(store, *(listing(f"l{number}") for number in range(5)), listing("gone", state="withdrawn"))
    started = await begin()
    assert sorted(await found(started, "天气")) == [f"l{number}" for number in range(5)]
    rows = await store.read(lambda tx: tx.find("listings", order="seq"))
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5, 6]


async def test_what_changed_before_a_question_is_in_its_answer(store, begin):
    started = await begin()
    for seq in range(1, 4):
        await put(store, listing(f"l{seq}", seq=seq))
        started.changed()
        assert len(await found(started, "weather")) == seq
    await put(store, listing("l1", seq=4, state="suspended"))
    started.changed()
    assert sorted(await found(started, "weather")) == ["l2", "l3"]


async def test_counts_have_words_in_both_languages(store, begin):
    await put(store, listing("a", grade=1, seq=1), listing("b", grade=3, seq=2), listing("c", grade=3, seq=3))
    counts = await (await begin()).counts(question("weather"))
    assert counts["grade"] == [
        {"value": "3", "count": 2, "en": "level 3: sensitive", "zh": "3级"},
        {"value": "1", "count": 1, "en": "level 1: public", "zh": "1级 公开"},
    ]
    assert counts["provider"] == [
        {"value": "did:web:p.example", "count": 3} | dict.fromkeys(("en", "zh"), "did:web:p.example")
    ]


async def test_a_lost_index_is_made_again(store, begin, tmp_path):
    await put(store, listing("a", seq=1))
    assert await found(await begin(), "weather") == ("a",)
    await (await begin()).close()
    shutil.rmtree(tmp_path / SEARCH)
    assert await found(await begin(), "weather") == ("a",)


@pytest.mark.parametrize("newest", [listing("a", seq=1), listing("b", seq=2)], ids=["not there", "earlier"])
async def test_a_database_that_was_restored_is_followed_from_its_start(store, begin, newest):
    await put(store, listing("a", seq=1), listing("b", seq=3))
    assert sorted(await found(await begin(), "weather")) == ["a", "b"]
    await store.write(lambda tx: tx.execute("DELETE FROM listings"))
    await put(store, newest)
    assert await found(await begin(), "weather") == (newest["id"],)


async def test_the_old_index_answers_while_the_new_one_is_made(store, begin, monkeypatch):
    await put(store, listing("a", seq=5))
    started = await begin()
    assert await found(started, "weather") == ("a",)

    class Broken:
        def __init__(self, folder):
            raise OSError("no space left")

    monkeypatch.setattr(finding, "FRESH_SECONDS", 0.1)
    monkeypatch.setattr(finding, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(index, "Index", Broken)
    await store.write(lambda tx: tx.execute("DELETE FROM listings"))
    started.changed()
    assert await found(started, "weather") == ("a",)
    monkeypatch.undo()
    await put(store, listing("b", seq=1))
    started.changed()
    # on a slow machine the old one still answers a few times
    async with asyncio.timeout(WITHIN_SECONDS):
        while (shown := await found(started, "weather")) == ("a",):
            await asyncio.sleep(0.01)
    assert shown == ("b",)


async def test_a_listing_that_cannot_be_read_holds_nobody_up(store, begin):
    await put(store, listing("a", seq=1) | {"dataset": {"id": "a"}}, listing("b", seq=2))
    assert await found(await begin(), "weather") == ("b",)


async def test_what_is_listed_no_more_is_not_shown(store):
    await put(store, listing("a", seq=1), listing("b", seq=2, state="suspended"))
    shown = await store.read(lambda tx: showing.page(tx, ["b", "a", "never"])[0])
    assert [row["id"] for row in shown] == ["a"]


async def test_it_stops_at_the_very_moment_at_which_something_changes(store, begin):
    for _ in range(3):
        started = await begin()
        await found(started)
        started.grown()
        await asyncio.sleep(0.01)  # so that it waits for more
        started.changed()
        async with asyncio.timeout(10):
            await started.close()
