"""A file of SQLite as the store's database: the turn among its writers, and its write-ahead log tended by hand."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from connector.runtime import files
from connector.runtime.errors import Absent
from connector.store import schema
from connector.store.connection import (
    READING,
    UNREADABLE,
    WRITING,
    be_patient,
    connect,
    failed,
    is_busy,
    lock,
    unopened,
)
from connector.store.errors import StoreBusy
from connector.store.turn import Turn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from connector.store.bundles import Bundles
    from connector.store.database import Foreign, Told
    from connector.store.errors import StoreError
    from connector.store.table import Table
    from connector.store.wrapping import Wrapping

# the write-ahead log goes into the database file after so many acts, or when it grew by so many bytes
CHECKPOINT_ACTS = 4000
CHECKPOINT_BYTES = 16 * 2**20


class SqliteFile:
    """One database file; several processes, or stores of one process, may open it."""

    near = True

    def __init__(self, path: Path) -> None:
        self.bundles: Bundles | None = None
        self._path = path
        self._wal = path.with_name(path.name + "-wal")
        self._turn: Turn | None = None
        self._checkpointed = (0, 0)
        self._patient: bool | None = None  # what the writing connection was told last; nothing yet

    def prepare(self, tables: Sequence[Table], wrapping: Wrapping | None) -> sqlite3.Connection:
        """Open or make the file and bring it to the declared tables (blocking)."""
        files.begin_private(self._path)  # SQLite gives the files beside it the same mode
        connection = connect(self._path, WRITING)
        try:
            schema.apply(connection, tuple(tables), wrapping)
        except BaseException as error:
            connection.close()
            if isinstance(error, UNREADABLE):
                raise unopened(self._path, error) from error
            raise
        self._turn = Turn(self._path.parent)
        return connection

    def reader(self) -> sqlite3.Connection:
        """Return a new connection that only reads."""
        return connect(self._path, READING)

    def look(self) -> sqlite3.Connection:
        """Return a connection that reads what somebody else made; nothing is created."""
        if not self._path.is_file():
            text = f"there is no database `{self._path}`"
            raise Absent(text, "name another directory with --data, or start `penstock serve`")
        connection = self.reader()
        try:
            schema.refuse_foreign(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def begin_reading(self, connection: Any) -> None:
        """Open a transaction that sees one moment."""
        connection.execute("BEGIN")

    def begin(self, connection: Any, *, wait: bool) -> bool:
        """Open the writing transaction; without `wait` return False at once when another process is writing."""
        assert self._turn is not None, "a file is prepared before it is written"
        with self._turn.taken(wait=wait) as ours:
            if not (ours or wait):
                return False
            if self._patient is not wait:
                be_patient(connection, wait=wait)
                self._patient = wait
            return lock(connection, wait=wait)

    def version(self, connection: Any) -> object:
        """Return what changes with every commit of another connection."""
        return connection.execute("PRAGMA data_version").fetchone()

    def commit(self, connection: Any) -> None:
        """Make the transaction durable."""
        connection.execute("COMMIT")

    def rollback(self, connection: Any) -> None:
        """Take an open transaction back, as far as the disk lets us."""
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def meaning(self, error: BaseException) -> StoreError | None:
        """Return what an error of a batch says of the disk, None if it says nothing of it."""
        if not isinstance(error, sqlite3.Error):
            return None
        if is_busy(error):
            return StoreBusy("another process holds the database; nothing was written, try again")
        return failed(f"the disk failed a write ({error}); nothing of it counts, restart to go on", error)

    def is_due(self, acts: int) -> bool:
        """Say whether the write-ahead log has grown long."""
        size = self._wal_bytes()
        # SQLite has cut it since; counted from the old length it would grow a little longer each time
        before, least = self._checkpointed[0], min(self._checkpointed[1], size)
        self._checkpointed = before, least
        return acts - before >= CHECKPOINT_ACTS or size - least >= CHECKPOINT_BYTES

    def tend(self, connection: Any, acts: int) -> None:
        """Bring the write-ahead log into the file."""
        try:
            # PASSIVE waits for no reader; the rest is done next time
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        finally:
            self._checkpointed = (acts, self._wal_bytes())

    def tell(self, connection: Any, text: str) -> None:
        """Tell nobody."""

    def listen(self, foreign: Foreign, told: Told, failed: Callable[[StoreError], object]) -> Callable[[], None]:  # noqa: ARG002 - nobody is told
        """Tell nothing: one process works on a file, the next one waits for its end."""
        return lambda: None

    def close(self) -> None:
        """Give up the turn."""
        if self._turn is not None:
            self._turn.close()

    def _wal_bytes(self) -> int:
        try:
            return os.stat(self._wal).st_size  # noqa: PTH116 (once a commit; Path.stat costs three times as much)
        except OSError:
            return 0
