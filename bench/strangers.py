"""Strangers who do their worst to the chain that an exchange hosts, each from a loopback address of its own.

`python -m bench.strangers RPC [--count 50]`, until it is ended. Each asks for one thing after the other, of all kinds
that cost most: endless programs and pairings in calls, estimates, transactions and batches, bodies that it does not
wait for, transactions of 120 kB at gas price 0, all logs a hundred times over, and the newest block's number.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import random
import secrets
from typing import TYPE_CHECKING, Any

import aiohttp
import orjson
from eth_account import Account

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

COUNT = 50
# between two questions of one stranger: its machine is not ours, and loopback is faster than any network
PAUSE_SECONDS = 0.02
ABANDON_SECONDS = 0.05
GAS = 10_000_000
ENDLESS = "0x5b600056"
CALL = {"data": ENDLESS, "gas": hex(GAS)}
# the generators of BN254's two groups, as the precompile that pairs points reads them
G2 = (
    0x198E9393920D483A7260BFB731FB5D25F1AA493335A9E71297E485B7AEF312C2,
    0x1800DEEF121F1E76426A00665E5C4479674322D4F75EDADD46DEBD5CD992F6ED,
    0x090689D0585FF075EC9E99AD690C3395BC4B313370B38EF355ACDADCD122975B,
    0x12C85EA5DB8C6DEB4AAB71808DCB408FE3D1E7690C43D37B4CE6CC0166FA7DAA,
)
PAIR = b"".join(number.to_bytes(32) for number in (1, 2, *G2)).hex()
# four pairs are put into memory and paired for ever: ten million gas are 55 pairings, each most of a second of Python
PAIRINGS = {"data": "0x610300601a6000395b60206000610300600060085afa50600856" + PAIR * 4, "gas": hex(GAS)}
LARGE_BYTES = 120_000
LOGS = {"fromBlock": "earliest", "toBlock": "latest"}


def request(method: str, *params: Any) -> dict[str, Any]:
    """Return one JSON-RPC request."""
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


def transaction(chain_id: int, data: bytes, gas: int, to: str | None = "0x" + "11" * 20) -> str:
    """Return a transaction of an account that nobody knows, at gas price 0."""
    fields: dict[str, Any] = {"gas": gas, "gasPrice": 0, "nonce": 0, "value": 0, "data": data, "chainId": chain_id}
    signed = Account.sign_transaction(fields | ({} if to is None else {"to": to}), secrets.token_bytes(32))
    return "0x" + signed.raw_transaction.hex()


def large(chain_id: int) -> Any:
    """Return a question that writes 120 kB."""
    raw = transaction(chain_id, b"\x01" * LARGE_BYTES, 21_000 + 16 * LARGE_BYTES)
    return request("eth_sendRawTransaction", raw)


# kind → what is asked, given the chain's id
KINDS: Mapping[str, Callable[[int], Any]] = {
    "endless call": lambda _chain: request("eth_call", CALL),
    "endless calls, in a batch": lambda _chain: [request("eth_call", CALL)] * 100,
    "endless estimate": lambda _chain: request("eth_estimateGas", CALL),
    "endless transaction": lambda chain: request(
        "eth_sendRawTransaction", transaction(chain, bytes.fromhex(ENDLESS[2:]), GAS, None)
    ),
    "pairings": lambda _chain: request("eth_call", PAIRINGS),
    "large transaction": large,
    "all logs, in a batch": lambda _chain: [request("eth_getLogs", LOGS)] * 100,
    "newest block": lambda _chain: request("eth_blockNumber"),
}
# of these the answer is not waited for every other time
ABANDONED = frozenset({"endless call", "endless calls, in a batch", "pairings"})


async def ask(session: aiohttp.ClientSession, rpc: str, asked: Any) -> Any:
    """Return what the chain answers."""
    async with session.post(rpc, data=orjson.dumps(asked)) as answer:
        return orjson.loads(await answer.read())


async def offend(rpc: str, chain_id: int, number: int, kinds: Sequence[str]) -> None:
    """Be one stranger: ask for one thing after the other until cancelled."""
    place = aiohttp.TCPConnector(local_addr=(f"127.0.{1 + number // 250}.{1 + number % 250}", 0))
    chance = random.Random(number)
    async with aiohttp.ClientSession(connector=place) as session:
        for turn in itertools.count():
            kind = chance.choice(kinds)
            patience = ABANDON_SECONDS if kind in ABANDONED and turn % 2 else None
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError):
                async with asyncio.timeout(patience):
                    await ask(session, rpc, KINDS[kind](chain_id))
            await asyncio.sleep(PAUSE_SECONDS)


async def worst(rpc: str, count: int = COUNT, kinds: Sequence[str] = tuple(KINDS)) -> None:
    """Be so many strangers until cancelled."""
    async with aiohttp.ClientSession() as session:
        chain_id = int((await ask(session, rpc, request("eth_chainId")))["result"], 16)
    async with asyncio.TaskGroup() as strangers:
        for number in range(count):
            strangers.create_task(offend(rpc, chain_id, number, kinds))


def main() -> None:
    """Go on until ended."""
    parser = argparse.ArgumentParser(prog="python -m bench.strangers")
    parser.add_argument("rpc")
    parser.add_argument("--count", type=int, default=COUNT)
    told = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(worst(told.rpc, told.count))


if __name__ == "__main__":
    main()
