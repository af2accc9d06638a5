"""A saved search tells its member what is new, and nobody else anything."""

from __future__ import annotations

import pytest

from connector.runtime.limits import MEMBER_SEARCHES_MAX
from tests.api.command import penstock
from tests.api.refusals import status as refused

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def publish(space, /, product, **more):
    about = {"title": f"Snowdrops {product}", "price": 3, "keywords": ["snowdrops"]}
    await space.publish_files("provider", product, space.files(product, (65_536,)), **about, **more)


async def new(space, role="buyer"):
    rows = (await space.doors[role].call("GET", "searches"))["searches"]
    return {row["name"]: [one["id"] for one in row["new"]] for row in rows}


async def test_what_is_new_is_told_until_it_is_seen(space):
    await publish(space, "snow-one")
    saved = await penstock(space, "buyer", "find", "snowdrops", "--where", "tier=kept", "--save", "flowers")
    assert saved["new"] == []
    assert await new(space) == {"flowers": []}
    await publish(space, "snow-two")
    assert await new(space) == {"flowers": ["snow-two"]}
    assert await new(space, "other") == {}
    assert (await space.doors["buyer"].call("POST", "heartbeat", {}))["news"] == {"flowers": 1}
    listed = await penstock(space, "buyer", "searches", "--seen", "flowers")
    assert listed["new"] == []
    assert await new(space) == {"flowers": []}
    assert "news" not in await space.doors["buyer"].call("POST", "heartbeat", {})
    await penstock(space, "buyer", "searches", "--drop", "flowers")
    await penstock(space, "buyer", "searches", "--drop", "flowers", code=4)
    assert await new(space) == {}


async def test_a_saved_search_shows_no_more_than_one_by_hand(space):
    rules = {"sees": {"buyer": 2, "others": 5}, "least": []}
    body = {"id": "cellar", "name": "Cellar", "description": "", "rules": rules}
    await space.doors["exchange"].call("POST", "spaces", body)
    for role in ("buyer", "second"):
        await space.doors[role].call("POST", "searches", {"name": "all", "q": "snowdrops", "where": []})
    await publish(space, "snow-hidden", space="cellar", grade=4)
    assert (await new(space), await new(space, "second")) == ({"all": []}, {"all": ["snow-hidden"]})


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "", "q": "x", "where": []},
        {"name": "x" * 65, "q": "x", "where": []},
        {"name": "x", "q": "", "where": []},
        {"name": "x", "q": "x", "where": ["colour=red"]},
        {"name": "x", "q": "x", "where": "tier=kept"},
        {"name": 1, "q": "x", "where": []},
    ],
)
async def test_what_is_no_search_is_not_saved(space, body):
    assert await refused(space.doors["buyer"].call("POST", "searches", body)) == 400


async def test_a_member_saves_so_many(space):
    other = space.doors["other"]
    for at in range(MEMBER_SEARCHES_MAX):
        await other.call("POST", "searches", {"name": f"s{at}", "q": "word", "where": []})
    assert await refused(other.call("POST", "searches", {"name": "more", "q": "word", "where": []})) == 409
