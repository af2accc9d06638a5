"""The one writer: many acts, few commits.

Law:
1. An act is told "done" only after the COMMIT that contains it returned, and that commit synced the disk.
2. An act that raises is rolled back to its own savepoint; its neighbours in the batch do not notice.
3. A disk that failed once is not asked again: after a failed write, sync, commit or checkpoint nobody knows what
   reached the platter, so every act of the batch fails, and every later one, until the store is opened anew and
   the database has replayed its log.

Where acts run: short ones on the event loop itself, where a statement costs microseconds and no other thread has to be
woken for it; long ones in the writer's thread. That thread also makes the COMMIT of short ones unless the disk has
lately been so quick that waking it would take longer, so the loop does not wait for a slow disk. What comes meanwhile
is the next batch. Callbacks (`after` of acts, then `on_commit`) run on the event loop that opened the store.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from connector.store.batch import Batch, Job, fail
from connector.store.connection import failed
from connector.store.errors import StoreBusy, StoreClosed, StoreError, StoreFailed

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from connector.store.database import Database, Foreign, Told
    from connector.store.statements import Statements

    Callback = Callable[[], object]

# one commit holds at most this many acts, so that the first of them does not wait for ever
BATCH_ACTS_MAX = 512
# acts on the event loop hold it no longer than this; the rest is the next batch
LOOP_SECONDS_MAX = 0.01
# a commit that takes less is made on the event loop: two threads that wake each other cost as much
QUICK_COMMIT_SECONDS = 0.001
# how much of the mean the newest commit is; one that stalls sends the next dozen to the thread
NEWEST_SHARE = 0.125


@dataclass(slots=True)
class Listeners:
    """Who hears of commits, ours and others', and of the one failure; called on `loop`."""

    loop: asyncio.AbstractEventLoop
    on_commit: list[Callback] = field(default_factory=list)
    on_failure: list[Callback] = field(default_factory=list)
    on_foreign: list[Foreign] = field(default_factory=list)
    on_told: list[Told] = field(default_factory=list)
    unheard: set[str] = field(default_factory=set)

    def call(self, callbacks: Iterable[Callback]) -> None:
        """Call each; one listener's fault does not silence the others."""
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001 (a listener may raise anything; it is reported, the rest go on)
                self.loop.call_exception_handler({"message": "a store callback raised", "exception": error})

    def hear(self, callback: Foreign) -> None:
        """Take in who listens to others' changes; the first is told what nobody has heard."""
        self.on_foreign.append(callback)
        if self.unheard:
            self.tell_foreign(frozenset(self.unheard))
            self.unheard.clear()

    def tell(self, text: str) -> None:
        """Tell who listens what another process has told."""
        self.call([partial(callback, text) for callback in self.on_told])

    def tell_foreign(self, tables: frozenset[str]) -> None:
        """Tell who listens which tables somebody else has changed."""
        if not self.on_foreign:
            self.unheard |= tables
        self.call([partial(callback, tables) for callback in self.on_foreign])


class Writer:
    """Takes acts, one batch at a time; make it on the event loop."""

    def __init__(
        self,
        database: Database,
        connection: Any,
        statements: Mapping[str, Statements],
        listeners: Listeners,
        *,
        aside: bool = False,
    ) -> None:
        self.commits = 0
        self.acts = 0
        self.failure: StoreFailed | None = None
        self._database = database
        self._may_be_short = database.near and not aside
        self.batch = Batch(database, connection, statements)
        self._listeners = listeners
        self._commit_seconds = 1.0  # the mean of the latest; nothing is known of this disk yet
        self._queue: deque[Job] = deque()
        # held while queueing, so that nothing is queued behind the end and forgotten
        self._gate = threading.Lock()
        self._under_way = False
        self._closed = False
        self._loop_thread = threading.get_ident()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="penstock-store-writer")
        self._idle: asyncio.Future[None] | None = None

    def put(self, job: Job) -> None:
        """Queue an act; of a database that is not near none is short, nor where all are to run aside.

        Raises `StoreClosed` or `StoreFailed` when no act can succeed any more.
        """
        job.short = job.short and self._may_be_short
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed")
            if self.failure is not None:
                raise type(self.failure)(*self.failure.args) from self.failure
            self._queue.append(job)
            if self._under_way:
                return
            self._under_way = True
        self._soon()

    async def close(self) -> None:
        """Finish what is queued, then close the connection; closing twice does nothing."""
        loop = self._listeners.loop
        with self._gate:
            first, self._closed = not self._closed, True
            if self._under_way:
                self._idle = self._idle or loop.create_future()
        if self._idle is not None:
            await self._idle
        if first:
            await loop.run_in_executor(self._thread, self._leave)
            self._thread.shutdown(wait=False)

    def _leave(self) -> None:
        if self.failure is None:
            self._tend()
        self.batch.connection.close()
        self._database.close()

    def _soon(self) -> None:
        loop = self._listeners.loop
        if threading.get_ident() == self._loop_thread:
            loop.call_soon(self._next)
        else:
            loop.call_soon_threadsafe(self._next)

    # On the event loop.

    def _next(self) -> None:
        """Begin the next batch, or rest."""
        with self._gate:
            self._under_way = bool(self._queue)
        if not self._under_way:
            if self._idle is not None and not self._idle.done():
                self._idle.set_result(None)
        elif self.failure is not None:
            jobs = self._taken(short=self._queue[0].short)
            fail(jobs, self.failure)
            self._told(jobs, (), committed=False)
        elif self._queue[0].short:
            self._on_the_loop()
        else:
            self._thread.submit(self._aside, self._taken(short=False))

    def _taken(self, *, short: bool) -> list[Job]:
        """Take the oldest acts of one kind from the queue."""
        jobs: list[Job] = []
        queue = self._queue  # others put at its end, and nobody else takes
        while queue and len(jobs) < BATCH_ACTS_MAX and queue[0].short is short:
            jobs.append(queue.popleft())
        return jobs

    def _on_the_loop(self) -> None:
        """Run short acts here and commit in the thread; if another process holds the database, wait for it there."""
        jobs: list[Job] = []
        endings: Sequence[Callback] = ()
        try:
            if not self.batch.begin(wait=False):
                self._thread.submit(self._aside, self._taken(short=True))
                return
            self._while_short(jobs)
            endings = self.batch.end()
        except Exception as error:  # noqa: BLE001 (whatever it is, it failed this batch)
            jobs = jobs or self._taken(short=True)  # the batch did not even begin
            self._undo(jobs, error)
            self._told(jobs, (), committed=False)
            return
        if self._commit_seconds <= QUICK_COMMIT_SECONDS:
            self._commit(jobs, endings)
        else:
            self._thread.submit(self._commit, jobs, endings)

    def _while_short(self, jobs: list[Job]) -> None:
        """Take short acts from the queue into `jobs` and run them, for `LOOP_SECONDS_MAX` at most."""
        until = time.monotonic() + LOOP_SECONDS_MAX  # a span of this process, no time of day
        queue = self._queue
        while queue and len(jobs) < BATCH_ACTS_MAX and queue[0].short:
            jobs.append(queue.popleft())
            self.batch.run(jobs[-1])
            if time.monotonic() > until:
                return

    def _told(self, jobs: list[Job], endings: Sequence[Callback], *, committed: bool) -> None:
        """Tell everybody what came of a batch, then go on."""
        for job in jobs:
            job.resolve()
        self._listeners.call(endings)
        for job in jobs:
            self._listeners.call(job.afters)
        if committed:
            self._listeners.call(self._listeners.on_commit)
        if committed and self.failure is None and self._database.is_due(self.acts):
            self._thread.submit(self._tend_between)  # nobody who was waiting for this batch waits for it
        else:
            self._next()

    # In the writer's thread.

    def _tend_between(self) -> None:
        self._tend()
        self._soon()

    def _aside(self, jobs: list[Job]) -> None:
        """Run a whole batch here."""
        endings: Sequence[Callback] = ()
        try:
            self.batch.begin(wait=True)
            for job in jobs:
                self.batch.run(job)
            endings = self.batch.end()
        except Exception as error:  # noqa: BLE001 (whatever it is, it failed this batch)
            self._undo(jobs, error)
            self._report(jobs, (), committed=False)
        else:
            self._commit(jobs, endings)

    def _commit(self, jobs: list[Job], endings: Sequence[Callback]) -> None:
        begun = time.monotonic()
        try:
            self.batch.commit()
        except Exception as error:  # noqa: BLE001 (whatever it is, it failed this batch)
            self._undo(jobs, error)
            self._report(jobs, (), committed=False)
            return
        self._commit_seconds += NEWEST_SHARE * (time.monotonic() - begun - self._commit_seconds)
        self.commits += 1
        self.acts += len(jobs)
        self._report(jobs, endings, committed=True)

    def _report(self, jobs: list[Job], endings: Sequence[Callback], *, committed: bool) -> None:
        try:
            self._listeners.loop.call_soon_threadsafe(lambda: self._told(jobs, endings, committed=committed))
        except RuntimeError:  # the loop is gone: nobody on it can be told, waiting threads still are
            for job in jobs:
                if isinstance(job.waiting, Future):
                    job.resolve()

    # Anywhere.

    def give_up(self, failure: StoreError) -> StoreError:
        """Do nothing any more: the database failed, and whoever listens is told."""
        with self._gate:
            if self.failure is not None:
                return self.failure
            self.failure = failure if isinstance(failure, StoreFailed) else StoreFailed(*failure.args)
        with suppress(RuntimeError):  # the loop is gone, and with it everybody who listens
            self._listeners.loop.call_soon_threadsafe(self._listeners.call, self._listeners.on_failure)
        return self.failure

    def _undo(self, jobs: list[Job], error: Exception) -> None:
        self.batch.undo()
        meaning = self._database.meaning(error)
        if meaning is None:
            fail(jobs, error)
        elif isinstance(meaning, StoreBusy):
            fail(jobs, meaning)
        else:
            fail(jobs, self._given_up(meaning, error))

    def _given_up(self, failure: StoreError, error: Exception) -> StoreError:
        failure.__cause__ = None if failure is error else error
        return self.give_up(failure)

    def _tend(self) -> None:
        try:
            self._database.tend(self.batch.connection, self.acts)
        except Exception as error:  # noqa: BLE001 (whatever it is, the database failed)
            self._given_up(self._database.meaning(error) or failed(str(error), error), error)
