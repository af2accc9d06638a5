"""One batch: several acts in one transaction, each of which may fail alone, and what acts remember between batches.

Life of an act: BEGIN, alone among writers (once a batch) → act, behind a SAVEPOINT from its first change on → RELEASE →
… → what acts asked for at the end of the batch, and the rows that they appended → COMMIT. An act that raises is rolled
back to its own savepoint; its neighbours do not notice.

Memory is what acts know of the tables without asking again. It holds only what a committed act wrote: an act that
fails takes its part with it, a batch that fails or a write of somebody else empties it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.store.held import Known
from connector.store.transaction import Tx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from concurrent.futures import Future

    from connector.store.appended import Rows
    from connector.store.database import Database
    from connector.store.statements import Statements

    Callback = Callable[[], object]
    Waiting = asyncio.Future[Any] | Future[Any]


@dataclass(slots=True)
class Job:
    """One act on its way: what to do, whether it is short, who of our people asks, who waits, what came out."""

    act: Callable[[Tx], Any]
    waiting: Waiting
    short: bool = False
    actor: str = ""
    result: Any = None
    error: BaseException | None = None
    afters: Sequence[Callback] = ()

    def resolve(self) -> None:
        """Tell who waits; a caller that was cancelled is gone, its act counts all the same."""
        if self.waiting.done():
            return
        if self.error is None:
            self.waiting.set_result(self.result)
        elif isinstance(self.error, StopIteration):
            self.waiting.set_exception(RuntimeError("an act raised StopIteration"))  # futures refuse to carry it
        else:
            self.waiting.set_exception(self.error)

    def fail(self, error: Exception) -> None:
        """Take an error of the whole batch for this act's, too."""
        self.result, self.afters = None, ()
        self.error = type(error)(*error.args)
        self.error.__cause__ = error


class Batch:
    """The writing connection with the transaction that is open on it; used by one thread at a time."""

    def __init__(self, database: Database, connection: Any, statements: Mapping[str, Statements]) -> None:
        self.connection: Any = connection
        self._database = database
        self._statements = statements
        self._memory: dict[str, Any] = {}
        self._known = Known({name: each.table.known for name, each in statements.items()})
        self._version: object = None
        self._endings: dict[Callable[[Tx], object], None] = {}
        self._waiting: Rows = {}

    def begin(self, *, wait: bool) -> bool:
        """Open the transaction; without `wait` return False at once when another process holds the database."""
        if not self._database.begin(self.connection, wait=wait):
            return False
        version = self._database.version(self.connection)
        if version != self._version:  # another connection has written since we last looked
            self._forget()
            self._version = version
        return True

    def run(self, job: Job) -> None:
        """Run one act in its savepoint; raises only what fails the batch."""
        execute = self.connection.execute
        tx = self._tx("act")
        tx.actor = job.actor
        try:
            job.result = job.act(tx)
            tx.write_held()
        except BaseException as error:  # noqa: BLE001 (whatever an act raises belongs to its caller, not to the store)
            job.error = error
        tx.end()
        if tx.fault is not None:
            raise tx.fault
        if job.error is None:
            job.afters = tx.afters
            self._learn(tx)
            self._endings.update(tx.endings)
        else:
            job.result = None
            if tx.parted:
                execute("ROLLBACK TO act")
        if tx.parted:
            execute("RELEASE act")

    def end(self) -> Sequence[Callback]:
        """Do once what acts asked for at the end of the batch; return what is to be called after the commit."""
        if not (self._endings or self._waiting):
            return ()
        tx = self._tx()
        try:
            for ending in self._endings:
                ending(tx)
            tx.write_held()
            tx.write_appended()
        except Exception as error:
            if tx.fault is None:
                raise
            raise tx.fault from error  # a failed disk is told as it said it, whatever was made of that
        finally:
            self._endings.clear()
            tx.end()
        if tx.fault is not None:
            raise tx.fault
        self._learn(tx)
        return tx.afters

    def _tx(self, savepoint: str = "") -> Tx:
        tx = Tx(self.connection, self._statements, self._memory, self._known, self._waiting, savepoint)
        tx.bundles = self._database.bundles
        return tx

    def _learn(self, tx: Tx) -> None:
        self._memory.update(tx.learned)
        if tx.held is not None:
            self._known.learn(tx.held)
        if tx.appended is not None:
            tx.appended.settle()

    def _forget(self) -> None:
        self._memory.clear()
        self._known.clear()

    def commit(self) -> None:
        """Make it durable."""
        self._database.commit(self.connection)

    def undo(self) -> None:
        """Take everything back, as far as the database lets us; the error that led here is the one to report."""
        self._forget()
        self._endings.clear()
        self._waiting.clear()
        self._database.rollback(self.connection)


def fail(jobs: Iterable[Job], error: Exception) -> None:
    """Fail every act of a batch."""
    for job in jobs:
        job.fail(error)
