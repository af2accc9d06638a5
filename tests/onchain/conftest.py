"""The programs on each chain that `PENSTOCK_TEST_CHAIN` names; each test begins with fresh ones."""

from __future__ import annotations

import asyncio
import shutil

import pytest

from ledger.chain.client import Chain
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from tests.onchain.nodes import CHAINS
from tests.onchain.shared import deployed, shared_nodes
from tests.onchain.stage import Clock, Stage

node_of = shared_nodes


@pytest.fixture(scope="session")
def embedded_file(tmp_path_factory):
    """A chain with all programs on it, to be copied for each test."""
    path = tmp_path_factory.mktemp("chain") / "chain.sqlite"

    async def prepare():
        embedded = await EmbeddedChain.open(path, Clock())
        deployment = await deployed(Chain.local(embedded))
        await embedded.close()
        return deployment

    return path, asyncio.run(prepare())


@pytest.fixture
async def embedded_stage(embedded_file, tmp_path):
    path, deployment = embedded_file
    clock = Clock()
    shutil.copy(path, tmp_path / "chain.sqlite")
    embedded = await EmbeddedChain.open(tmp_path / "chain.sqlite", clock)
    chain = Chain.local(embedded)

    async def move(seconds):
        clock.move(seconds)
        await embedded.tick()

    yield Stage("embedded", chain, Programs(chain, deployment), move)
    await embedded.close()


@pytest.fixture
async def anvil_stage(node_of):
    node, deployment = await asyncio.to_thread(node_of, "anvil")
    chain = Chain.connect(node.url)
    snapshot = await node.asked("evm_snapshot")

    async def move(seconds):
        await node.asked("evm_increaseTime", seconds)
        await node.asked("evm_mine")

    yield Stage("anvil", chain, Programs(chain, deployment), move)
    await node.asked("evm_revert", snapshot)
    await chain.close()


@pytest.fixture
async def geth_stage(node_of):
    node, _ = await asyncio.to_thread(node_of, "geth")
    chain = Chain.connect(node.url)

    async def move(_seconds):
        pytest.skip("geth: its clock cannot be moved")

    # its past cannot be restored, so each test has programs of its own
    yield Stage("geth", chain, Programs(chain, await deployed(chain)), move)
    await chain.close()


@pytest.fixture(params=CHAINS)
def stage(request):
    """The programs on one chain."""
    return request.getfixturevalue(f"{request.param}_stage")
