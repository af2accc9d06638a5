"""The one timer for everything that waits: sleeps until the nearest moment, takes delayed steps, ends what is late.

Law: what is late is ended only after its peer has been asked for its state, a few questions to each at a time, so that
one that hangs holds up nobody's but its own. A row that cannot be moved is reported and tried again; it stops no
other.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.runtime.cancellation import cancel
from connector.store.columns import EPOCH, MICROSECOND
from connector.store.errors import StoreClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from connector.negotiation.asking import Asking
    from connector.negotiation.process import AnyProcess
    from connector.runtime.alarm import Alarm
    from connector.store.store import Store
    from connector.store.transaction import Tx

ENDINGS = 256  # late processes being ended at once
ENDINGS_PER_PEER = 16  # of them with one peer, beside the messages to it (FLIGHTS_PER_PEER, PEER_REQUESTS_MAX)
AGAIN_SECONDS = 20.0  # what could not be moved met a locked database, or a fault of ours: neither is over at once

log = logging.getLogger(__name__)


class Deadlines:
    """Watches the rows of several kinds of process; `alarm` is noticed of each new deadline."""

    def __init__(
        self, store: Store, processes: Sequence[AnyProcess], asking: Asking, alarm: Alarm, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._processes = processes
        self._asking = asking
        self._alarm = alarm
        self._now = now
        self._worker: asyncio.Task[None] | None = None
        self._endings: dict[str, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Begin to watch."""
        assert self._worker is None
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="deadlines")

    async def close(self) -> None:
        """Stop watching; deadlines stay where they are."""
        worker, self._worker = self._worker, None
        await cancel(*self._endings.values(), worker)

    async def _run(self) -> None:
        while True:
            now = self._now()
            nearest = await self._store.read(partial(self._next, now=now))
            for process in self._processes:
                if not await self._take(process, now):
                    again = now + timedelta(seconds=AGAIN_SECONDS)
                    nearest = again if nearest is None else min(nearest, again)
                begun = set(self._endings)  # what is read may be older than what came of these
                for pid in await self._store.read(partial(_late, process=process, now=now)):
                    if pid not in begun:
                        self._begin(process, pid)
            await self._alarm.sleep(nearest)

    async def _take(self, process: AnyProcess, now: datetime) -> bool:
        """Take every delayed step of a kind of process that is due; whether all could be taken."""
        due = await self._store.read(partial(_due, process=process, now=now))
        return all(await asyncio.gather(*(self._do(partial(process.advance, pid=pid, now=now)) for pid in due)))

    def _begin(self, process: AnyProcess, pid: str) -> None:
        """Begin to end a late process if there is a place; otherwise the end of another brings it up again."""
        if len(self._endings) >= ENDINGS:
            return
        self._endings[pid] = asyncio.get_running_loop().create_task(self._end(process, pid), name=f"late:{pid}")
        self._endings[pid].add_done_callback(partial(self._ended, pid))

    def _ended(self, pid: str, _: asyncio.Task[None]) -> None:
        del self._endings[pid]
        self._alarm.notice()

    async def _end(self, process: AnyProcess, pid: str) -> None:
        heard = await self._asking.about(process.process, pid)
        if not await self._do(partial(process.give_up, pid=pid, heard=heard, now=self._now())):
            await asyncio.sleep(AGAIN_SECONDS)

    async def _do(self, act: Callable[[Tx], Any]) -> bool:
        """Run an act and say whether it was done; its fault is reported here, and it is tried again."""
        try:
            await self._store.write(act)
        except StoreClosed:
            return False
        except Exception:
            log.exception("a process that waits could not be moved")
            return False
        return True

    def _next(self, tx: Tx, now: datetime) -> datetime | None:
        """Return the nearest moment that is still to come."""
        found = [
            tx.execute(f"SELECT min({when}) AS at FROM {each.table} WHERE {when} > ? AND pending = ''", now)[0]["at"]  # noqa: S608 - table and column names are declared here
            for each in self._processes
            for when in ("due", "deadline")
        ]
        known = [int(at) for at in found if at is not None]
        return EPOCH + min(known) * MICROSECOND if known else None


def _due(tx: Tx, process: AnyProcess, now: datetime) -> list[str]:
    """Return the processes with a delayed step to take."""
    sql = f"SELECT id FROM {process.table} WHERE due <= ? AND pending = '' ORDER BY due"  # noqa: S608 - the table is declared here
    return [row["id"] for row in tx.execute(sql, now)]


def _late(tx: Tx, process: AnyProcess, now: datetime) -> list[str]:
    """Return what has waited too long with nothing under way, the oldest of each peer first."""
    sql = (
        "SELECT id FROM (SELECT id, deadline,"  # noqa: S608 - the table is declared here
        f" row_number() OVER (PARTITION BY peer ORDER BY deadline) AS place FROM {process.table}"
        " WHERE deadline <= ? AND pending = '') AS late WHERE place <= ? ORDER BY deadline LIMIT ?"
    )
    return [row["id"] for row in tx.execute(sql, now, ENDINGS_PER_PEER, ENDINGS)]
