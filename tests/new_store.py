"""A new database file is a copy of the first that was made with the same tables: it is opened ten times as fast.

Tests open a thousand new files, and half a minute of a processor would go into making the same tables again and again.
A copy goes through the same door as a file that was there before, which looks whether it is what it should be.

Law: only a file that is nowhere yet is copied, whole or not at all. The tests of the store itself, and of faults of its
disk, make each file as ever (`AS_EVER`).
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from connector.store import schema
from connector.store.sqlite import SqliteFile
from connector.store.tables import TABLES

AS_EVER = SqliteFile.prepare
# mark of the tables → a file with them, in which nothing is
_made = {}


def prepare(self, tables, wrapping):
    """Stand for `SqliteFile.prepare`."""
    mark, is_new = schema.mark(tuple(tables)), not self._path.exists()
    if is_new and mark in _made:
        with NamedTemporaryFile(dir=self._path.parent) as whole:  # its owner's alone
            whole.write(_made[mark])
            whole.flush()
            with suppress(FileExistsError):
                os.link(whole.name, self._path)
    connection = AS_EVER(self, tables, wrapping)
    if is_new and mark not in _made:
        _made[mark] = connection.serialize()
    return connection


def copy() -> None:
    """Let this process copy new files."""
    SqliteFile.prepare = prepare


def make() -> None:
    """Make the file of a participant, for whom this process forks."""
    with TemporaryDirectory() as folder:
        SqliteFile(Path(folder) / "first.db").prepare(TABLES, None).close()
