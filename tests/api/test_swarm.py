"""Buyers who hold an edition serve it: a pull from two sources, a liar among them, and repair of what a disk lost."""

from __future__ import annotations

import asyncio
import json

import pytest
import pytest_asyncio

from connector.custody.blobs import blob_name

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 18 << 20  # more than one request for bytes asks for, so that both sources are asked
WITHIN = 60


class Swarm:
    """Products that `other` has got and serves."""

    def __init__(self, space):
        self.space = space

    async def held_by_other(self, product):
        """Publish a product, have `other` get it and say that it serves it; return its files and its edition."""
        space = self.space
        files = await space.publish("provider", product, (SIZE,), price=10)
        await space.get(product, role="other")
        await space.complete(product, role="other", within=WITHIN)
        (edition,) = [row["edition"] for row in space.rows("provider", "products") if row["id"] == product]
        async with asyncio.timeout(20):
            while not [row for row in space.rows("provider", "holders") if row["edition"] == edition]:
                await asyncio.sleep(0.05)
        return files, edition

    def file(self, role, edition):
        return self.space.people[role].data / "sealed" / blob_name(bytes.fromhex(edition))

    def drawn(self, edition):
        """Return the buyer's replica of an edition, and source → row of what it drew."""
        (replica,) = [row for row in self.space.rows("buyer", "replicas") if row["edition"] == edition]
        rows = [row for row in self.space.rows("buyer", "drawn") if row["replica"] == replica["id"]]
        return replica, {row["source"]: row for row in rows}

    async def repaired(self, role):
        """Have a participant repair its vault; return what it did."""
        view = await self.space.doors[role].call("POST", "vault/repairs", {})
        async with asyncio.timeout(WITHIN):
            while view["running"]:
                await asyncio.sleep(0.1)
                view = await self.space.doors[role].call("GET", "vault/repairs")
        return view["mends"]


def spoil(path, every=1 << 16):
    with path.open("r+b") as file:
        for at in range(0, path.stat().st_size, every):
            file.seek(at)
            file.write(b"poison")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def swarm(space):
    made = Swarm(space)
    made.files, made.edition = await made.held_by_other("swarm")
    await space.get("swarm")
    await space.complete("swarm", within=WITHIN)
    return made


async def test_a_replica_comes_from_two_holders_at_once(swarm, space):
    assert await space.opened("swarm") == [path.read_bytes() for path in swarm.files]
    replica, drawn = swarm.drawn(swarm.edition)
    assert set(drawn) == {space.url("provider"), space.url("other")}
    assert sum(row["rows"] for row in drawn.values()) == int(json.loads(replica["header"])["rows"])
    carried = {row["agreement"]: row["bytes"] for row in space.rows("provider", "carried")}
    assert 0 < carried[replica["agreement"]] < SIZE
    assert swarm.edition in [row["edition"] for row in space.rows("other", "served")]


async def test_the_holder_has_nothing_that_tells_who_drew(swarm, space):
    replica, _ = swarm.drawn(swarm.edition)
    folder = space.people["other"].data
    content = b"".join(path.read_bytes() for path in (folder / "serve.log", *folder.glob("penstock.db*")))
    assert replica["edition"].encode() in content
    assert replica["agreement"].encode() not in content
    assert replica["id"].encode() not in content


async def test_what_a_disk_lost_comes_back_from_whoever_has_it(swarm, space):
    """The provider's from the holder, the buyer's from both; nothing is paid for it."""
    paid = space.rows("buyer", "paid_rows")
    whole = swarm.file("provider", swarm.edition).read_bytes()
    spoil(swarm.file("provider", swarm.edition), 1 << 20)
    (mend,) = await swarm.repaired("provider")
    assert (mend["kind"], mend["id"], mend["state"], mend["left"]) == ("edition", swarm.edition, "mended", 0)
    assert len(mend["bad"]) == -(-len(whole) // (1 << 20))
    assert swarm.file("provider", swarm.edition).read_bytes() == whole
    spoil(swarm.file("buyer", swarm.edition), 1 << 20)
    (mend,) = await swarm.repaired("buyer")
    assert (mend["kind"], mend["state"], mend["reason"]) == ("replica", "mended", "")
    assert swarm.file("buyer", swarm.edition).read_bytes() == whole
    swarm.file("buyer", swarm.edition).unlink()
    (mend,) = await swarm.repaired("buyer")
    assert mend["state"] == "mended"
    assert swarm.file("buyer", swarm.edition).read_bytes() == whole
    assert await swarm.repaired("buyer") == []
    assert space.rows("buyer", "paid_rows") == paid


async def test_a_holder_whose_disk_lies_is_dropped_and_the_bytes_are_right(swarm, space):
    files, edition = await swarm.held_by_other("poisoned")
    spoil(swarm.file("other", edition))
    await space.get("poisoned")
    await space.complete("poisoned", within=WITHIN)
    assert await space.opened("poisoned") == [path.read_bytes() for path in files]
    replica, drawn = swarm.drawn(edition)
    assert drawn[space.url("other")]["rows"] == 0
    assert "sealed bytes differ" in drawn[space.url("other")]["dropped"]
    assert drawn[space.url("provider")]["rows"] == int(json.loads(replica["header"])["rows"])


async def test_an_edition_that_nobody_holds_stays_damaged_and_says_so(swarm, space):
    await space.publish("provider", "lonely", (100_000,))
    (edition,) = [row["edition"] for row in space.rows("provider", "products") if row["id"] == "lonely"]
    path = swarm.file("provider", edition)
    whole = path.read_bytes()
    spoil(path)
    mend = next(mend for mend in await swarm.repaired("provider") if mend["id"] == edition)
    assert (mend["state"], mend["left"]) == ("failed", len(whole) // (1 << 16) + 1)
    assert "nobody is known to hold it" in mend["reason"]
    path.write_bytes(whole)
