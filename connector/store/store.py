"""The store: one writer, a few readers, acts instead of connections.

    store = await Store.open(place, TABLES)     place: a file of SQLite, or "postgresql://user@host/database"
    number = await store.write(lambda tx: tx.update(OutboxRow, {"id": message}, attempts=1))
    row = await store.read(lambda tx: tx.get(OutboxRow, id=message))

Law: whoever changes something does it in an act of `write`; when the awaitable returns, the change is on the disk.
Several processes may open one place: its lock keeps writers apart, and leases keep work apart.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context
from typing import TYPE_CHECKING, Any, TypeVar

from connector.runtime import actor, rehearsal
from connector.store.batch import Job
from connector.store.errors import StoreClosed, StoreFailed
from connector.store.sqlite import SqliteFile
from connector.store.statements import Statements
from connector.store.transaction import Tx
from connector.store.writer import Listeners, Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from connector.runtime.rehearsal import Rehearsal
    from connector.store.bundles import Bundles
    from connector.store.database import Database, Foreign, Told
    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

T = TypeVar("T")

# reads are short; more threads than cores only take turns
READERS = 3


class Store:
    """The tables of one participant in one place."""

    def __init__(
        self,
        path: Path | str,
        database: Database,
        statements: Mapping[str, Statements],
        writer: Writer,
        listeners: Listeners,
    ) -> None:
        self.path = path
        self._database = database
        self._statements = statements
        self._writer = writer
        self._listeners = listeners
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="penstock-store-reader")
        self._local = threading.local()
        self._opened: list[Any] = []
        self._closed = False
        self._deafen: Callable[[], object] = lambda: None

    @classmethod
    async def open(
        cls,
        path: Path | str,
        tables: Sequence[Table],
        wrapping: Wrapping | None = None,
        bundles: Bundles | None = None,
        *,
        aside: bool = False,
    ) -> Store:
        """Open or make the place, bring it to the declared tables, start the writer.

        Without `wrapping` nothing can be written to, or read from, columns that rest wrapped; without `bundles` no
        entry of the log that rests in an object. With `aside` no act runs on the event loop, however short: what acts
        sign with takes its time.
        """
        loop = asyncio.get_running_loop()
        database = database_at(path)
        database.bundles = bundles
        connection = await asyncio.to_thread(database.prepare, tuple(tables), wrapping)
        statements = {table.name: Statements(table, wrapping) for table in tables}
        listeners = Listeners(loop)
        writer = Writer(database, connection, statements, listeners, aside=aside)
        store = cls(path, database, statements, writer, listeners)
        store._deafen = database.listen(listeners.tell_foreign, listeners.tell, writer.give_up)
        return store

    async def write(self, act: Callable[[Tx], T], *, short: bool = False) -> T:
        """Run `act` in the writer; return what it returned once it is durable, raise what it raised.

        `short` promises that it takes about a millisecond at most; such acts need no other thread. A cancelled caller
        has an unknown outcome: the act may have been committed. Raises `StoreFailed` after a disk error, `StoreBusy`
        when another process would not let go, `StoreClosed`.
        """
        waiting: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        if (played := rehearsal.current()) is not None:
            return await self._rehearsed(played, act, waiting)
        self._writer.put(Job(act, waiting, short, actor.current()))
        return await waiting

    async def _rehearsed(self, played: Rehearsal, act: Callable[[Tx], T], waiting: asyncio.Future[T]) -> T:
        """Run `act` and keep nothing of it; raises Rehearsed if it would leave a trace."""
        # the batch may hold others' acts, and what follows them: none of that belongs to the rehearsal
        Context().run(self._writer.put, Job(played.without_commit(act), waiting))
        try:
            return await waiting
        except rehearsal.RolledBack as undone:
            found: T = undone.result
            return found

    def submit(self, act: Callable[[Tx], T]) -> Future[T]:
        """Do the same from another thread; never wait for the result on the event loop."""
        waiting: Future[T] = Future()
        self._writer.put(Job(act, waiting))
        return waiting

    async def read(self, act: Callable[[Tx], T]) -> T:
        """Run `act` on a snapshot of what is committed; several reads run beside each other and beside the writer."""
        if self._closed:
            raise StoreClosed("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, act)

    def on_commit(self, callback: Callable[[], object]) -> None:
        """Call `callback` on the event loop after every commit of this process."""
        self._listeners.on_commit.append(callback)

    def on_failure(self, callback: Callable[[], object]) -> None:
        """Call `callback` on the event loop when the disk has failed: stop serving, end the process, start again."""
        self._listeners.on_failure.append(callback)

    def on_foreign(self, callback: Foreign) -> None:
        """Call `callback` on the event loop with the tables that another process has changed, after its commit.

        The first who listens is told of what was changed before, since the opening.
        """
        self._listeners.hear(callback)

    def on_told(self, callback: Told) -> None:
        """Call `callback` on the event loop with what a process on this place has told, this one too."""
        self._listeners.on_told.append(callback)

    async def tell(self, text: str) -> None:
        """Tell every process on this place a short text that stands in no table; nobody hears it later."""
        if self._closed:
            raise StoreClosed("the store is closed")
        await asyncio.get_running_loop().run_in_executor(self._readers, self._tell, text)

    @property
    def bundles(self) -> Bundles | None:
        """Where old entries of the log rest, None if it was not said."""
        return self._database.bundles

    @property
    def failure(self) -> StoreFailed | None:
        """The disk error after which this store refuses writes, if there was one."""
        return self._writer.failure

    @property
    def counts(self) -> tuple[int, int]:
        """Acts committed and commits made since opening."""
        return self._writer.acts, self._writer.commits

    async def close(self) -> None:
        """Finish the queued acts and close every connection; closing twice does nothing."""
        self._closed = True
        self._deafen()
        await self._writer.close()
        await asyncio.to_thread(self._readers.shutdown)
        while self._opened:
            self._opened.pop().close()

    def _read(self, act: Callable[[Tx], T]) -> T:
        connection = self._reader()
        tx = Tx(connection, self._statements)
        tx.bundles = self._database.bundles
        try:
            self._database.begin_reading(connection)
            return act(tx)
        except StoreFailed:
            self._forget(connection)
            raise
        finally:
            tx.end()
            self._database.rollback(connection)

    def _tell(self, text: str) -> None:
        connection = self._reader()
        try:
            self._database.tell(connection, text)
        except StoreFailed:
            self._forget(connection)
            raise

    def _reader(self) -> Any:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self._database.reader()
            self._opened.append(connection)
        return connection

    def _forget(self, connection: Any) -> None:
        """Close this thread's connection: it promised nothing to anybody, and the next read opens another."""
        self._local.connection = None
        self._opened.remove(connection)
        connection.close()


def database_at(path: Path | str) -> Database:
    """Return the database at a place: a file of SQLite, or the address of a server."""
    if not isinstance(path, str):
        return SqliteFile(path)
    try:
        from connector.store.postgres import Postgres  # noqa: PLC0415 - its driver comes with an extra
    except ModuleNotFoundError as error:
        raise StoreFailed("a database on a server needs an extra: install penstock[postgres]") from error
    return Postgres(path)
