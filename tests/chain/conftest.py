"""An embedded chain with a clock that stands still, and a way to ask it raw questions."""

from __future__ import annotations

import asyncio
import json

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from contracts import signature
from ledger.chain.client import Chain
from ledger.chain.deployment import deploy
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from tests.onchain.nodes import CHAINS
from tests.onchain.shared import shared_nodes
from tests.onchain.stage import Clock

KEY = keccak(b"host")
HOST = signature.address(KEY)
BUYER_KEY = keccak(b"buyer")
# what is about the embedded engine itself: its file, its methods and limits, its fees of nothing
OWN = (
    "test_embedded",
    "test_rpc",
    "test_archive",
    "test_filters",
    "test_strangers",
    "test_a_chain_without_fees_gets_legacy_transactions_with_a_chain_id",
    "test_events_come_whole_from_a_node_that_answers_few_at_once",
)
node_of = shared_nodes


def signed(chain_id, **changes):
    fields = {"to": HOST, "gas": 21_000, "gasPrice": 0, "nonce": 0, "value": 0, "chainId": chain_id} | changes
    return "0x" + Account.sign_transaction(fields, KEY).raw_transaction.hex()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def embedded(tmp_path, clock):
    chain = await EmbeddedChain.open(tmp_path / "chain.sqlite", clock)
    yield chain
    await chain.close()


@pytest.fixture
def ask(embedded):
    """Ask one JSON-RPC question; return the whole answer."""

    async def question(method, *params):
        body = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        answer = json.loads(await embedded.rpc(json.dumps(body).encode()))
        assert answer["id"] == 7
        return answer

    return question


@pytest.fixture
async def embedded_programs(embedded):
    chain = Chain.local(embedded)
    return Programs(chain, await deploy(chain, KEY))


async def on_node(node_of, kind):
    """All programs, deployed anew by `KEY` on a chain of others."""
    node, _ = await asyncio.to_thread(node_of, kind)
    for key in (KEY, BUYER_KEY):
        await asyncio.to_thread(node.endow, signature.address(key))
    chain = Chain.connect(node.url)
    yield Programs(chain, await deploy(chain, KEY))
    await chain.close()


@pytest.fixture
async def anvil_programs(node_of):
    async for programs in on_node(node_of, "anvil"):
        yield programs


@pytest.fixture
async def geth_programs(node_of):
    async for programs in on_node(node_of, "geth"):
        yield programs


@pytest.fixture
def programs(chain_kind, request):
    """The programs of one deployment, whose issuer is `HOST`."""
    return request.getfixturevalue(f"{chain_kind}_programs")


def pytest_generate_tests(metafunc):
    """Run what is about any chain on each that is named; what is about our own engine, or has no chain, on ours."""
    if "chain_kind" in metafunc.fixturenames:
        own = metafunc.module.__name__.rpartition(".")[2] in OWN or metafunc.function.__name__ in OWN
        metafunc.parametrize("chain_kind", ("embedded",) if own else CHAINS)
