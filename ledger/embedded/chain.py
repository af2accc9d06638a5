"""The embedded chain as its host sees it: open a file, answer JSON-RPC bodies, mine an empty block at times, close.

Law: (1) Blocks are made, and the host itself is answered, in one thread of this process: py-evm is not thread-safe and
holds the processor. (2) Nobody else is answered there: what others look up or try is an onlooker's (`beside`): one for
members, one for what strangers look up, one for what they try. So nobody's programs hold up the host, its blocks, a
member, or who looks something up. (3) Transactions come to that thread one at a time, members' before strangers', each
within its sender's share of time and of the disk; a stranger's was tried by the onlooker before.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from ledger.embedded import rpc
from ledger.embedded.beside import Beside
from ledger.embedded.budget import Budget
from ledger.embedded.caller import HOST, Caller, Standing
from ledger.embedded.engine import Engine
from ledger.embedded.errors import OverLimitError, RpcError
from ledger.embedded.rpc import Allowance, Kind
from ledger.embedded.rules import PARIS
from ledger.embedded.store import Store
from ledger.embedded.turns import BUSY, Turns
from ledger.embedded.watch import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path
    from typing import Self

MAX_WAITING_REQUESTS = 256
# the host ticks at least so often, or expiry by block time stands still
TICK_SECONDS = 60
# of the nineteen steps there are: whoever waits for a block, or is a member, goes first
LOOKING_NICENESS, TRYING_NICENESS = 2, 5

T = TypeVar("T")


class EmbeddedChain:
    """One chain in one SQLite file; `await open(...)` it, do not construct it.

    `owned` says whether an account (20 bytes) is a member's; the host sets it, and without it nobody's is.
    """

    def __init__(self, engine: Engine, worker: ThreadPoolExecutor, path: Path) -> None:
        self._engine = engine
        self._worker = worker
        self._waiting = 0
        members, looking, trying = (
            Beside(path, niceness, lambda: engine.now) for niceness in (0, LOOKING_NICENESS, TRYING_NICENESS)
        )
        self._beside: Mapping[tuple[Standing, Kind], Beside] = {
            **{(Standing.MEMBER, kind): members for kind in Kind},
            **{(Standing.STRANGER, kind): looking if kind is Kind.LOOK else trying for kind in Kind},
        }
        self._sending = Turns()
        self._budget = Budget(lambda: engine.now)
        self.owned: Callable[[bytes], bool] = lambda _account: False

    @classmethod
    async def open(cls, path: Path, clock: Callable[[], datetime], rules: str = PARIS) -> Self:
        """Open or found the chain at `path`; `clock` gives aware times. `ChainInUseError`: another process hosts it.

        `rules` (of `ledger.embedded.rules`) are those of a chain that is founded now.
        """
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chain")

        def start() -> Engine:
            return Engine(Store(path), lambda: int(clock().timestamp()), rules)

        try:
            engine = await asyncio.get_running_loop().run_in_executor(worker, start)
        except BaseException:
            worker.shutdown(wait=False)
            raise
        return cls(engine, worker, path)

    @property
    def chain_id(self) -> int:
        """The random chain id, below 2^53."""
        return self._engine.chain_id

    async def rpc(self, body: bytes, caller: Caller = HOST) -> bytes:
        """Answer one JSON-RPC body (a request or a batch) of somebody; every fault is in the answer.

        Cancel it when nobody waits for the answer any more: what it does then ends soon, but for a block that is made.
        """
        if caller.standing is not HOST.standing:
            return await self._answer(body, caller)
        if self._waiting >= MAX_WAITING_REQUESTS:
            return rpc.refusal(OverLimitError(BUSY))
        return await self._on_worker(lambda: rpc.answer(self._engine, body))

    async def _answer(self, body: bytes, caller: Caller) -> bytes:
        try:
            requests, several = rpc.read(body)
        except RpcError as error:
            return rpc.refusal(error)
        allowance, answers = Allowance(caller.share.body_seconds), list[bytes]()
        for kind, run in rpc.runs(requests):
            if kind is Kind.SEND:
                for request in run:
                    answers.append(await self._send(request, caller, allowance))
                continue
            try:
                answers += await self._beside[caller.standing, kind].ask(caller, kind, run, allowance)
            except RpcError as error:
                answers += [rpc.refusal(error, request) for request in run]
        return rpc.whole(answers, several=several)

    async def _send(self, request: Any, caller: Caller, allowance: Allowance) -> bytes:
        try:
            if caller.standing is Standing.STRANGER:
                [told] = await self._beside[caller.standing, Kind.SEND].ask(caller, Kind.SEND, [request], allowance)
                signer = orjson.loads(told)
                if "sender" not in signer:
                    return told
                if self.owned(bytes.fromhex(signer["sender"])):
                    caller = Caller(Standing.MEMBER, signer["sender"])
            return await self._sending.take(caller, lambda: self._seal(request, caller, allowance))
        except RpcError as error:
            return rpc.refusal(error, request)

    async def _seal(self, request: Any, caller: Caller, allowance: Allowance) -> bytes:
        """Have one transaction mined on its sender's account."""
        left, seconds, engine = self._budget.left(caller), caller.share.transaction_seconds, self._engine

        def seal() -> tuple[bytes, int]:
            engine.bytes_left, engine.store.written = left, 0
            try:
                with watching(seconds):
                    return rpc.answers(engine, [request], allowance)[0], engine.store.written
            finally:
                engine.bytes_left = None

        answer, written = await self._on_worker(seal)
        self._budget.spend(caller, written)
        return answer

    async def expect(self) -> None:
        """Be ready for what strangers look up: who joins asks that first, and waits for it."""
        await self._beside[Standing.STRANGER, Kind.LOOK].begin()

    async def tick(self) -> bool:
        """Mine an empty block if the clock has moved since the newest one; say whether it did."""
        return await self._on_worker(self._engine.tick)

    async def close(self) -> None:
        """Finish what is under way and close the file."""
        await asyncio.gather(*(beside.close() for beside in set(self._beside.values())))
        await self._on_worker(self._engine.store.close)
        self._worker.shutdown()

    async def _on_worker(self, act: Callable[[], T]) -> T:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, act)
        finally:
            self._waiting -= 1
