"""A connector without an exchange: a space of one, on a chain of its own, and nobody it waits for."""

import asyncio
import os
from contextlib import aclosing
from datetime import timedelta

from connector.app.app import Connector
from connector.demo.processes import free_ports
from connector.operation.initialise import initialise
from connector.runtime import settings as settings_file

START_SECONDS = 20


async def test_a_lone_connector_hosts_its_own_chain(tmp_path):
    data = tmp_path / "lone"
    roles = ("provider", "buyer")
    initialise(data, name="Lone", roles=roles, region="US-NY", port=free_ports(1)[0], exchange=None, development=True)
    settings = settings_file.load(data, os.environ)
    for _ in range(2):  # the second time on what the first has left
        async with asyncio.timeout(START_SECONDS):
            connector = await Connector.start(data, settings)
        async with aclosing(Closing(connector)):
            await connector.recover()
            assert connector.hosted.chain is not None
            assert set(connector.space.last().members) == {connector.did}
            assert connector.space.last().exchange == connector.did
            assert (await connector.chain.newest()).number > 0


async def test_the_deadline_of_the_settings_ends_what_nobody_answers(tmp_path):
    data, port = tmp_path / "lone", free_ports(1)[0]
    initialise(data, name="Lone", roles=("buyer",), region="US-NY", port=port, exchange=None, development=True)
    settings = settings_file.load(data, {"PENSTOCK_NEGOTIATION_DEADLINE_SECONDS": "1"})
    connector = await Connector.start(data, settings)
    async with aclosing(Closing(connector)):
        await connector.recover()
        offer = {"@id": "o", "@type": "Offer", "target": "t", "permission": [{"action": "use"}]}
        mandate = {"bid": 1, "limit": 2, "rounds": 2, "tier": "plain"}
        nobody = f"http://localhost:{free_ports(1)[0]}"
        pid = await connector.engine.start_negotiation("did:web:nobody.example", nobody, offer, mandate)
        row = await connector.store.read(lambda tx: tx.get("negotiations", id=pid))
        assert row["deadline"] - row["created"] == timedelta(seconds=1)
        assert connector.engine.transfers.patience == timedelta(seconds=1)
        async with asyncio.timeout(START_SECONDS):
            while row["state"] != "TERMINATED":
                await asyncio.sleep(0.1)
                row = await connector.store.read(lambda tx: tx.get("negotiations", id=pid))
        assert "could not be delivered in time" in row["reason"]


class Closing:
    """A connector with the name that `aclosing` calls."""

    def __init__(self, connector):
        self.aclose = connector.close
