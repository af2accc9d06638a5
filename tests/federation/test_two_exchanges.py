"""One exchange harvests another: found with where it comes from, kept up to date, through every stop."""

from __future__ import annotations

import asyncio

import pytest

from catalog.question import question
from connector.exchange.federation import reading, sources
from tests.federation.exchanges import SECONDS, add, ask, exchange, found, product, put, source, titles, until, withdraw


@pytest.fixture
async def two(tmp_path):
    async with exchange(tmp_path / "near") as near, exchange(tmp_path / "far") as far:
        yield near, far


async def test_a_product_of_another_exchange_is_found_with_where_it_comes_from(two):
    near, far = two
    await put(far, product("tides", "Harbour tides"))
    await put(near, product("rain", "Harbour rain"))
    row = await add(near, "far", far.url)
    assert (row["state"], row["products"], row["reason"]) == ("fresh", 1, "")
    tides, rain = sorted(await found(near, "harbour"), key=lambda one: one["title"], reverse=True)
    assert rain["id"] == "rain"
    assert "origins" not in rain
    assert tides["id"].startswith("found:")
    assert (tides["title"], tides["provider"], tides["tier"]) == ("Harbour tides", "did:web:provider.example", "kept")
    assert [(one["source"], one["id"], one["path"]) for one in tides["origins"]] == [("far", "tides", [far.did])]
    assert [one["key"] for one in tides["limits"]] == ["other-space", "not-reviewed"]
    assert await titles(near, "", "source=far") == ["Harbour tides"]
    assert await titles(near, "", "source=own") == ["Harbour rain"]
    assert await titles(near, "天气", "region=US", "tier=kept") == ["Harbour rain", "Harbour tides"]


async def test_additions_new_versions_and_delistings_follow_and_cost_only_themselves(two, monkeypatch):
    near, far = two
    await put(far, *(product(f"p{number}") for number in range(5)))
    await add(near, "far", far.url)
    read = []
    of = reading.entry.read
    monkeypatch.setattr(reading.entry, "read", lambda line, *more: read.append(line["id"]) or of(line, *more))
    await put(far, product("new", "A new one"), product("p1", "Another version", edition=2))
    await withdraw(far, "p2")
    row = await near.harvesting.now("far")
    assert sorted(read) == ["new", "p1", "p2"]
    assert row["products"] == 5
    assert await titles(near) == ["A new one", "Another version", *["Hourly weather"] * 3]


async def test_a_reading_broken_off_goes_on_at_its_page_and_nothing_is_missing_meanwhile(two, tmp_path, monkeypatch):
    near, far = two
    await put(far, *(product(f"p{number:03}") for number in range(250)))
    pages, of = [], reading.exchange

    async def breaking(core, peers, worker, row):
        pages.append(row.cursor.get("after", 0))
        if len(pages) == 2:
            raise RuntimeError("killed")
        return await of(core, peers, worker, row)

    monkeypatch.setitem(reading.READERS, "exchange", breaking)
    await sources.add(near.core, near.peers, "far", "exchange", far.url)
    row = await near.harvesting.now("far")
    assert (row["state"], row["products"]) == ("failing", 100)
    async with exchange(tmp_path / "again"):  # anything else goes on meanwhile
        assert len(await found(near, "weather")) == 100
    row = await near.harvesting.now("far")
    assert (row["state"], row["products"], row["failures"]) == ("fresh", 250, 0)
    assert pages[0] == 0
    assert pages[1] == pages[2] > 0


async def test_no_question_waits_for_what_a_reading_brings_but_for_one_asked_for(two, monkeypatch):
    near, far = two
    await put(far, *(product(f"p{number:03}") for number in range(250)))
    monkeypatch.setattr(near.harvesting, "_grown", lambda: None)  # so that nothing else has the index look
    waiting = near.finding._level
    await found(near)
    await sources.add(near.core, near.peers, "far", "exchange", far.url)
    near.harvesting.wake()

    async def read():
        assert waiting.is_set()
        return (await source(near, "far"))["state"] == "fresh"

    await until(read)
    assert (await near.finding.keys(question("weather"), limit=1, first=0))[1] == 0
    assert (await near.harvesting.now("far"))["products"] == 250
    await asyncio.wait_for(waiting.wait(), SECONDS)  # a question would wait but a second
    assert (await near.finding.keys(question("weather"), limit=1, first=0))[1] == 250


async def test_killed_between_two_pages_it_goes_on_after_a_restart(tmp_path):
    of = reading.exchange
    async with exchange(tmp_path / "far") as far:
        await put(far, *(product(f"p{number:03}") for number in range(150)))
        async with exchange(tmp_path / "near") as near:
            near.harvesting._task.cancel()
            await sources.add(near.core, near.peers, "far", "exchange", far.url)
            began = await near.store.read(lambda tx: sources.find(tx, "far"))
            page = await of(near.core, near.peers, near.worker, began)
            await near.store.write(lambda tx: sources.keep(tx, began, page, 60, near.clock.now()))
            assert (await source(near, "far"))["products"] == 100
        async with exchange(tmp_path / "near") as near:

            async def fresh():
                return (await source(near, "far"))["state"] == "fresh"

            await until(fresh)
            assert (await source(near, "far"))["products"] == 150
            assert len(await found(near, "weather")) == 100  # of a page


async def test_the_operator_adds_pauses_resumes_and_drops(two):
    near, far = two
    await put(far, product("tides", "Harbour tides"))
    status, told = await ask(near, "POST", "sources", {"name": "far", "kind": "exchange", "address": far.url})
    assert (status, told["did"]) == (201, far.did)
    status, told = await ask(near, "POST", "sources/far/harvest", {})
    assert (status, told["state"], told["products"]) == (200, "fresh", 1)
    assert (await ask(near, "POST", "sources/far/pause", {}))[1]["state"] == "paused"
    assert (await ask(near, "POST", "sources/far/harvest", {}))[0] == 400
    assert await titles(near) == ["Harbour tides"]
    assert (await ask(near, "POST", "sources/far/resume", {}))[1]["state"] == "waiting"
    assert (await ask(near, "GET", "sources"))[1]["sources"][0]["name"] == "far"
    assert (await ask(near, "POST", "sources/far/drop", {}))[1]["state"] == "dropping"

    async def gone():
        return (await ask(near, "GET", "sources/far"))[0] == 404

    await until(gone)
    assert await titles(near) == []


async def test_who_may_not_read_the_changes_is_told_so(tmp_path):
    async with exchange(tmp_path / "near") as near, exchange(tmp_path / "far", {}) as far:
        row = await add(near, "far", far.url)
        assert row["state"] == "failing"
        assert "does not tell its changes" in row["reason"]
