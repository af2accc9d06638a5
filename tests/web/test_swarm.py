"""A buyer draws from the provider and from another buyer at once; neither of the two buyers learns of the other."""

from __future__ import annotations

import asyncio

import pytest

from connector.vault.blobs import blob_name

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIZE = 18 << 20  # more than one request for bytes asks for, so that both sources are asked
WITHIN = 60


async def served_by_other(space, edition):
    async with asyncio.timeout(20):
        while not [row for row in space.rows("provider", "holders") if row["edition"] == edition]:
            await asyncio.sleep(0.05)


async def test_a_replica_comes_from_two_holders_at_once(space):
    files = await space.publish("provider", "swarm", (SIZE,), price=10)
    await space.get("swarm", role="other")
    await space.complete("swarm", role="other", within=WITHIN)
    (edition,) = [row["edition"] for row in space.rows("provider", "products") if row["id"] == "swarm"]
    await served_by_other(space, edition)
    await space.get("swarm")
    await space.complete("swarm", within=WITHIN)
    assert await space.opened("swarm") == [path.read_bytes() for path in files]
    (replica,) = [row for row in space.rows("buyer", "replicas") if row["edition"] == edition]
    drawn = {row["source"]: row["rows"] for row in space.rows("buyer", "drawn") if row["replica"] == replica["id"]}
    assert set(drawn) == {space.url("provider"), space.url("other")}
    assert sum(drawn.values()) == len(replica["rows"]) // 152
    carried = {row["agreement"]: row["bytes"] for row in space.rows("provider", "carried")}
    assert 0 < carried[replica["agreement"]] < SIZE
    assert [row["edition"] for row in space.rows("other", "served")] == [edition]
    hints = (space.did("buyer"), replica["agreement"])
    log = (space.people["other"].data / "serve.log").read_text()
    assert not any(hint in log for hint in hints)


async def test_a_holder_whose_disk_lies_is_dropped_and_the_bytes_are_right(space):
    files = await space.publish("provider", "poisoned", (SIZE,), price=10)
    await space.get("poisoned", role="other")
    await space.complete("poisoned", role="other", within=WITHIN)
    (edition,) = [row["edition"] for row in space.rows("provider", "products") if row["id"] == "poisoned"]
    await served_by_other(space, edition)
    path = space.people["other"].data / "sealed" / blob_name(bytes.fromhex(edition))
    with path.open("r+b") as file:
        for at in range(0, path.stat().st_size, 1 << 16):
            file.seek(at)
            file.write(b"poison")
    await space.get("poisoned")
    await space.complete("poisoned", within=WITHIN)
    assert await space.opened("poisoned") == [path.read_bytes() for path in files]
    (replica,) = [row for row in space.rows("buyer", "replicas") if row["edition"] == edition]
    drawn = {row["source"]: row for row in space.rows("buyer", "drawn") if row["replica"] == replica["id"]}
    assert drawn[space.url("other")]["rows"] == 0
    assert "sealed bytes differ" in drawn[space.url("other")]["dropped"]
    assert drawn[space.url("provider")]["rows"] == len(replica["rows"]) // 152
