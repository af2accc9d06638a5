"""How fast the embedded chain finds logs: `eth_getLogs` over 10,000 blocks, as a stock client asks.

`python -m bench.logs [--blocks 10000] [--every 10]`

Every tenth block holds a log of the token. The blocks are made without waiting for the disk, which takes most of a
minute; what is measured reads only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_hash.auto import keccak

from bench import report
from contracts import signature
from ledger.chain import abi, deployment
from ledger.embedded import rpc
from ledger.embedded.engine import Engine
from ledger.embedded.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = keccak(b"bench")
ROUNDS = 15
TARGETS = {"eth_getLogs over 10,000 blocks, one program": {"at_most": 50.0}}


class Moving:
    """A clock that is a second later at every look."""

    def __init__(self) -> None:
        self.now = 1_800_000_000

    def __call__(self) -> int:
        self.now += 1
        return self.now


def filled(path: Path, blocks: int, every: int) -> tuple[Engine, bytes]:
    """A chain of so many blocks with a token on it, and the token's address."""
    engine = Engine(Store(path), Moving())
    engine.store.connection.execute("PRAGMA synchronous=OFF").fetchall()
    salt = keccak(b"salt")
    made = abi.encode_creation("token", deployment.creation("token", salt))
    engine.send(signed(engine, 0, None, made))
    token = bytes.fromhex(ask(engine, "eth_getTransactionReceipt", "0x" + hash_of(engine, 1))["contractAddress"][2:])
    call = abi.encode_call("token", "mint", (signature.address(KEY), 1))
    for number in range(2, blocks):
        engine.begin_body()
        if number % every:
            engine.tick()
        else:
            engine.send(signed(engine, number // every, token, call))
    return engine, token


def signed(engine: Engine, nonce: int, to: bytes | None, data: bytes) -> bytes:
    fields = {"gas": 3_000_000, "gasPrice": 0, "nonce": nonce, "value": 0, "chainId": engine.chain_id, "data": data}
    return bytes(Account.sign_transaction(fields | ({"to": to} if to else {}), KEY).raw_transaction)


def hash_of(engine: Engine, number: int) -> str:
    return str(engine.block(number).transactions[0].hash.hex())


def ask(engine: Engine, method: str, *params: Any) -> Any:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    return json.loads(rpc.answer(engine, body))["result"]


def taken(act: Callable[[], Any]) -> float:
    """The median of some rounds, in milliseconds of CPU: nothing here waits."""
    times = []
    for _ in range(ROUNDS):
        begin = time.process_time()
        act()
        times.append(1000 * (time.process_time() - begin))
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--blocks", type=int, default=10_000)
    parser.add_argument("--every", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        engine, token = filled(Path(folder) / "chain.sqlite", asked.blocks, asked.every)
        whole = {"fromBlock": "0x0", "toBlock": "latest"}
        one = whole | {"address": "0x" + token.hex()}
        found = len(ask(engine, "eth_getLogs", one))
        assert found == asked.blocks // asked.every - 1, found
        topic = {**one, "topics": [None, None, "0x" + "11" * 32]}
        span = f"eth_getLogs over {asked.blocks:,} blocks"
        figures = {
            f"{span}, one program": (taken(lambda: ask(engine, "eth_getLogs", one)), f"ms for {found:,} logs"),
            f"{span}, everything": (taken(lambda: ask(engine, "eth_getLogs", whole)), f"ms for {found:,} logs"),
            f"{span}, a topic that is not there": (taken(lambda: ask(engine, "eth_getLogs", topic)), "ms"),
        }
        engine.store.close()
    for row in report.rows(figures, TARGETS):
        print(f"{row.work}: {row.value:.1f} {row.unit} {row.target} {'' if row.met is None else row.met}".rstrip())


if __name__ == "__main__":
    main()
