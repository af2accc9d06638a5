"""docs/exchange.md once more, where the exchange is two processes that share a database: part of `make test-market`."""

from __future__ import annotations

import random
import shutil

import pytest

from connector.api.chain_host import hosting
from connector.demo.processes import SERVE, Participant, free_ports
from connector.runtime.clock import Clock
from tests.fault.pair import Balancer
from tests.market.test_exchange_page import EXCHANGE, MEMBERS, READERS, WRITTEN_PORTS, Alone, follow, judge
from tests.postgres import durable, new_schema

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECOND = "second"


class Shared(Alone):
    """The exchange is two processes on one PostgreSQL behind one address, and the chain is beside them."""

    def __init__(self, folder, database, chain, port):
        super().__init__(folder)
        self.port, self._database, self._chain = port, database, chain
        self.balancer = Balancer(port, free_ports(2), random)

    def environment(self, name):
        mine = {"PENSTOCK_STORE_DATABASE": self._database} if name == EXCHANGE else {}
        return READERS | mine | ({"PENSTOCK_CHAIN_RPC": self._chain} if name in MEMBERS else {})

    async def serve(self, name):
        if name != EXCHANGE:
            await super().serve(name)
            return
        shutil.copytree(self.folder / name, self.folder / SECOND)
        for place, port in zip((name, SECOND), self.balancer.backends, strict=True):
            self.servers.append(Participant(self.folder / place, SERVE))
            mine = {"PENSTOCK_SERVER_PORT": str(port), "PENSTOCK_SERVER_PUBLIC_URL": f"http://localhost:{self.port}"}
            await self.servers[-1].start(self.environment(name) | mine)


async def test_the_page_leads_there_on_two_processes_that_share_a_database(tmp_path, absent):
    ports = free_ports(len(WRITTEN_PORTS))
    with durable(absent) as server:
        async with hosting(tmp_path / "chain.db", "127.0.0.1", 0, Clock()) as (_, chain):
            stage = Shared(tmp_path, new_schema(server), chain, ports[0])
            async with stage.balancer:
                judge(await follow(stage, ports), tmp_path)
    assert len(stage.servers) == len(WRITTEN_PORTS) + 1
    assert all(stage.balancer.passed.values()), "both were asked"
