"""An agreement is amended over the wire: what is held and counted goes on under the new one, the old one ends."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest
import pytest_asyncio

from tests.api.command import commanded, penstock

pytestmark = pytest.mark.asyncio(loop_scope="session")

KEPT, LEASED, PRICE, OPENINGS, WITHIN_SECONDS = "amended-kept", "amended-leased", 250, 2, 20


async def opened(space, owner, acquisition, key):
    to = str(space.folder / "amended" / key)
    body = {"id": key, "acquisition": acquisition, "purpose": "AirTrafficResearch", "to": to}
    return await owner("buyer", "POST", "openings", body)


async def waits(owner, role, agreement=""):
    """Return the negotiation that waits for a person of `role`."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            found = (await owner(role, "GET", "processes?kind=negotiation&turn=ours")).json["processes"]
            if found:
                return found[0]["id"]
            await asyncio.sleep(0.05)


async def superseded(space, role, old):
    """Wait until an agreement is over at `role`; return the row of the one in its place."""
    async with asyncio.timeout(WITHIN_SECONDS):
        while True:
            rows = {row["digest"]: row for row in space.rows(role, "agreements")}
            if rows[old]["state"] == "ended":
                (new,) = [row for row in rows.values() if row["amends"] == old]
                return new
            await asyncio.sleep(0.05)


async def amended(space, owner, old, *asked):
    told = await penstock(space, "buyer", "amend", old, *asked)
    assert told["agreement"] == old
    await penstock(space, "provider", "admin", "assent", await waits(owner, "provider"))
    new = await superseded(space, "provider", old)
    assert (await superseded(space, "buyer", old))["digest"] == new["digest"]
    return new["digest"]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def kept(space):
    await space.publish_files("provider", KEPT, space.files(KEPT, (90_000,)), price=PRICE)
    await space.get(KEPT)
    return (await space.complete(KEPT))["agreement"]


async def test_what_is_held_stays_under_the_amendment(space, owner, kept):
    first = await opened(space, owner, KEPT, "amended-1")
    assert first.status == 201, first.body
    until = (space.now() + timedelta(days=400)).isoformat(timespec="seconds")
    new = await amended(space, owner, kept, "--until", until)
    assert (await owner("buyer", "GET", f"acquisitions/{KEPT}")).json["agreement"] == new
    second = await opened(space, owner, KEPT, "amended-2")
    assert second.status == 201, second.body
    paid = [row for row in space.rows("buyer", "channels") if row["agreement"] == new]
    assert not paid, "keys that are here are not paid for again"
    uses = [row for row in space.rows("buyer", "uses") if row["agreement"] == new]
    assert len({row["holder"] for row in uses}) in {0, 2}


async def test_openings_are_counted_on(space, owner):
    await space.publish_files("provider", LEASED, space.files(LEASED, (90_000,)), price=PRICE, openings=OPENINGS)
    await space.get(LEASED)
    old = (await space.complete(LEASED))["agreement"]
    assert (await opened(space, owner, LEASED, "leased-1")).status == 201
    new = await amended(space, owner, old, "--rules", "openings=3", "--price", "300")
    async with asyncio.timeout(60):
        while (await owner("buyer", "GET", f"acquisitions/{LEASED}")).json["state"] != "complete":
            await asyncio.sleep(0.1)
    view = (await owner("buyer", "GET", f"acquisitions/{LEASED}")).json
    assert view["agreement"] == new
    second = await opened(space, owner, LEASED, "leased-2")
    assert (second.status, second.json.get("charged")) == (201, 300), second.body
    assert (await opened(space, owner, LEASED, "leased-3")).status == 201
    fourth = await opened(space, owner, LEASED, "leased-4")
    assert (fourth.status, fourth.json["code"]) == (403, "not-permitted"), fourth.body


async def test_an_audit_of_all_logs_finds_nothing_wrong_with_it(space):
    """It comes last: the two of above were amended, used before and after, and paid for."""
    for role in ("provider", "buyer", "exchange"):
        await penstock(space, role, "log", "anchor")
    asked = ("--exchange", space.url("exchange"), "--development", "--data", space.people["regulator"].data, "--json")
    found = json.loads((await commanded("audit", *asked)).out)
    amended = [row for row in space.rows("provider", "log_entries") if row["kind"] == "agreement.amended"]
    assert len(amended) == 2
    assert found["audit"] == "clean", found["findings"]
    assert found["decisions_replayed"] > 2
