"""A plain product between two of our own: found, agreed, copied, resumed after a kill, receipted by both sides."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZES = (3_000_000, 0, 70_001)
TAKEN = 1_000_000
WITHIN_SECONDS = 20


async def receipted(space, role, agreement):
    """Return the provider's row of a copy once the buyer has signed for it."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            (copy,) = [row for row in space.rows(role, "copies") if row["agreement"] == agreement]
            if copy["agreed"]:
                return copy
            await asyncio.sleep(0.05)


async def test_get_writes_the_files_and_both_sides_sign_for_them(space):
    paths = await space.publish("provider", "plain-one", SIZES, tier="plain")
    await space.get("plain-one")
    view = await space.complete("plain-one")
    size = sum(SIZES)
    assert view["progress"]["text"] == f"{size} of {size} bytes here, metered by provider, paid outside channels"
    assert view["channel"] is None
    assert await space.opened("plain-one") == [path.read_bytes() for path in paths]
    copy = await receipted(space, "provider", view["agreement"])
    receipt = json.loads(copy["receipt"])
    assert receipt["metering"] == "metered by provider"
    assert (int(receipt["bytes"]), int(receipt["plainBytes"])) == (size, size)
    assert int(receipt["amount"]) == -(-size * 1000 // 2**20)


async def test_a_buyer_that_is_killed_goes_on_where_it_stopped(space, proxy):
    (path,) = await space.publish("second", "plain-killed", (SIZES[0],), tier="plain")
    reached, over = asyncio.Event(), asyncio.Event()

    def broken(request, body):
        return body[:TAKEN] if "path=" in request.path_qs else body

    async def held(request):
        if "path=" in request.path_qs and any("path=" in asked for _, asked in proxy.log):
            reached.set()
            await over.wait()
            raise web.HTTPServiceUnavailable

    proxy.spoil, proxy.gate = broken, held
    await space.get("plain-killed")
    async with asyncio.timeout(WITHIN_SECONDS):
        await reached.wait()
    await space.people["buyer"].kill()
    proxy.calm()
    over.set()
    (row,) = [
        row for row in space.rows("buyer", "transfers") if "/plain/" in row["address"] and row["state"] == "STARTED"
    ]
    stale = json.loads(row["address"])
    stale["endpointProperties"][0]["value"] = "stale"
    space.write("buyer", "UPDATE transfers SET address = ? WHERE id = ?", (json.dumps(stale), row["id"]))
    await space.people["buyer"].start()
    view = await space.complete("plain-killed")
    assert await space.opened("plain-killed") == [path.read_bytes()]
    copy = await receipted(space, "second", view["agreement"])
    assert copy["bytes"] == SIZES[0] + SIZES[0] - TAKEN, "what had come was not asked for again"
