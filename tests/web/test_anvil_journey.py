"""The same participants on a stranger's chain: `chain.rpc` names an anvil, and everything else is as it was."""

from __future__ import annotations

import asyncio
import secrets
import subprocess

import aiohttp
import pytest
import pytest_asyncio

from connector.clock import Clock
from connector.demo.processes import free_ports
from contracts import address
from tests.onchain.conftest import anvil_command as _anvil_command
from tests.web.space import Space

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROLES = ("exchange", "regulator", "provider", "buyer")
PRODUCT, PIECE, PRICE = "on-anvil", 65_536, 64_000
RICH = hex(10**21)
anvil_command = _anvil_command


class Anvil:
    """A running anvil; its base fee is not zero, so whoever acts on it pays."""

    def __init__(self, command):
        self.url = f"http://127.0.0.1:{free_ports(1)[0]}"
        port = self.url.rsplit(":", 1)[1]
        chain_id = str(secrets.randbelow(2**31) + 1)
        self._process = subprocess.Popen([command, "--silent", "--port", port, "--chain-id", chain_id])
        self._session = aiohttp.ClientSession()

    async def ask(self, method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        async with self._session.post(self.url, json=body) as answer:
            said = await answer.json()
        assert "error" not in said, said
        return said["result"]

    async def ready(self):
        async with asyncio.timeout(20):
            while True:
                try:
                    return await self.ask("eth_chainId")
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def stop(self):
        await self._session.close()
        self._process.terminate()
        self._process.wait(10)


@pytest_asyncio.fixture(loop_scope="session")
async def anvil(anvil_command):
    made = Anvil(anvil_command)
    try:
        await made.ready()
        yield made
    finally:
        await made.stop()


async def test_publish_get_and_settle(anvil, tmp_path):
    space = Space(tmp_path, Clock().now, {"PENSTOCK_CHAIN_RPC": anvil.url})
    space.prepare(ROLES)
    for role in ROLES:
        await anvil.ask("anvil_setBalance", address.show(space.keys(role).address), RICH)
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
        assert int(await anvil.ask("eth_blockNumber"), 16) > 8
        assert space.deployment.chain_id == int(await anvil.ask("eth_chainId"), 16)
        assert not (space.people["exchange"].data / "chain.db").exists()
        channels = address.show(space.deployment.addresses["channels"])
        assert len(await anvil.ask("eth_getLogs", {"fromBlock": "0x0", "address": channels})) >= 3
    finally:
        await space.stop()
