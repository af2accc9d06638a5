"""The same participants on a stranger's chain: `chain.rpc` names an anvil, and everything else is as it was."""

from __future__ import annotations

import pytest

from connector.runtime.clock import Clock
from contracts import address
from tests.api.space import Space
from tests.onchain import nodes

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("exchange", "regulator", "provider", "buyer")
PRODUCT, PIECE, PRICE = "on-anvil", 65_536, 64_000


@pytest.fixture
def anvil(absent, tmp_path):
    """A running anvil; its base fee is not zero, so whoever acts on it pays."""
    try:
        with nodes.running("anvil", tmp_path) as node:
            yield node
    except nodes.NotHereError as reason:
        absent(str(reason))


async def test_publish_get_and_settle(anvil, tmp_path):
    space = Space(tmp_path, Clock().now, {"PENSTOCK_CHAIN_RPC": anvil.url})
    space.prepare(ROLES)
    for role in ROLES:
        anvil.endow(space.keys(role).address)
    try:
        await space.start()
        files = await space.publish("provider", PRODUCT, (2 * PIECE, 1_000), price=PRICE)
        await space.get(PRODUCT, limit=PRICE)
        view = await space.complete(PRODUCT)
        assert await space.opened(PRODUCT) == [path.read_bytes() for path in files]
        settled = await space.doors["provider"].call("POST", "settlements", {"agreement": None})
        assert [channel["settled"] for channel in settled["channels"]] == [view["progress"]["paid"]]
        shares = settled["channels"][0]["shares"]
        assert sum(map(int, shares.values())) == int(view["progress"]["paid"]) > 0
        assert int((await space.doors["exchange"].call("POST", "settlements", {"agreement": None}))["withdrawn"]) > 0
        # on their chain, not on ours
        assert int(await anvil.asked("eth_blockNumber"), 16) > 8
        assert space.deployment.chain_id == int(await anvil.asked("eth_chainId"), 16)
        assert not (space.people["exchange"].data / "chain.db").exists()
        channels = address.show(space.deployment.addresses["channels"])
        assert len(await anvil.asked("eth_getLogs", {"fromBlock": "0x0", "address": channels})) >= 3
    finally:
        await space.stop()
