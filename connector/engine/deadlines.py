"""The one timer for everything that waits: sleeps until the nearest moment, takes delayed steps, ends what is late."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from connector.store.columns import EPOCH, MICROSECOND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connector.engine.alarm import Alarm
    from connector.engine.process import Process
    from connector.store.sqlite import Store
    from connector.store.transaction import Tx


class Deadlines:
    """Watches the rows of several kinds of process; `alarm` is noticed of each new deadline."""

    def __init__(self, store: Store, processes: Sequence[Process], alarm: Alarm, now: Callable[[], datetime]) -> None:
        self._store = store
        self._processes = processes
        self._alarm = alarm
        self._now = now
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch."""
        assert self._worker is None
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="deadlines")

    async def close(self) -> None:
        """Stop watching; deadlines stay where they are."""
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    async def _run(self) -> None:
        while True:
            nearest = await self._store.read(self._nearest)
            if nearest is not None and nearest <= self._now():
                await self._store.write(partial(self._expire, now=self._now()))
            else:
                await self._alarm.sleep(nearest)

    def _nearest(self, tx: Tx) -> datetime | None:
        found = [
            tx.execute(f"SELECT min({column}) AS at FROM {each.table} WHERE pending = ''")[0]["at"]  # noqa: S608 - table and column names are declared here
            for each in self._processes
            for column in ("due", "deadline")
        ]
        known = [int(at) for at in found if at is not None]
        return EPOCH + min(known) * MICROSECOND if known else None

    def _expire(self, tx: Tx, now: datetime) -> None:
        for process in self._processes:
            process.expire(tx, now)
