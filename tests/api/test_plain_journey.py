"""A plain product between two of our own: found, agreed, copied, resumed after a kill, receipted by both sides."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from connector.provider.billing import printed

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
    try:
        started = [row for row in space.rows("buyer", "transfers") if row["state"] == "STARTED"]
        # of others' stories there are transfers, too
        (row,) = [row for row in started if row["peer"] == space.did("second") and "/plain/" in (row["address"] or "")]
        stale = json.loads(row["address"])
        stale["endpointProperties"][0]["value"] = "stale"
        space.write("buyer", "UPDATE transfers SET address = ? WHERE id = ?", (json.dumps(stale), row["id"]))
    finally:
        await space.people["buyer"].start()
    view = await space.complete("plain-killed")
    assert await space.opened("plain-killed") == [path.read_bytes()]
    copy = await receipted(space, "second", view["agreement"])
    assert copy["bytes"] == SIZES[0] + SIZES[0] - TAKEN, "what had come was not asked for again"


async def test_both_sides_write_a_bill_of_it_from_the_receipt_that_both_signed(space):
    view = await space.complete("plain-one")
    size, price = sum(SIZES), -(-sum(SIZES) * 1000 // 2**20)
    told = [await space.doors[role].call("GET", f"bills/{view['agreement']}") for role in ("provider", "buyer")]
    theirs, mine = [document["copies"] for document in told]
    assert mine == theirs
    assert (mine["bytes"], mine["amount"], mine["payment"]) == (str(size), str(price), "paid outside channels")
    [one] = mine["receipts"]
    assert one["countersigned"]
    assert [document["issuer"] for document in told] == [mine["provider"], mine["buyer"]]
    for document in told:
        assert "signed by both" in printed.page(document)
        assert printed.lines(document)[-1].split()[:3] == ["copy", "1:", str(size)]
        assert printed.table(document).splitlines()[1].endswith(f"{size},{price},signed by both")
    [order] = [
        row
        for row in (await space.doors["buyer"].call("GET", "bills?first=0"))["orders"]
        if row["agreement"] == view["agreement"]
    ]
    assert (order["amount"], order["payment"]) == (str(price), "outside channels")
    month = await space.doors["buyer"].call("GET", f"bills/{one['receipt']['at'][:7]}")
    rows = [row for row in month["statement"]["agreements"] if row["payment"] == "outside channels"]
    assert month["statement"]["outside"] == str(sum(int(row["amount"]) for row in rows))
    assert {"agreement": view["agreement"], "orders": "1", "amount": str(price)}.items() <= next(
        row for row in rows if row["agreement"] == view["agreement"]
    ).items()
