"""The same participants on a stranger's chain: `chain.rpc` names an anvil, and everything else is as it was."""

from __future__ import annotations

import pytest

from connector.app.app import Connector
from connector.cli.doctor import examined
from connector.demo.processes import free_ports
from connector.identity import keys
from connector.operation.initialise import initialise
from connector.runtime import settings
from connector.runtime.clock import Clock
from connector.runtime.data_folder import KEYS
from contracts import address
from ledger.chain.errors import ChainRefused, ChainUnreachable
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


async def test_who_cannot_pay_for_gas_is_told_which_account_to_fund_and_goes_on(anvil, tmp_path, monkeypatch):
    """The programs are not put there by halves; later the doctor and the server say the same of it."""
    data, variables = tmp_path / "lone", {"PENSTOCK_CHAIN_RPC": anvil.url}
    monkeypatch.setenv("PENSTOCK_CHAIN_RPC", anvil.url)
    named = {"name": "Lone", "roles": ("exchange",), "region": "US-NY", "exchange": None, "development": True}
    initialise(data, port=free_ports(1)[0], **named)
    account = keys.load(data / KEYS).address
    with pytest.raises(ChainRefused, match=f"{address.show(account)} has 0 of the chain's own coin"):
        await Connector.start(data, settings.load(data, variables))
    assert int(await anvil.asked("eth_blockNumber"), 16) == 0

    anvil.endow(account)
    connector = await Connector.start(data, settings.load(data, variables))
    try:
        anvil.endow(account, 10**9)
        await connector.supplies.look()
        assert connector.supplies.warnings() == ["unfunded"]
        [seen] = [one for one in await examined(data) if one.name == "chain"]
        assert (seen.state, address.show(account) in seen.text) == ("warn", True)
        assert seen.hint.startswith("send it 0.00")
        anvil.endow(account)
        await connector.supplies.look()
        assert connector.supplies.warnings() == []
        [seen] = [one for one in await examined(data) if one.name == "chain"]
        assert seen.state == "ok"
    finally:
        await connector.close()
    with pytest.raises(ChainUnreachable, match="closed"):
        await connector.chain.newest()
