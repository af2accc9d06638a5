"""Exchanges that harvest each other: nothing comes back, nothing counts twice, nothing travels too far."""

from __future__ import annotations

from contextlib import AsyncExitStack
from itertools import pairwise

import pytest

from connector.runtime.limits import HOPS_MAX
from tests.federation.exchanges import add, ask, exchange, found, product, put, titles, until, withdraw


@pytest.fixture
async def houses(tmp_path):
    """Return what starts so many exchanges."""
    async with AsyncExitStack() as stack:

        async def start(count):
            return [await stack.enter_async_context(exchange(tmp_path / f"e{number}")) for number in range(count)]

        yield start


async def test_two_that_harvest_each_other_never_get_their_own_back(houses):
    one, other = await houses(2)
    await put(one, product("a", "of one"))
    await put(other, product("b", "of other"))
    await add(one, "other", other.url)
    await add(other, "one", one.url)
    for _ in range(3):
        for house, name in ((one, "other"), (other, "one")):
            row = await house.harvesting.now(name)
            assert (row["state"], row["products"]) == ("fresh", 1)
    assert await titles(one) == await titles(other) == ["of one", "of other"]
    numbers = [await house.store.read(lambda tx: tx.find("federated")) for house in (one, other)]
    assert [len(rows) for rows in numbers] == [1, 1]
    await withdraw(one, "a")
    await other.harvesting.now("one")
    await one.harvesting.now("other")
    assert await titles(one) == await titles(other) == ["of other"]


async def test_a_product_travels_so_far_and_no_further_and_comes_home_by_no_road(houses):
    line = await houses(HOPS_MAX + 2)
    await put(line[0], product("a", "far away"))
    for before, after in pairwise(line):
        await add(after, "before", before.url)
    reached = [len(await found(house, "far")) for house in line]
    assert reached == [1] * (HOPS_MAX + 1) + [0]
    [far] = await found(line[HOPS_MAX], "far")
    assert far["origins"][0]["path"] == [house.did for house in reversed(line[:HOPS_MAX])]
    assert "hearsay" in [limit["key"] for limit in far["limits"]]
    await add(line[0], "last", line[HOPS_MAX].url)
    assert await titles(line[0]) == ["far away"]
    assert "origins" not in (await found(line[0], "far"))[0]


async def test_by_two_roads_it_is_one_product_of_the_shorter_and_stays_when_that_ends(houses):
    home, middle, end = await houses(3)
    await put(home, product("a", "by two roads"))
    await add(middle, "home", home.url)
    await add(end, "middle", middle.url)
    await add(end, "home", home.url)
    [row] = await found(end)
    assert [(one["source"], one["hops"]) for one in row["origins"]] == [("home", 1), ("middle", 2)]
    assert row["source"] == "home"
    assert "origins-differ" not in [limit["key"] for limit in row["limits"]]
    await ask(end, "POST", "sources/home/drop", {})

    async def dropped():
        return (await ask(end, "GET", "sources/home"))[0] == 404

    await until(dropped)
    [row] = await found(end)
    assert [one["source"] for one in row["origins"]] == ["middle"]


async def test_what_is_listed_here_itself_is_not_shown_a_second_time(houses):
    near, far = await houses(2)
    await put(far, product("a", "told by both"), product("theirs", "told by both, under another name"))
    await put(near, product("a", "told by both"))
    await add(near, "far", far.url)
    rows = await found(near, "told")
    assert sorted(row["title"] for row in rows) == ["told by both", "told by both, under another name"]
    assert [row["id"] for row in rows if "origins" not in row] == ["a"]
    await withdraw(near, "a")
    rows = await found(near, "told")
    assert len(rows) == 2
    assert all("origins" in row for row in rows)
    await add(far, "near", near.url)
    assert len(await found(far, "told")) == 2


async def test_one_edition_under_two_names_of_its_provider_is_one_product(houses):
    near, far, other = await houses(3)
    first, second = product("a", "the same"), product("b", "the same")
    second |= {name: first[name] for name in ("edition", "header")}
    second["offer"]["terms"]["editionId"] = first["edition"]
    await put(far, first)
    await put(other, second)
    await add(near, "far", far.url)
    await add(near, "other", other.url)
    [row] = await found(near)
    assert {(one["source"], one["id"]) for one in row["origins"]} == {("far", "a"), ("other", "b")}


async def test_a_restored_database_makes_its_readers_begin_again_and_loses_nothing_meanwhile(houses):
    near, far = await houses(2)
    await put(far, *(product(f"p{number}") for number in range(3)))
    await add(near, "far", far.url)

    def restored(tx):
        tx.put("facts", name="changes.epoch", value={"epoch": "another"})
        tx.delete("listings", id="p1")

    await far.store.write(restored)
    row = await near.harvesting.now("far")
    assert (row["state"], row["products"]) == ("fresh", 2)
    assert len(await found(near)) == 2


async def test_a_reading_begun_again_tells_of_itself_alone(houses):
    near, far = await houses(2)
    await put(far, product("a", "the same"))
    await add(near, "far", far.url)
    left = {"told": ["'b': it was no product"], "left": 1}
    await near.store.write(lambda tx: tx.update("sources", {"name": "far"}, **left))
    await far.store.write(lambda tx: tx.put("facts", name="changes.epoch", value={"epoch": "another"}))
    row = await near.harvesting.now("far")
    assert (row["state"], row["products"], row["told"], row["left"]) == ("fresh", 1, [], 0)


async def test_what_one_source_brought_is_told_as_long_as_another_that_is_shown_tells_it(houses):
    near, far, other, third = await houses(4)
    await put(far, product("a", "told by two"))
    await add(other, "far", far.url)
    await add(near, "far", far.url)
    await add(near, "other", other.url)
    await ask(near, "POST", "sources/far/suspend", {"reason": "a complaint"})
    await add(third, "near", near.url)
    [told] = await found(third, "two")
    assert told["origins"][0]["path"] == [near.did, other.did, far.did]


async def test_a_suspended_source_s_products_leave_its_readers_and_come_back(houses):
    near, far, third = await houses(3)
    await put(far, product("a", "of far"))
    await put(near, product("b", "of near"))
    await add(near, "far", far.url)
    await add(third, "near", near.url)
    assert await titles(third) == ["of far", "of near"]
    await ask(near, "POST", "sources/far/suspend", {"reason": "a complaint"})
    await third.harvesting.now("near")
    assert await titles(third) == ["of near"]
    await ask(near, "POST", "sources/far/resume", {})
    assert (await third.harvesting.now("near"))["state"] == "fresh"
    assert await titles(third) == ["of far", "of near"]


async def test_an_empty_catalogue_may_become_another_one(houses):
    """Who has read nothing yet loses nothing by it, and needs not begin again."""
    near, far = await houses(2)
    await add(near, "far", far.url)
    await far.store.write(lambda tx: tx.put("facts", name="changes.epoch", value={"epoch": "another"}))
    row = await near.harvesting.now("far")
    assert (row["state"], row["reason"]) == ("fresh", "")
    await put(far, product("a", "the first"))
    await near.harvesting.now("far")
    assert await titles(near) == ["the first"]
