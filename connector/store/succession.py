"""Processes of one exchange beside each other on one database: all of them serve, one works, the next takes over.

Law: (1) whatever a request causes is one transaction, whichever process it came to. (2) What must be done once and not
twice (sending messages and transactions, deadlines, reviews, reading other catalogues) is begun by the process that
holds the lease (`tenure`); the others leave it in its rows, and the commit tells the one that works.
(3) Whatever is in memory and follows from a table is looked at again after another process has changed that table:
each such thing has its line here, for every process or for the one that works.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from connector.runtime.cancellation import cancel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from connector.store.tenure import Tenure

    Look = Callable[[], Any]

log = logging.getLogger(__name__)


class Succession:
    """One process among others; `work` begins what only one may do, `failed` ends this process."""

    def __init__(self, tenure: Tenure, work: Callable[[], Awaitable[None]], failed: Callable[[], object]) -> None:
        self._tenure = tenure
        self._work = work
        self._failed = failed
        self._everybody: dict[str, list[Look]] = {}
        self._worker: dict[str, list[Look]] = {}
        self._working = False
        self._due: set[Look] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: asyncio.Task[None] | None = None

    def look(self, tables: Iterable[str], look: Look, *, working: bool = False) -> None:
        """Call `look`, or await it, after another process has changed one of the tables; perhaps only while we work."""
        for table in tables:
            (self._worker if working else self._everybody).setdefault(table, []).append(look)

    async def begin(self) -> None:
        """Work now if the lease is ours, else as soon as it is."""
        if self._tenure.held:
            await self._take_over()
        else:
            self._waiting = asyncio.create_task(self._wait(), name="succession")

    async def close(self) -> None:
        """Wait no longer."""
        await cancel(self._waiting, *self._tasks)

    def changed(self, tables: frozenset[str]) -> None:
        """Look again at what follows from these tables; what is called twice before it begins is called once."""
        sides = (self._everybody, self._worker) if self._working else (self._everybody,)
        looks = {look for side in sides for table in tables for look in side.get(table, ())} - self._due
        for look in looks:
            self._due.add(look)
            task = asyncio.create_task(self._call(look), name="succession-look")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _call(self, look: Look) -> None:
        self._due.discard(look)
        try:
            found = look()
            if asyncio.iscoroutine(found):
                await found
        except Exception:  # what could not be looked at now is looked at after the next change
            log.exception("what another process has changed could not be looked at")

    async def _wait(self) -> None:
        try:
            await self._tenure.take()
            log.warning("this process works on the database now")
            await self._take_over()
        except Exception:
            log.exception("this process could not take over: it ends")
            self._failed()

    async def _take_over(self) -> None:
        self._working = True
        await self._work()
