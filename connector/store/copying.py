"""Copies of the database and of files that rest: as of one moment, durable, and measured.

The database is copied by SQLite's own back-up in one step, under one read transaction: writers go on meanwhile, and
the copy holds all of each commit or nothing of it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runtime import files
from connector.store.bundles import name_of
from connector.store.connection import READING, connect
from connector.store.errors import StoreDamaged
from connector.store.schema import refuse_foreign

if TYPE_CHECKING:
    from pathlib import Path

_LAID = "SELECT number, digest, size FROM log_bundles WHERE state = 'laid' ORDER BY number"
_HEAD = "SELECT size, root, note FROM checkpoints ORDER BY size DESC LIMIT 1"


@dataclass(frozen=True, slots=True)
class CopiedHead:
    """The newest own checkpoint in a copy; size 0 and no note before the first."""

    size: int = 0
    root: bytes = b""
    note: str = ""


def copy(path: Path, to: Path) -> CopiedHead:
    """Copy the database at `path` to the new file `to`, read the copy through, and return its newest checkpoint.

    Raises StoreForeign for a database that is not ours, StoreFailed for a copy that is not sound.
    """
    with closing(connect(path, READING)) as source, closing(sqlite3.connect(to, isolation_level=None)) as target:
        refuse_foreign(source)
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE").fetchone()
        found = target.execute("PRAGMA quick_check(1)").fetchone()
        if found[0] != "ok":
            raise StoreDamaged(f"the copy of `{path}` is not sound: {found[0]}")
        row = target.execute(_HEAD).fetchone()
    files.sync_file(to)
    return CopiedHead() if row is None else CopiedHead(*row)


def bundles(path: Path) -> list[tuple[str, bytes, int]]:
    """Return name, SHA-256 and bytes of every object that a copied database has entries of its log in."""
    with closing(opened(path)) as database:
        rows = database.execute(_LAID).fetchall()
    return [(name_of(number, digest), digest, size) for number, digest, size in rows]


def duplicate(path: Path, to: Path) -> None:
    """Copy a file that rests, durably."""
    with path.open("rb") as source, files.replacing(to) as target:
        at = 0
        while chunk := source.read(files.WRITE_BYTES):
            files.write_at(target, chunk, at)
            at += len(chunk)


def measured(path: Path) -> tuple[int, str]:
    """Return a file's length and SHA-256."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return file.tell(), digest


def opened(path: Path) -> sqlite3.Connection:
    """Open a copied database to change it before anybody else does."""
    connection = connect(path, ())
    refuse_foreign(connection)
    return connection
