"""What strangers may ask of the chain: bounded by measured time, in turns, within a budget, after the members."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress

import pytest
from eth_account import Account

from bench.strangers import PAIR, PAIRINGS
from contracts import signature
from ledger.chain import acts
from ledger.embedded import caller as callers
from ledger.embedded.beside import Beside
from ledger.embedded.caller import Caller, Share, Standing, stranger
from ledger.embedded.errors import OverLimitError
from ledger.embedded.rpc import Allowance, Kind

from .conftest import HOST, KEY, signed

MEMBER = Caller(Standing.MEMBER, "did:web:member.example")
STRANGER = stranger("192.0.2.1")
ENDLESS = {"data": "0x5b600056", "gas": "0x989680"}
# a hundred pairs of points at once: half a minute of Python that nothing ends
MANY_PAIRS = {"to": "0x" + "08".rjust(40, "0"), "data": "0x" + PAIR * 100, "gas": "0x989680"}


def body(method, *params, number=1):
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}).encode()


async def asked(embedded, caller, method, *params):
    return json.loads(await embedded.rpc(body(method, *params), caller))


@pytest.fixture
def share(monkeypatch):
    """Change what callers of a standing may have: share(standing, field=value)."""

    def change(standing, **fields):
        whole = {name: getattr(callers.SHARES[standing], name) for name in Share.__slots__} | fields
        monkeypatch.setattr(callers, "SHARES", {**callers.SHARES, standing: Share(**whole)})

    return change


@pytest.mark.parametrize("caller", [MEMBER, STRANGER])
async def test_the_same_answers_are_given_to_everybody(embedded, programs, caller):
    token = "0x" + programs.deployment.addresses["token"].hex()
    questions = [
        body("eth_blockNumber"),
        body("eth_call", {"to": token, "data": "0x18160ddd"}),
        body("eth_estimateGas", {"to": token, "data": "0x18160ddd"}),
        body("eth_getStorageAt", token, "0x6"),
        body("eth_getLogs", {"fromBlock": "0x0"}),
        body("eth_nonsense"),
        b'[{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"},7,{"jsonrpc":"2.0","id":2,"method":"no"}]',
        b"[]",
        b"{",
    ]
    for question in questions:
        assert await embedded.rpc(question, caller) == await embedded.rpc(question), question


async def test_a_batch_of_all_kinds_is_answered_in_its_order(embedded):
    kinds = ["eth_blockNumber", "eth_sendRawTransaction", "eth_blockNumber", "eth_call", "eth_chainId"]
    params = {"eth_sendRawTransaction": [signed(embedded.chain_id)], "eth_call": [{"to": "0x" + "11" * 20}]}
    batch = [
        {"jsonrpc": "2.0", "id": at, "method": kind, "params": params.get(kind, [])} for at, kind in enumerate(kinds)
    ]
    answers = json.loads(await embedded.rpc(json.dumps(batch).encode(), STRANGER))
    assert [answer["id"] for answer in answers] == list(range(5))
    assert [answers[at]["result"] for at in (0, 2, 3)] == ["0x0", "0x1", "0x"]


@pytest.mark.parametrize("program", [ENDLESS, PAIRINGS, MANY_PAIRS], ids=["loop", "pairings", "many pairs"])
async def test_what_runs_too_long_is_ended_whatever_its_gas(embedded, share, program):
    share(Standing.STRANGER, body_seconds=0.2)
    for _ in range(2):
        answer = await asked(embedded, STRANGER, "eth_call", program)
        assert answer["error"]["code"] == -32005


async def test_what_is_looked_up_does_not_wait_for_what_runs(embedded, share):
    """Endless programs run one after the other meanwhile; each stands for minutes of a real one."""
    share(Standing.STRANGER, body_seconds=600.0)
    await asked(embedded, STRANGER, "eth_blockNumber")
    running = [asyncio.create_task(asked(embedded, stranger(f"192.0.2.{at}"), "eth_call", ENDLESS)) for at in range(4)]
    await asyncio.sleep(0.2)
    assert (await asked(embedded, STRANGER, "eth_blockNumber"))["result"] == "0x0"
    assert (await asked(embedded, MEMBER, "eth_call", {"to": "0x" + "11" * 20}))["result"] == "0x"
    raw = signed(embedded.chain_id)
    assert "result" in await asked(embedded, MEMBER, "eth_sendRawTransaction", raw)
    assert not any(task.done() for task in running)
    for task in running:
        task.cancel()
    # nobody waits for them any more: what would take minutes ends, and the next stranger is served
    assert (await asked(embedded, STRANGER, "eth_call", {"to": "0x" + "11" * 20}))["result"] == "0x"


async def test_a_caller_has_so_many_places(embedded, share):
    share(Standing.STRANGER, body_seconds=600.0, waiting=2)
    running = [asyncio.create_task(asked(embedded, STRANGER, "eth_call", ENDLESS)) for _ in range(4)]
    done, waiting = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    assert all("busy" in task.result()["error"]["message"] for task in done)
    for task in waiting:
        task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.gather(*waiting)


def sent(chain_id, key, nonce=0, size=0):
    fields = {"to": HOST, "value": 0, "gas": 21_000 + 16 * size, "gasPrice": 0, "nonce": nonce, "chainId": chain_id}
    return "0x" + Account.sign_transaction(fields | {"data": b"\x01" * size}, key).raw_transaction.hex()


async def test_strangers_write_so_much_a_day(embedded, share, clock):
    share(Standing.STRANGER, daily_bytes=150_000)
    before = await asked(embedded, STRANGER, "eth_blockNumber")
    raws = [sent(embedded.chain_id, KEY, nonce, 100_000) for nonce in (0, 1, 1, 1)]
    first, *more = [await asked(embedded, STRANGER, "eth_sendRawTransaction", raw) for raw in raws]
    assert "result" in first
    assert all("its sender has" in answer["error"]["message"] for answer in more)
    after = await asked(embedded, STRANGER, "eth_blockNumber")
    assert int(after["result"], 16) == int(before["result"], 16) + 1, "what is refused leaves no trace"
    # a member's account is not meant, whoever brings its transaction, nor is another stranger
    embedded.owned = lambda account: account == signature.address(b"\x05" * 32)
    assert "result" in await asked(
        embedded, STRANGER, "eth_sendRawTransaction", sent(embedded.chain_id, b"\x05" * 32, 0, 100_000)
    )
    other = sent(embedded.chain_id, b"\x06" * 32)
    assert "result" in await asked(embedded, stranger("192.0.2.9"), "eth_sendRawTransaction", other)
    clock.move(86_400)
    raw = sent(embedded.chain_id, KEY, 1, 100_000)
    assert "result" in await asked(embedded, STRANGER, "eth_sendRawTransaction", raw)


async def test_strangers_together_write_so_much_a_day(embedded, monkeypatch):
    monkeypatch.setattr("ledger.embedded.budget.CHAIN_STRANGERS_DAILY_BYTES_MAX", 250_000)
    answers = []
    for at in range(5):
        key = bytes([at + 1]) * 32
        raw = sent(embedded.chain_id, key, 0, 100_000)
        answers.append(await asked(embedded, stranger(f"192.0.2.{at}"), "eth_sendRawTransaction", raw))
    assert sum("result" in answer for answer in answers) == 2


async def test_what_runs_long_is_no_block_of_a_stranger(embedded, share):
    """Its trial ends it; the thread that makes the blocks never sees it."""
    share(Standing.STRANGER, body_seconds=0.2)
    fields = {"value": 0, "gas": 10_000_000, "gasPrice": 0, "nonce": 0, "chainId": embedded.chain_id}
    raw = Account.sign_transaction(fields | {"data": ENDLESS["data"]}, KEY).raw_transaction
    answer = await asked(embedded, STRANGER, "eth_sendRawTransaction", "0x" + raw.hex())
    assert answer["error"]["code"] == -32005
    assert (await asked(embedded, MEMBER, "eth_blockNumber"))["result"] == "0x0"


async def test_a_members_block_ends_in_time_too(embedded, share):
    share(Standing.MEMBER, transaction_seconds=0.2)
    fields = {"value": 0, "gas": 10_000_000, "gasPrice": 0, "nonce": 0, "chainId": embedded.chain_id}
    raw = Account.sign_transaction(fields | {"data": ENDLESS["data"]}, KEY).raw_transaction
    answer = await asked(embedded, MEMBER, "eth_sendRawTransaction", "0x" + raw.hex())
    assert answer["error"]["code"] == -32005
    assert "result" in await asked(embedded, MEMBER, "eth_sendRawTransaction", signed(embedded.chain_id))


async def test_the_lists_of_one_body_are_bounded(embedded, programs):
    for _ in range(2):
        await programs.perform(acts.mint(programs.deployment, HOST, 1), KEY)
    one = {"jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": [{"fromBlock": "0x0"}]}
    from ledger.embedded.rpc import answers

    made = await embedded._on_worker(lambda: answers(embedded._engine, [one] * 3, Allowance(1.0, entries=2)))
    assert [b"result" in answer for answer in made] == [True, False, False]


async def test_an_onlooker_that_ends_is_begun_again(embedded):
    assert (await asked(embedded, STRANGER, "eth_blockNumber"))["result"] == "0x0"
    process = embedded._beside[Standing.STRANGER, Kind.LOOK]._process
    process.kill()
    await process.wait()
    async with asyncio.timeout(30):
        while "result" not in await asked(embedded, STRANGER, "eth_blockNumber"):
            await asyncio.sleep(0.05)


async def test_an_onlooker_that_cannot_answer_ends_at_once(tmp_path):
    """Nobody waits for a thread that is gone: what it was asked is refused, and may be asked again."""
    (tmp_path / "chain.db").write_bytes(b"no chain " * 1_000)
    beside = Beside(tmp_path / "chain.db", 0, lambda: 0)
    question = [{"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}]
    try:
        for _ in range(2):
            async with asyncio.timeout(60):
                with pytest.raises(OverLimitError, match="ask again"):
                    await beside.ask(STRANGER, Kind.LOOK, question, Allowance(1.0))
            await beside._listening
    finally:
        await beside.close()


def test_a_network_of_ipv6_is_one_caller():
    assert stranger("2001:db8::1") == stranger("2001:db8::ffff:1") != stranger("2001:db8:0:1::1")
    assert stranger("::ffff:192.0.2.1") != stranger("::ffff:192.0.2.2")
    assert stranger("192.0.2.1") != stranger("192.0.2.2")


async def test_time_is_measured_by_what_the_thread_itself_used():
    from ledger.embedded.watch import current, look, watching

    with watching(0.05):
        time.sleep(0.2)  # others have the processor meanwhile
        look()
        with pytest.raises(OverLimitError):
            while True:
                look()
    assert current() is None
