from __future__ import annotations
import pytest
pytestmark = pytest.mark.asyncio(loop_scope="session")

async def test_a(space, say):
    said = await say("GET", space.url("provider") + "/.well-known/dspace-version")
    print(said)
    assert said.status == 200

async def test_b(space):
    files = await space.publish("second", "two", (300_000, 70_000))
    await space.get("two")
    view = await space.complete("two")
    print(view)
    assert await space.opened("two") == [f.read_bytes() for f in files]
