"""A suspected leak: sold no more, sealed anew without a row of what leaked; who has bought keeps what was bought."""

from __future__ import annotations

import asyncio
import json

import pytest

from connector.runtime.errors import PeerRefused
from ledger.edition.row_table import RowTable
from tests.api.space import PURPOSE

pytestmark = pytest.mark.asyncio(loop_scope="session")

PRODUCT = "leaky"


async def acquired(space, key):
    mandate = {"limit": "1000", "bid": None, "purpose": PURPOSE, "deposit": None}
    body = {"id": key, "product": PRODUCT, "mandate": mandate}
    await space.doors["buyer"].call("POST", "acquisitions", body)
    return await space.complete(key)


def editions(space):
    return sorted(
        (row for row in space.rows("provider", "editions") if row["product"] == PRODUCT), key=lambda row: row["number"]
    )


def slots(row):
    return {row.head.slot for row in RowTable(row["rows"])}


def runs(space):
    return {path.stem for path in (space.people["provider"].data / "keys/vault").glob("run-*.key")}


async def sealed_anew(space, count):
    async with asyncio.timeout(30):
        while True:
            (product,) = [row for row in space.rows("provider", "products") if row["id"] == PRODUCT]
            if len(editions(space)) == count and product["state"] == "submitted":
                return product
            await asyncio.sleep(0.1)


async def leak(space, edition, why="a laptop was stolen"):
    return await space.doors["provider"].call("POST", "vault/leaks", {"edition": edition, "why": why})


async def test_what_leaked_is_sealed_anew_with_all_that_shares_rows_with_it(space, tmp_path):
    path = tmp_path / "log.bin"
    first = b"".join(n.to_bytes(4, "big") * (1 << 14) for n in range(4))
    path.write_bytes(first)
    one = await space.publish_files("provider", PRODUCT, [path])
    old = await acquired(space, "leaky-1")
    path.write_bytes(first + b"more")
    two = await space.publish_files("provider", PRODUCT, [path])
    assert slots(editions(space)[0]) & slots(editions(space)[1])
    done = await leak(space, one["edition"])
    assert done == {"edition": one["edition"], "leaked": [one["edition"], two["edition"]], "products": [PRODUCT]}
    product = await sealed_anew(space, 3)
    before, repeats, fresh = editions(space)
    assert [row["state"] for row in (before, repeats)] == ["leaked", "leaked"]
    assert (fresh["number"], fresh["id"]) == (3, product["edition"])
    assert json.loads(fresh["header"])["prev"] == two["edition"]
    assert not slots(fresh) & (slots(before) | slots(repeats))
    withdrawn = [row for row in space.rows("provider", "log_entries") if row["kind"] == "edition.withdrawn"]
    assert {row["part"] for row in withdrawn} >= {one["edition"], two["edition"]}

    await space.doors["exchange"].call("POST", f"listings/{PRODUCT}/review", {})
    new = await acquired(space, "leaky-2")
    bought = {row["digest"]: row["edition"] for row in space.rows("buyer", "agreements") if row["product"] == PRODUCT}
    assert bought == {old["agreement"]: one["edition"], new["agreement"]: fresh["id"]}
    assert await space.opened("leaky-1") == [first]
    assert await space.opened("leaky-2") == [first + b"more"]


async def test_it_is_marked_once_and_what_is_not_ours_or_has_no_reason_is_refused(space):
    events = len([row for row in space.rows("provider", "log_entries") if row["kind"] == "edition.withdrawn"])
    known = editions(space)
    assert (await leak(space, known[0]["id"]))["products"] == []
    for edition, why in (("00" * 32, "x"), (known[0]["id"], " "), (known[0]["id"], "x" * 2000)):
        with pytest.raises(PeerRefused):
            await leak(space, edition, why)
    after = len([row for row in space.rows("provider", "log_entries") if row["kind"] == "edition.withdrawn"])
    assert after == events
    assert [row["id"] for row in editions(space)] == [row["id"] for row in known]
    assert len(runs(space)) >= len(known)
