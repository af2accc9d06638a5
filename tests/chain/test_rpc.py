"""The embedded chain's JSON-RPC: every method of the table, strict arguments, limits that are answers."""

from __future__ import annotations

import asyncio
import json

import pytest

from contracts.onchain.artifacts import PROGRAMS
from ledger.chain import acts
from ledger.embedded import engine

from .conftest import HOST, KEY, signed

FILTER = {"fromBlock": "earliest", "toBlock": "latest"}


async def test_every_listed_method_answers(programs, ask):
    receipt = await programs.perform(acts.mint(programs.deployment, HOST, 5), KEY)
    token = "0x" + programs.deployment.addresses["token"].hex()
    transaction, host = "0x" + receipt.transaction.hex(), "0x" + HOST.hex()
    block = "0x" + receipt.block_hash.hex()
    logs = int((await ask("eth_newFilter", FILTER))["result"], 16)
    supply = {"to": token, "data": "0x18160ddd"}
    questions = {
        "web3_clientVersion": [], "net_version": [], "eth_chainId": [], "eth_syncing": [], "eth_accounts": [],
        "eth_blockNumber": [], "eth_gasPrice": [], "eth_maxPriorityFeePerGas": [],
        "eth_getBalance": [host, "latest"], "eth_getTransactionCount": [host, "pending"],
        "eth_getCode": [token, "latest"], "eth_getStorageAt": [token, "0x6", "latest"],
        "eth_call": [supply, "latest"], "eth_estimateGas": [supply],
        "eth_sendRawTransaction": [signed(await programs.chain.chain_id(), nonce=len(PROGRAMS) + 1)],
        "eth_getBlockByNumber": [hex(receipt.block), True], "eth_getBlockByHash": [block, False],
        "eth_getTransactionByHash": [transaction], "eth_getTransactionReceipt": [transaction],
        "eth_getLogs": [FILTER], "eth_getProof": [token, ["0x6"], "latest"],
        "eth_newFilter": [FILTER], "eth_newBlockFilter": [], "eth_getFilterChanges": [hex(logs)],
        "eth_getFilterLogs": [hex(logs)], "eth_uninstallFilter": ["0x5"], "debug_getRawBlock": ["latest"],
    }  # fmt: skip
    from ledger.embedded.methods import METHODS

    assert set(questions) == set(METHODS)
    answers = {method: await ask(method, *params) for method, params in questions.items()}
    assert not {method: answer for method, answer in answers.items() if "result" not in answer}
    assert answers["eth_getStorageAt"]["result"] == answers["eth_call"]["result"] == f"0x{5:064x}"
    assert answers["eth_getProof"]["result"]["storageProof"][0]["value"] == "0x5"
    assert answers["eth_getBlockByNumber"]["result"]["transactions"][0] == answers["eth_getTransactionByHash"]["result"]


async def test_absent_things_are_null_and_absent_blocks_are_errors(ask):
    nothing = "0x" + "00" * 32
    for method in ("eth_getTransactionByHash", "eth_getTransactionReceipt", "eth_getBlockByHash"):
        assert (await ask(method, nothing))["result"] is None
    assert (await ask("eth_getBlockByNumber", "0x99"))["result"] is None
    assert (await ask("eth_getBalance", "0x" + HOST.hex(), "0x99"))["error"]["code"] == -32602


async def test_the_past_can_be_asked(programs, ask):
    for _ in range(3):
        await programs.perform(acts.mint(programs.deployment, HOST, 10), KEY)
    newest = (await programs.chain.newest()).number
    assert [await programs.balance(HOST, at=newest - back) for back in range(4)] == [30, 20, 10, 0]
    assert await programs.balance(HOST, at=newest) == 30


async def test_logs_are_found_by_address_topic_and_block(programs, ask):
    token = "0x" + programs.deployment.addresses["token"].hex()
    receipts = [await programs.perform(acts.mint(programs.deployment, HOST, 1), KEY) for _ in range(3)]
    first = hex(receipts[0].block)
    everything = (await ask("eth_getLogs", FILTER))["result"]
    assert len(everything) == 3
    topics = everything[0]["topics"]
    for selection, count in [
        ({"address": token}, 3),
        ({"address": ["0x" + "11" * 20]}, 0),
        ({"address": ["0x" + "11" * 20, token]}, 3),
        ({"topics": []}, 3),
        ({"topics": [topics[0], None, topics[2]]}, 3),
        ({"topics": [[topics[1], topics[0]]]}, 3),
        ({"topics": [topics[1]]}, 0),
        ({"topics": [None, None, None, None]}, 0),
        ({"fromBlock": first, "toBlock": first}, 1),
        ({"fromBlock": "0x99", "toBlock": "0x999"}, 0),
    ]:
        assert len((await ask("eth_getLogs", FILTER | selection))["result"]) == count, selection
    by_hash = (await ask("eth_getLogs", {"blockHash": "0x" + receipts[1].block_hash.hex()}))["result"]
    assert by_hash == [everything[1]]


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("eth_getBalance", []),
        ("eth_getBalance", ["0x12"]),
        ("eth_getBalance", ["0x" + "11" * 20, "0x01"]),
        ("eth_getBalance", ["0x" + "11" * 20, "tomorrow"]),
        ("eth_getBalance", ["0x" + "11" * 20, "latest", 3]),
        ("eth_call", [{"to": "0x" + "11" * 20, "surprise": 1}]),
        ("eth_call", [[]]),
        ("eth_estimateGas", [{"to": "0x" + "11" * 20}, "earliest"]),
        ("eth_getBlockByNumber", ["latest", "yes"]),
        ("eth_getLogs", [{"topics": ["0x12"]}]),
        ("eth_getLogs", [{"topics": [None] * 5}]),
        ("eth_getProof", ["0x" + "11" * 20, "0x0"]),
        ("eth_getStorageAt", ["0x" + "11" * 20, "0x"]),
    ],
)
async def test_bad_arguments_are_the_callers_fault(embedded, ask, clock, method, params):
    clock.move(1)
    await embedded.tick()
    assert (await ask(method, *params))["error"]["code"] == -32602


async def test_limits_are_answers(embedded, ask, clock, monkeypatch):
    from ledger.embedded import chain as chain_module
    from ledger.embedded import index, rpc

    assert b"-32005" in await embedded.rpc(b" " * (rpc.MAX_BODY_BYTES + 1))
    assert b"-32005" in await embedded.rpc(b"[" + b"1," * rpc.MAX_BATCH_REQUESTS + b"1]")
    many = {"address": ["0x" + "11" * 20] * (index.MAX_FILTER_ALTERNATIVES + 1)}
    assert (await ask("eth_getLogs", many))["error"]["code"] == -32005
    monkeypatch.setattr(index, "MAX_LOG_RANGE_BLOCKS", 2)
    for _ in range(3):
        clock.move(1)
        await embedded.tick()
    assert (await ask("eth_getLogs", FILTER))["error"]["code"] == -32005
    monkeypatch.setattr(chain_module, "MAX_WAITING_REQUESTS", 1)
    question = b'{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}'
    answers = await asyncio.gather(embedded.rpc(question), embedded.rpc(question))
    assert [b"-32005" in answer for answer in answers] == [False, True]


async def test_too_many_logs_are_refused_not_shortened(programs, ask, monkeypatch):
    from ledger.embedded import index

    for _ in range(3):
        await programs.perform(acts.mint(programs.deployment, HOST, 1), KEY)
    monkeypatch.setattr(index, "MAX_LOGS", 2)
    assert (await ask("eth_getLogs", FILTER))["error"]["code"] == -32005


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", b"-32700"),
        (b"{", b"-32700"),
        (b"[]", b"-32600"),
        (b"5", b"-32600"),
        (b'{"jsonrpc":"1.0","id":1,"method":"eth_chainId"}', b"-32600"),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_nonsense"}', b"-32601"),
        (b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":{}}', b"-32602"),
    ],
)
async def test_what_is_no_request_is_an_error_of_its_kind(embedded, body, code):
    assert code in await embedded.rpc(body)


async def test_a_batch_is_answered_in_order_each_on_its_own(embedded):
    body = b'[{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"},7,{"jsonrpc":"2.0","id":2,"method":"no"}]'
    answer = await embedded.rpc(body)
    assert answer.startswith(b'[{"jsonrpc":"2.0","id":1,"result":"0x0"}')
    assert answer.count(b"error") == 2


ENDLESS = {"data": "0x5b600056", "gas": "0xffffffffff"}


async def test_a_call_without_end_ends(ask, monkeypatch):
    monkeypatch.setattr(engine, "MAX_TRANSACTION_GAS", 200_000)
    assert (await ask("eth_call", ENDLESS))["error"]["message"] == "the program failed: OutOfGas"


async def test_the_gas_of_a_whole_body_is_bounded(embedded, ask, monkeypatch):
    monkeypatch.setattr(engine, "MAX_TRANSACTION_GAS", 200_000)
    monkeypatch.setattr(engine, "MAX_BODY_GAS", 300_000)
    one = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [ENDLESS]}
    answers = json.loads(await embedded.rpc(json.dumps([one] * 4).encode()))
    assert [answer["error"]["code"] for answer in answers] == [-32000, -32000, -32005, -32005]
    assert (await ask("eth_call", ENDLESS))["error"]["code"] == -32000, "the next body has its own allowance"
