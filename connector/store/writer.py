"""The one writer: a thread that turns many acts into few commits.

Law:
1. An act is told "done" only after the COMMIT that contains it returned, and that commit synced the disk.
2. An act that raises is rolled back to its own savepoint; its neighbours in the batch do not notice.
3. A disk that failed once is not asked again: after a failed write, sync, commit or checkpoint nobody knows what
   reached the platter, so every act of the batch fails, and every later one, until the store is opened anew and
   SQLite has replayed its log.

Life of an act: queued → BEGIN IMMEDIATE (once a batch) → SAVEPOINT → act → RELEASE → … → COMMIT → its future resolved,
its `after` callbacks, then the `on_commit` callbacks, all on the event loop that opened the store.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from connector.store.errors import StoreBusy, StoreClosed, StoreError, StoreFailed
from connector.store.transaction import Tx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from connector.store.statements import Statements

    Callback = Callable[[], object]
    Waiting = asyncio.Future[Any] | Future[Any]

# one commit holds at most this many acts, so that the first of them does not wait for ever
BATCH_ACTS_MAX = 256
# the write-ahead log goes into the database file after so many acts, or when it grew by so many bytes
CHECKPOINT_ACTS = 1000
CHECKPOINT_BYTES = 4 * 2**20


@dataclass(slots=True)
class Job:
    """One act on its way: what to do, who waits, what came out."""

    act: Callable[[Tx], Any]
    waiting: Waiting
    result: Any = None
    error: BaseException | None = None
    afters: Sequence[Callback] = ()


@dataclass(slots=True)
class Listeners:
    """Who hears of commits, and of the one failure; called on `loop`."""

    loop: asyncio.AbstractEventLoop
    on_commit: list[Callback] = field(default_factory=list)
    on_failure: list[Callback] = field(default_factory=list)

    def call(self, callbacks: Iterable[Callback]) -> None:
        """Call each; one listener's fault does not silence the others."""
        for callback in callbacks:
            try:
                callback()
            except Exception as error:  # noqa: BLE001 (a listener may raise anything; it is reported, the rest go on)
                self.loop.call_exception_handler({"message": "a store callback raised", "exception": error})


class Writer:
    """The thread that owns the writing connection."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        statements: Mapping[str, Statements],
        listeners: Listeners,
    ) -> None:
        self.commits = 0
        self.acts = 0
        self.failure: StoreFailed | None = None
        self._wal = path.with_name(path.name + "-wal")
        self._connection = connection
        self._statements = statements
        self._listeners = listeners
        self._checkpointed = (0, 0)
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        # held while queueing, so that nothing is queued behind the end mark and forgotten
        self._gate = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="penstock-store-writer", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> None:
        """Queue an act; raises `StoreClosed` or `StoreFailed` when no act can succeed any more."""
        with self._gate:
            if self._closed:
                raise StoreClosed("the store is closed")
            if self.failure is not None:
                raise StoreFailed(*self.failure.args) from self.failure
            self._queue.put(job)

    def close(self) -> None:
        """Finish what is queued, then close the connection; blocks, so call it off the event loop."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            jobs, open_for_more = self._drain()
            if jobs:
                committed = self._batch(jobs)
                self._report(jobs, committed=committed)
            if self.failure is None and (not open_for_more or self._wal_is_long()):
                self._checkpoint()
        self._connection.close()

    def _drain(self) -> tuple[list[Job], bool]:
        job = self._queue.get()
        jobs: list[Job] = []
        while job is not None:
            jobs.append(job)
            if len(jobs) == BATCH_ACTS_MAX:
                return jobs, True
            try:
                job = self._queue.get_nowait()
            except Empty:
                return jobs, True
        return jobs, False

    def _batch(self, jobs: list[Job]) -> bool:
        if self.failure is not None:
            _fail(jobs, self.failure)
            return False
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in jobs:
                self._act(job)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo(jobs, error)
            return False
        self.commits += 1
        self.acts += len(jobs)
        return True

    def _act(self, job: Job) -> None:
        execute = self._connection.execute
        tx = Tx(self._connection, self._statements)
        execute("SAVEPOINT act")
        try:
            job.result = job.act(tx)
        except BaseException as error:  # noqa: BLE001 (whatever an act raises belongs to its caller, not to this thread)
            job.error = error
        job.afters = tx.end()
        if tx.fault is not None:
            raise tx.fault
        if job.error is not None:
            execute("ROLLBACK TO act")
            job.result, job.afters = None, ()
        execute("RELEASE act")

    def _undo(self, jobs: list[Job], error: sqlite3.Error) -> None:
        with suppress(sqlite3.Error):  # the first error is the one to report
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY:
            _fail(jobs, StoreBusy("another process holds the database; nothing was written, try again"))
        else:
            _fail(jobs, self._give_up(error))

    def _give_up(self, error: Exception) -> StoreFailed:
        failure = StoreFailed(f"the disk failed a write ({error}); nothing of it counts, restart to go on")
        failure.__cause__ = error
        with self._gate:
            self.failure = failure
        with suppress(RuntimeError):  # the loop is gone, and with it everybody who listens
            self._listeners.loop.call_soon_threadsafe(self._listeners.call, self._listeners.on_failure)
        return failure

    def _wal_is_long(self) -> bool:
        acts, size = self._checkpointed
        return self.acts - acts >= CHECKPOINT_ACTS or self._wal_bytes() - size >= CHECKPOINT_BYTES

    def _checkpoint(self) -> None:
        try:
            # PASSIVE waits for no reader; the rest is done next time
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error as error:
            self._give_up(error)
        self._checkpointed = (self.acts, self._wal_bytes())

    def _wal_bytes(self) -> int:
        try:
            return os.stat(self._wal).st_size  # noqa: PTH116 (once a commit; Path.stat costs three times as much)
        except OSError:
            return 0

    def _report(self, jobs: list[Job], *, committed: bool) -> None:
        try:
            self._listeners.loop.call_soon_threadsafe(self._tell, jobs, committed)
        except RuntimeError:  # the loop is gone: nobody on it can be told, waiting threads still are
            for job in jobs:
                if isinstance(job.waiting, Future):
                    _resolve(job)

    def _tell(self, jobs: list[Job], committed: bool) -> None:  # noqa: FBT001 (call_soon passes no keywords)
        for job in jobs:
            _resolve(job)
        for job in jobs:
            self._listeners.call(job.afters)
        if committed:
            self._listeners.call(self._listeners.on_commit)


def _resolve(job: Job) -> None:
    if job.waiting.done():  # cancelled while it ran: the act counts all the same
        return
    if job.error is None:
        job.waiting.set_result(job.result)
    elif isinstance(job.error, StopIteration):
        job.waiting.set_exception(RuntimeError("an act raised StopIteration"))  # futures refuse to carry it
    else:
        job.waiting.set_exception(job.error)


def _fail(jobs: list[Job], error: StoreError) -> None:
    for job in jobs:
        job.result, job.afters = None, ()
        job.error = type(error)(*error.args)
        job.error.__cause__ = error
