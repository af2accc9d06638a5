"""Harvesting: each source is read when it is due, page by page, a few sources at a time.

Law: (1) Everything is in the rows: a reading that was broken off, however, goes on at its newest page. (2) One source's
fault is that source's state; it costs the others nothing but its share of the places (`READINGS_MAX`), which it leaves
after `READING_SECONDS`. (3) No question waits for what a reading brings, only for a reading that an operator asked for:
fifty sources end all the time, and each would hold every question up until the index has caught up. (4) While anything
is read, threads take shorter turns at the interpreter: what is kept of a page computes, and an answer needs some dozens
of turns.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from catalog.source import RESTING, State
from connector.exchange.federation import changes, sources
from connector.exchange.federation.reading import READERS
from connector.runtime.cancellation import cancel
from connector.runtime.errors import PeerMisbehaved, explain_failure
from connector.runtime.limits import READING_PAGES_MAX, READING_SECONDS, READINGS_MAX
from connector.store.rows.catalogue import SourceRow

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.exchange.finding import Finding
    from connector.identity.peers import Peers
    from connector.runtime.worker import Worker
    from connector.store.tenure import Tenure
    from contracts.canonical import JsonObject


# an operator who asked for a reading waits at most so long for its end
ASKED_SECONDS = 25.0
# a thread that computes lets another one have its turn after so long while anything is read, and otherwise
TURN_SECONDS, TURN_SECONDS_ELSE = 0.0005, 0.005
# how soon a reading that another process does is looked at
LOOK_SECONDS = 0.2

log = logging.getLogger(__name__)


class Harvesting:
    """Reads the sources of an exchange; `grown` is called after each page, `changed` after a reading asked for."""

    def __init__(
        self,
        core: Core,
        peers: Peers,
        worker: Worker,
        tenure: Tenure,
        finding: Finding,
    ) -> None:
        self._core, self._peers, self._worker, self._tenure = core, peers, worker, tenure
        self._grown, self._changed = finding.grown, finding.changed
        self._look = asyncio.Event()
        self._writing = asyncio.Lock()
        self._running: dict[str, asyncio.Task[None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def recover(self) -> None:
        """Begin to read what is due, as the exchange."""
        if "exchange" not in self._core.identity.roles:
            return
        await self._core.store.write(changes.begin)
        self._task = asyncio.create_task(self._lead(), name="harvesting")

    async def close(self) -> None:
        """Stop; every reading goes on at the next start."""
        await cancel(self._task, *self._running.values())

    def wake(self) -> None:
        """Look again which sources are due."""
        self._look.set()

    async def now(self, name: str) -> JsonObject:
        """Read a source now; return it as it is afterwards, or after `ASKED_SECONDS`."""
        at = self._core.clock.now()
        await self._core.store.write(lambda tx: sources.hurry(tx, name, at))
        with suppress(TimeoutError):
            async with asyncio.timeout(ASKED_SECONDS):
                while True:
                    mine = self._tenure.held
                    await (asyncio.shield(self._begin(name)) if mine else asyncio.sleep(LOOK_SECONDS))
                    row = await self._core.store.read(lambda tx: tx.get(SourceRow, name=name))
                    if row is None or row.state is not State.READING:
                        break
        self._changed()
        return await self._core.store.read(lambda tx: sources.view(sources.find(tx, name)))

    async def _lead(self) -> None:
        while True:
            self._look.clear()
            try:
                pause = await self._set_going()
            except Exception:  # the next look is a new one
                log.exception("the sources could not be looked at; trying again")
                pause = READING_SECONDS
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):  # `wait_for` may swallow a cancellation, and `close` waits on
                    await self._look.wait()

    async def _set_going(self) -> float | None:
        """Begin readings while there are places; return after how many seconds to look again, None when woken."""
        now = self._core.clock.now()
        for row in await self._core.store.read(lambda tx: sources.waiting(tx, self._running)):
            if len(self._running) >= READINGS_MAX:
                return None
            if row.due > now:
                return (row.due - now).total_seconds()
            self._begin(row.name)
        return None

    def _begin(self, name: str) -> asyncio.Task[None]:
        """Return the reading of a source that is under way, or a new one."""
        task = self._running.get(name)
        if task is None:
            sys.setswitchinterval(TURN_SECONDS)
            task = self._running[name] = asyncio.create_task(self._harvest(name), name=f"harvest:{name}")
            task.add_done_callback(lambda _task: self._ended(name))
        return task

    def _ended(self, name: str) -> None:
        self._running.pop(name, None)
        if not self._running:
            sys.setswitchinterval(TURN_SECONDS_ELSE)
        self.wake()

    async def _harvest(self, name: str) -> None:
        """Read pages of a source until it is read to the end, fails, or others have waited long enough."""
        begun = self._core.clock.monotonic()
        while self._core.clock.monotonic() - begun < READING_SECONDS:
            row = await self._core.store.read(lambda tx: tx.get(SourceRow, name=name))
            if row is None or row.state in RESTING:
                return
            try:
                ended = await self._step(row)
            except Exception as fault:  # whatever a source does is its state, and nobody else's
                failure = explain_failure(fault)
                log.info("source `%s`: %s", name, failure.text, exc_info=failure.whose == "us")
                at = self._core.clock.now()
                await self._core.store.write(partial(sources.fail, began=row, reason=failure.text, now=at))
                return
            finally:
                self._grown()
            if ended:
                return

    async def _step(self, row: SourceRow) -> bool:
        """Do the next part of a source's work; return whether there is no more of it now."""
        store, now = self._core.store, self._core.clock.now()
        rest = self._core.settings.federation.interval_seconds
        if row.state is State.DROPPING:
            async with self._writing:
                return await store.write(partial(sources.dissolve, name=row.name, now=now))
        if row.pages == sources.ENDING:
            act = partial(sources.sweep_on, began=row, rest_seconds=rest, now=now)
        else:
            if row.pages >= READING_PAGES_MAX:
                raise PeerMisbehaved(f"`{row.name}` has no end: more than {READING_PAGES_MAX} pages")
            page = await READERS[row.kind](self._core, self._peers, self._worker, row)
            act = partial(sources.keep, began=row, page=page, rest_seconds=rest, now=now)
        async with self._writing:  # so that whoever else writes waits for one page, and not for each source's
            after = await store.write(act)
        return after is not None and after.state is State.FRESH
