"""One connection to the database file, with the settings that durability rests on.

Law: an answer to a PRAGMA is fetched and compared. `execute` alone hides a failed switch to WAL, and without
`synchronous=FULL` a commit in WAL mode is not yet on the disk.
"""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING

from connector.store.errors import StoreBusy, StoreDamaged, StoreError, StoreFailed

if TYPE_CHECKING:
    from pathlib import Path

# how long a second process may hold the write lock before we report busy; a batch takes milliseconds
LOCK_SECONDS = 10.0
# how soon a switch to WAL is tried again that met another process's
WAL_RETRY_SECONDS = 0.01
# every statement of the hot path stays prepared
PREPARED_MAX = 512
# the write-ahead log shrinks back to this when it begins again: so much is written over, the rest is appended
WAL_BYTES_MAX = 16 * 2**20
# the pages that acts touch at one time; of 4 MiB and of 16 a busy minute costs the same, and what is not here is the
# system's cache to give. Taken only as they are needed
CACHE_KIB = 8 * 1024
FULL = 2
IN_MEMORY = 2
# what a damaged file answers to its first questions: the text of its own schema may be no text any more
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

# (pragma, the answer that must come back; None = whatever comes back is fine)
WRITING = (
    ("journal_mode=WAL", "wal"),
    ("synchronous=FULL", None),
    ("synchronous", FULL),
    # the writer checkpoints by hand: SQLite's own one hides a failed sync and would ask the disk again
    ("wal_autocheckpoint=0", 0),
    (f"journal_size_limit={WAL_BYTES_MAX}", WAL_BYTES_MAX),
    (f"cache_size=-{CACHE_KIB}", None),
    # what a part that may fail alone (`Tx.attempt`) would be taken back to needs no file: none outlives its act
    ("temp_store=MEMORY", None),
    ("temp_store", IN_MEMORY),
    ("trusted_schema=OFF", None),
    ("cell_size_check=ON", None),
)
READING = (("query_only=ON", None), ("query_only", 1), ("wal_autocheckpoint=0", 0), ("trusted_schema=OFF", None))


def connect(path: Path, pragmas: tuple[tuple[str, object], ...]) -> sqlite3.Connection:
    """Open the file and apply `pragmas`, checking their answers; the connection may be used by one thread at a time."""
    try:
        connection = sqlite3.connect(
            path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=PREPARED_MAX
        )
    except sqlite3.Error as error:
        raise unopened(path, error) from error
    try:
        for pragma, expected in pragmas:
            _apply(connection, pragma, expected)
    except BaseException as error:
        connection.close()
        if isinstance(error, UNREADABLE):
            raise unopened(path, error) from error
        raise
    return connection


def unopened(path: Path, error: Exception) -> StoreError:
    """Return what to raise for a file that could not be opened."""
    if isinstance(error, sqlite3.Error) and is_busy(error):
        return StoreBusy(f"another process keeps the database `{path}` locked; nothing was written, try again")
    return failed(f"cannot open the database `{path}`: {error}", error)


def failed(text: str, error: Exception) -> StoreFailed:
    """Return what to raise after an error of the disk: what was refused, or what is damaged."""
    damaged = isinstance(error, UnicodeDecodeError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED
    return StoreDamaged(text) if damaged else StoreFailed(text)


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether another process's lock is all that is wrong, whichever of the lock's kinds it is."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def be_patient(connection: sqlite3.Connection, *, wait: bool) -> None:
    """Have `lock` wait from now on, for `LOCK_SECONDS` at most, or not at all."""
    patience = round(LOCK_SECONDS * 1000) if wait else 0
    connection.execute(f"PRAGMA busy_timeout={patience}").fetchone()


def lock(connection: sqlite3.Connection, *, wait: bool) -> bool:
    """Begin a writing transaction; without `wait` return False at once while another process holds the database.

    The connection was told the same (`be_patient`). With `wait` a lock that is held for longer than `LOCK_SECONDS` is
    SQLite's own error.
    """
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if wait or not is_busy(error):
            raise
        return False
    return True


def _apply(connection: sqlite3.Connection, pragma: str, expected: object) -> None:
    row = _answer(connection, pragma)
    if expected is not None and (row is None or row[0] != expected):
        raise StoreFailed(f"sqlite answered `{row}` to `PRAGMA {pragma}`, expected `{expected}`")


def _answer(connection: sqlite3.Connection, pragma: str) -> tuple[object, ...] | None:
    """Return the pragma's answer; SQLite's own timeout does not queue two processes that switch a new file to WAL."""
    for _ in range(int(LOCK_SECONDS / WAL_RETRY_SECONDS)):
        try:
            found: tuple[object, ...] | None = connection.execute(f"PRAGMA {pragma}").fetchone()
        except sqlite3.OperationalError as error:
            if not is_busy(error):
                raise
            time.sleep(WAL_RETRY_SECONDS)
        else:
            return found
    raise StoreBusy("another process keeps the database locked; nothing was written, try again")
