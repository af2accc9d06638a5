"""What the rules of a space hide from other exchanges does not leave it, and comes back when they no longer do."""

from __future__ import annotations

from catalog.spaces import MAIN
from tests.federation.exchanges import PROVIDER, add, exchange, found, product, put, titles


async def test_what_a_space_hides_from_exchanges_is_told_to_none(tmp_path):
    async with exchange(tmp_path / "near") as near, exchange(tmp_path / "far") as far:
        await put(far, product("tides", "Harbour tides"))
        await add(near, "far", far.url)
        assert await titles(near) == ["Harbour tides"]

        async def ruled(rules):
            await far.spaces.change(MAIN, {"rules": rules}, far.did, "a test")
            return await near.harvesting.now("far")

        row = await ruled({"sees": {"provider": 5, "buyer": 5}})
        assert (row["state"], row["products"]) == ("fresh", 0)
        assert await found(near) == []
        assert await titles(far) == ["Harbour tides"]
        await ruled({"members": [PROVIDER, near.did]})
        assert await titles(near) == ["Harbour tides"]
        await ruled({"members": [PROVIDER, far.did]})
        assert await titles(near) == []
