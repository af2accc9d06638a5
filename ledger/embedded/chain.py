"""The embedded chain as its host sees it: open a file, answer JSON-RPC bodies, mine an empty block at times, close.

py-evm is not thread-safe and holds the processor, so one worker thread runs all of it, and the queue before that thread
has an end.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from ledger.embedded import rpc
from ledger.embedded.engine import Engine
from ledger.embedded.errors import OverLimitError
from ledger.embedded.rules import PARIS
from ledger.embedded.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from typing import Self

MAX_WAITING_REQUESTS = 256
# the host ticks at least so often, or expiry by block time stands still
TICK_SECONDS = 60

T = TypeVar("T")


class EmbeddedChain:
    """One chain in one SQLite file; `await open(...)` it, do not construct it."""

    def __init__(self, engine: Engine, worker: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._worker = worker
        self._waiting = 0

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
        return cls(engine, worker)

    @property
    def chain_id(self) -> int:
        """The random chain id, below 2^53."""
        return self._engine.chain_id

    async def rpc(self, body: bytes) -> bytes:
        """Answer one JSON-RPC body (a request or a batch); every fault is in the answer."""
        if self._waiting >= MAX_WAITING_REQUESTS:
            return rpc.refusal(OverLimitError("the chain is busy; ask again"))
        return await self._on_worker(lambda: rpc.answer(self._engine, body))

    async def tick(self) -> bool:
        """Mine an empty block if the clock has moved since the newest one; say whether it did."""
        return await self._on_worker(self._engine.tick)

    async def close(self) -> None:
        """Finish what is under way and close the file."""
        await self._on_worker(self._engine.store.close)
        self._worker.shutdown()

    async def _on_worker(self, act: Callable[[], T]) -> T:
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._worker, act)
        finally:
            self._waiting -= 1
