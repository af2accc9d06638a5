"""The chain's database: a key-value table for py-evm and the log index, in one SQLite file and one transaction.

Laws: a block is there with all its trie nodes and log rows, or not at all; a committed block survives power loss
(synchronous=FULL); one process owns the file (a lock beside it, let go by the system with the process), a second one is
refused when it opens it, and may look at it as it is at a moment (`Store.reader`).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from eth.db.backends.base import BaseDB

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS nodes (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE IF NOT EXISTS logs (
        block INTEGER NOT NULL, position INTEGER NOT NULL, block_hash BLOB NOT NULL, transaction_hash BLOB NOT NULL,
        address BLOB NOT NULL, topic0 BLOB, topic1 BLOB, topic2 BLOB, topic3 BLOB, data BLOB NOT NULL,
        PRIMARY KEY (block, position)) WITHOUT ROWID""",
    "CREATE INDEX IF NOT EXISTS logs_by_address ON logs (address, topic0, block)",
    "CREATE INDEX IF NOT EXISTS logs_by_program ON logs (address, block)",
    "CREATE INDEX IF NOT EXISTS logs_by_topic ON logs (topic1, block)",
)


# who looks at the file while it is opened holds it for a moment
WAITING_SECONDS = 5.0
# an empty database that is locked as long as the chain is open
LOCK_SUFFIX = ".lock"


class ChainInUseError(RuntimeError):
    """Another process hosts this chain."""


class Store(BaseDB):
    """py-evm's view of the file (a mapping of bytes to bytes), and the connection the log index shares.

    `written` counts the bytes of nodes and logs since the last transaction began.
    """

    def __init__(self, path: Path, *, alone: bool = True) -> None:
        self.written, self._lock = 0, None if not alone else _locked(path)
        if self._lock is None:
            self.connection = sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
            return
        self.connection = sqlite3.connect(path, timeout=WAITING_SECONDS, isolation_level=None)
        try:
            for statement in (*_PRAGMAS, "BEGIN IMMEDIATE", *_SCHEMA, "COMMIT"):
                self.connection.execute(statement).fetchall()
        except BaseException:
            self.close()
            raise

    @classmethod
    def reader(cls, path: Path) -> Self:
        """Return a view of a file that another process or thread owns; whatever would write raises."""
        return cls(path, alone=False)

    @contextmanager
    def moment(self) -> Iterator[None]:
        """All that is read inside is of one moment."""
        self.connection.execute("BEGIN")
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, or nothing of it."""
        self.connection.execute("BEGIN IMMEDIATE")
        self.written = 0
        try:
            yield
            self.connection.execute("COMMIT")
        except BaseException:
            self.written = 0
            # a full disk has already rolled back by itself
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise

    def setting(self, name: str) -> str | None:
        """Return a setting fixed at genesis, or None."""
        row = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def fix(self, name: str, value: str) -> None:
        """Fix a setting for the life of the chain; fixing it twice is an error."""
        self.connection.execute("INSERT INTO settings VALUES (?, ?)", (name, value))

    def close(self) -> None:
        """Close the file; closing twice does nothing."""
        self.connection.close()
        if self._lock is not None:
            self._lock.close()

    def __getitem__(self, key: bytes) -> bytes:
        row = self.connection.execute("SELECT value FROM nodes WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise KeyError(key)
        value: bytes = row[0]
        return value

    def __setitem__(self, key: bytes, value: bytes) -> None:
        self.written += len(key) + len(value)
        self.connection.execute("INSERT OR REPLACE INTO nodes VALUES (?, ?)", (key, value))

    def __delitem__(self, key: bytes) -> None:
        if self.connection.execute("DELETE FROM nodes WHERE key = ?", (key,)).rowcount == 0:
            raise KeyError(key)

    def _exists(self, key: bytes) -> bool:
        return self.connection.execute("SELECT 1 FROM nodes WHERE key = ?", (key,)).fetchone() is not None


def _locked(path: Path) -> sqlite3.Connection:
    """Return what holds the lock beside the file until it is closed; `ChainInUseError` while another holds it."""
    lock = sqlite3.connect(path.with_name(path.name + LOCK_SUFFIX), timeout=0, isolation_level=None)
    try:
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        lock.close()
        if "locked" not in str(error):
            raise
        raise ChainInUseError(f"`{path}` is hosted by another process; stop it or ask it over JSON-RPC") from error
    return lock
