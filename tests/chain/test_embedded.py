"""The embedded chain: what it mines, what it refuses, what survives."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from eth_account import Account

from ledger.chain import acts
from ledger.chain.client import Chain
from ledger.chain.errors import ChainRefused
from ledger.chain.programs import Programs
from ledger.embedded.chain import EmbeddedChain
from ledger.embedded.engine import MAX_TRANSACTION_GAS, Engine
from ledger.embedded.store import ChainInUseError, Store
from tests.every import every

from .conftest import HOST, KEY, Clock, signed

HOSTING = Path(__file__).with_name("hosting.py")
ROOT = Path(__file__).parents[2]


# --- surviving ---


def hosted_and_killed(path):
    """Host a chain in a process of its own, kill it while it mines; return what it told."""
    command = [sys.executable, str(HOSTING), str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        try:
            told = [process.stdout.readline().split() for _ in range(21)]
        finally:
            process.send_signal(signal.SIGKILL)
        told += [line.split() for line in process.stdout if line.endswith("\n")]
    assert process.returncode == -signal.SIGKILL
    return bytes.fromhex(told[0][1]), told[1:]


async def test_killed_while_mining_it_comes_back_with_the_same_state_root(tmp_path):
    path = tmp_path / "chain.sqlite"
    token, told = hosted_and_killed(path)
    embedded = await EmbeddedChain.open(path, lambda: datetime.now(UTC))
    chain = Chain.local(embedded)
    try:
        assert (await chain.newest()).number >= int(told[-1][0])
        for number, state_root, block_hash, transaction in told:
            block = await chain.block(int(number))
            assert (block.state_root.hex(), block.hash.hex()) == (state_root, block_hash)
            assert (await chain.receipt(bytes.fromhex(transaction))).succeeded
        newest = await chain.newest()
        (await chain.proof(token, [0], newest.number)).verify(newest.state_root)
        assert await chain.nonce(HOST) == newest.number
        await chain.send(bytes.fromhex(signed(embedded.chain_id, nonce=newest.number)[2:]))
        assert (await chain.newest()).number == newest.number + 1
    finally:
        await embedded.close()


async def test_reopened_it_goes_on_where_it_was(tmp_path, clock):
    path = tmp_path / "chain.sqlite"
    first = await EmbeddedChain.open(path, clock)
    await Chain.local(first).send(bytes.fromhex(signed(first.chain_id)[2:]))
    before = await Chain.local(first).newest()
    await first.close()
    again = await EmbeddedChain.open(path, clock)
    assert (again.chain_id, await Chain.local(again).newest()) == (first.chain_id, before)
    await again.close()


async def test_a_second_host_of_one_file_is_refused(embedded, tmp_path, clock):
    with pytest.raises(ChainInUseError, match="hosted by another process"):
        await EmbeddedChain.open(tmp_path / "chain.sqlite", clock)


def test_a_failure_after_execution_leaves_nothing_and_the_chain_goes_on(tmp_path, monkeypatch):
    alone = Engine(Store(tmp_path / "chain.sqlite"), lambda: 1_700_000_000)
    raw = bytes.fromhex(signed(alone.chain_id)[2:])
    before = alone.head

    def full(*_arguments):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(alone.index, "add", full)
        with pytest.raises(sqlite3.OperationalError):
            alone.send(raw)
    assert alone.head == before
    assert not alone.index.knows(alone._decode(raw).hash)
    alone.send(raw)
    assert alone.head.block_number == before.block_number + 1


async def test_chain_ids_are_drawn_at_random_below_2_53(tmp_path, clock):
    chains = [await EmbeddedChain.open(tmp_path / f"{name}.sqlite", clock) for name in range(3)]
    ids = {chain.chain_id for chain in chains}
    assert len(ids) == 3
    assert all(0 < each < 2**53 for each in ids)
    for chain in chains:
        await chain.close()


async def test_opening_and_deploying_is_quick(tmp_path, clock):
    from ledger.chain.deployment import deploy

    began = time.monotonic()
    embedded = await EmbeddedChain.open(tmp_path / "chain.sqlite", clock)
    await deploy(Chain.local(embedded), KEY)
    await embedded.close()
    assert time.monotonic() - began < 1.5


# --- time ---


async def test_a_tick_mines_an_empty_block_only_when_the_clock_moved(embedded, ask, clock):
    assert await embedded.tick() is False
    clock.move(60)
    assert await embedded.tick() is True
    block = (await ask("eth_getBlockByNumber", "latest"))["result"]
    assert (block["number"], block["transactions"]) == ("0x1", [])
    assert int(block["timestamp"], 16) == int(clock.now.timestamp())


async def test_many_blocks_share_a_second_and_none_runs_ahead_of_the_clock(programs, clock):
    for _ in range(5):
        await programs.perform(acts.mint(programs.deployment, HOST, 1), KEY)
    assert (await programs.chain.newest()).at == clock.now


async def test_time_never_goes_backwards(embedded, clock):
    clock.move(100)
    await embedded.tick()
    clock.move(-50)
    chain = Chain.local(embedded)
    await chain.send(bytes.fromhex(signed(embedded.chain_id)[2:]))
    assert (await chain.newest()).at.timestamp() == clock.now.timestamp() + 50


async def test_the_base_fee_stays_zero(embedded, ask):
    invalid = "0xfe"
    for nonce in range(2):
        raw = signed(embedded.chain_id, to=None, data=invalid, gas=MAX_TRANSACTION_GAS, nonce=nonce)
        receipt = (await ask("eth_getTransactionReceipt", (await ask("eth_sendRawTransaction", raw))["result"]))[
            "result"
        ]
        assert int(receipt["gasUsed"], 16) == MAX_TRANSACTION_GAS
        assert (await ask("eth_getBlockByNumber", "latest"))["result"]["baseFeePerGas"] == "0x0"


# --- refusing transactions ---


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nonce": 1}, "nonce too high"),
        ({"gas": MAX_TRANSACTION_GAS + 1}, "over the limit"),
        ({"value": 1}, "the chain refuses"),
        ({"gasPrice": 1}, "the chain refuses"),
        ({"chainId": 1}, "signed for chain `1`"),
        ({"gas": 20_000}, "the chain refuses"),
    ],
)
async def test_a_transaction_that_cannot_be_mined_is_refused_and_leaves_no_trace(embedded, ask, changes, words):
    before = (await ask("eth_getBlockByNumber", "latest"))["result"]
    answer = await ask("eth_sendRawTransaction", signed(embedded.chain_id, **changes))
    assert answer["error"]["code"] in (-32000, -32602)
    assert words in answer["error"]["message"] or "not a signed transaction" in answer["error"]["message"]
    assert (await ask("eth_getBlockByNumber", "latest"))["result"] == before
    assert "result" in await ask("eth_sendRawTransaction", signed(embedded.chain_id))


async def test_without_a_chain_id_a_transaction_is_refused(embedded, ask):
    fields = {"to": HOST, "gas": 21_000, "gasPrice": 0, "nonce": 0, "value": 0}
    raw = "0x" + Account.sign_transaction(fields, KEY).raw_transaction.hex()
    assert "EIP-155" in (await ask("eth_sendRawTransaction", raw))["error"]["message"]


async def test_an_old_nonce_is_refused_but_the_same_bytes_are_welcome(embedded, ask):
    first = await ask("eth_sendRawTransaction", signed(embedded.chain_id))
    assert await ask("eth_sendRawTransaction", signed(embedded.chain_id)) == first
    assert (await ask("eth_blockNumber"))["result"] == "0x1"
    other = await ask("eth_sendRawTransaction", signed(embedded.chain_id, gas=22_000))
    assert "nonce too low" in other["error"]["message"]


@every("raw", ["0x", "0x00", "0xf8", "0x02f8", "0x03c0", "0x" + "ff" * 100, "0xc0", "nonsense", 5, None])
async def test_bytes_that_are_no_transaction_are_refused(ask, raw):
    assert (await ask("eth_sendRawTransaction", raw))["error"]["code"] == -32602


async def test_a_reverting_transaction_is_mined_with_status_zero(programs, ask):
    act = acts.mint(programs.deployment, HOST, 1)
    stranger = b"\x07" * 32
    with pytest.raises(ChainRefused, match="not the issuer"):
        await programs.perform(act, stranger)
    from ledger.chain import abi

    fields = {
        "to": act.program.address,
        "gas": 100_000,
        "gasPrice": 0,
        "nonce": 0,
        "value": 0,
        "data": abi.encode_call("token", "mint", act.args),
        "chainId": await programs.chain.chain_id(),
    }
    raw = Account.sign_transaction(fields, stranger).raw_transaction
    receipt = (
        await ask("eth_getTransactionReceipt", (await ask("eth_sendRawTransaction", "0x" + raw.hex()))["result"])
    )["result"]
    assert (receipt["status"], receipt["logs"]) == ("0x0", [])


# --- apart ---


async def test_two_chains_with_equal_addresses_share_no_signatures(tmp_path):
    """Deployer and nonce fix the addresses; chain id and salt keep the domains apart all the same."""
    from ledger.chain.deployment import deploy

    deployments = []
    for name in ("a", "b"):
        embedded = await EmbeddedChain.open(tmp_path / f"{name}.sqlite", Clock())
        deployments.append(await deploy(Chain.local(embedded), KEY))
        assert isinstance(Programs(Chain.local(embedded), deployments[-1]), Programs)
        await embedded.close()
    a, b = deployments
    assert a.addresses == b.addresses
    assert all(a.domain(name).separator != b.domain(name).separator for name in a.addresses)
