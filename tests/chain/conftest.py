"""An embedded chain with a clock that stands still, and a way to ask it raw questions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from eth_account import Account
from eth_hash.auto import keccak

from contracts import signature
from ledger.chain import Chain
from ledger.deployment import deploy
from ledger.embedded.chain import EmbeddedChain
from ledger.programs import Programs

KEY = keccak(b"host")
HOST = signature.address(KEY)


def signed(chain_id, **changes):
    fields = {"to": HOST, "gas": 21_000, "gasPrice": 0, "nonce": 0, "value": 0, "chainId": chain_id} | changes
    return "0x" + Account.sign_transaction(fields, KEY).raw_transaction.hex()


class Clock:
    def __init__(self):
        self.now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


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
async def programs(embedded):
    chain = Chain.local(embedded)
    return Programs(chain, await deploy(chain, KEY))
