"""A hostile token: what counts is what arrived, and nobody gets in twice while a deposit is being measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_account import Account
from eth_hash.auto import keccak

from contracts.onchain import artifacts
from contracts.typed_data import Edition
from ledger.chain import acts
from ledger.chain.client import Program
from ledger.chain.errors import ChainRefused

SOURCE = Path(__file__).with_name("greedy_token.vy")


@pytest.fixture(scope="module")
def greedy_artifact():
    command = [sys.executable, "-m", "vyper", "-f", "abi,bytecode", str(SOURCE)]
    abi, bytecode = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return artifacts.Artifact("greedy", tuple(json.loads(abi)), bytes.fromhex(bytecode[2:]), {})


@pytest.fixture
async def greedy(embedded_stage, greedy_artifact, monkeypatch):
    """The greedy token on the embedded stage's chain, known to the ABI room by its name."""
    from ledger.chain import abi

    monkeypatch.setattr(abi.artifacts, "load", lambda name: greedy_artifact if name == "greedy" else _load(name))
    chain, key = embedded_stage.chain, embedded_stage.key("issuer")
    transaction = {
        "data": greedy_artifact.bytecode,
        "gas": 3_000_000,
        "gasPrice": 0,
        "value": 0,
        "nonce": await chain.nonce(embedded_stage.account("issuer")),
        "chainId": await chain.chain_id(),
    }
    raw = bytes(Account.sign_transaction(transaction, key).raw_transaction)
    receipt = await chain.wait(await chain.send(raw), 5)
    return Program("greedy", receipt.created)


_load = artifacts.load


async def test_the_deposit_is_what_arrived(embedded_stage, greedy):
    stage = embedded_stage
    await stage.do(acts.Act(greedy, "mint", (stage.account("buyer"), 1000)))
    opening = await stage.opening(token=greedy.address)
    await stage.do(acts.open_channel(stage.deployment, opening, 1000), "buyer")
    channel = acts.channel_id(stage.deployment, stage.account("buyer"), opening)
    assert (await stage.programs.channel(channel)).deposit == 900


async def test_a_token_cannot_open_a_second_channel_while_the_first_is_measured(embedded_stage, greedy):
    stage = embedded_stage
    await stage.do(acts.Act(greedy, "mint", (greedy.address, 2000)))
    opening = await stage.opening(token=greedy.address)
    channels = stage.deployment.addresses["channels"]
    with pytest.raises(ChainRefused):
        await stage.do(acts.Act(greedy, "reenter", (channels, opening.args(), 1000)))
    for salt in (opening.salt, keccak(b"the second")):
        channel = acts.channel_id(stage.deployment, greedy.address, acts.Opening(**{**_fields(opening), "salt": salt}))
        assert await stage.programs.channel(channel) is None


async def test_a_token_that_says_no_or_brings_nothing_opens_nothing(embedded_stage, greedy):
    stage = embedded_stage
    await stage.do(acts.Act(greedy, "mint", (stage.account("buyer"), 1000)))
    opening = await stage.opening(token=greedy.address)
    unlucky, empty = (acts.open_channel(stage.deployment, opening, deposit) for deposit in (13, 0))
    await stage.refuses(unlucky, "channels: transfer failed", "buyer")
    await stage.refuses(empty, "channels: empty deposit", "buyer")


async def test_a_receiver_that_answers_otherwise_takes_no_certificate(embedded_stage, greedy):
    stage = embedded_stage
    edition = Edition(keccak(b"edition"), keccak(b"series"), 1)
    signed = stage.sign(edition, "provider", "editions")
    await stage.do(acts.register_edition(stage.deployment, edition, signed))
    args = (stage.account("provider"), greedy.address, int.from_bytes(edition.edition_id, "big"), b"")
    data = keccak(b"safeTransferFrom(address,address,uint256,bytes)")[:4]
    data += encode(["address", "address", "uint256", "bytes"], args)
    nonce = await stage.chain.nonce(stage.account("provider"))
    with pytest.raises(ChainRefused, match="certificate: receiver takes none"):
        await stage.chain.sign_call(
            stage.deployment.addresses["editions"], data, nonce=nonce, key=stage.key("provider")
        )


def _fields(opening):
    return {name: getattr(opening, name) for name in opening.__slots__}
