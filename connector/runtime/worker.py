"""A process beside this one for long work that nobody waits for: two threads of one interpreter would take turns.

Law: (1) It begins with the first piece of work, gives way to whoever else wants the processor, and ends with us,
however we end. (2) It holds nothing: a piece of work that it died with is done again, in a new one.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# of the nineteen steps there are: who waits for an answer goes first, and on an idle machine nothing is lost
NICENESS = 10


class Worker:
    """One process for one piece of work at a time; several wait for each other."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def do(self, work: Callable[..., T], *told: Any) -> T:
        """Return what `work`, a function of a module, makes of what can be pickled; raises what it raises.

        It may be done twice: when the process is killed meanwhile.
        """
        pool = self._running()
        try:
            return await self._done(pool, work, told)
        except BrokenExecutor:
            if self._pool is pool:
                self._pool = None
            return await self._done(self._running(), work, told)

    async def _done(self, pool: ProcessPoolExecutor, work: Callable[..., T], told: tuple[Any, ...]) -> T:
        # to begin a process takes a tenth of a second
        return await asyncio.wrap_future(await asyncio.to_thread(pool.submit, work, *told))

    def close(self) -> None:
        """Let it end with the piece of work that it has."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None

    def _running(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)
        return self._pool


def _begin() -> None:
    os.nice(NICENESS)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who says it at a terminal says it to both
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "somebody began us"
    parent.join()
    os._exit(0)
