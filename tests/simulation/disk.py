"""A participant's disk: a real database file, whose power fails in the middle of a write, or which is full.

Law: what a commit returned for is there after every crash; of the commit under way any part of its bytes may be,
in its order, and after them whatever stood there.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from connector.store import copying, restored
from connector.store.shelf import TxShelf
from connector.store.sqlite import SqliteFile
from connector.store.statements import Statements
from connector.store.store import Store
from connector.store.tables import TABLES
from connector.store.transaction import Tx
from connector.store.writer import Listeners, Writer
from ledger.log.tiles import ENTRIES, Tile, parse_path, tiles_of_level
from ledger.log.tree import Log
from tests.row_key import row_key
from tests.simulation.loop import Thread

NAME = "penstock.db"
GARBAGE_BYTES_MAX = 600


@cache
def _template():
    """A file with the tables, in which nothing is."""
    with TemporaryDirectory(prefix="penstock-simulated-") as folder:
        connection = SqliteFile(Path(folder) / NAME).prepare(TABLES, row_key())
        try:
            return connection.serialize()
        finally:
            connection.close()


@cache
def _statements():
    return {table.name: Statements(table, row_key()) for table in TABLES}


class File(SqliteFile):
    """The database of one life of a process; once the power is off it answers nothing."""

    def __init__(self, path, disk):
        super().__init__(path)
        self._disk, self.is_off = disk, False

    def begin_reading(self, connection):
        self._require()
        super().begin_reading(connection)

    def begin(self, connection, *, wait):
        self._require()
        return super().begin(connection, wait=wait)

    def commit(self, connection):
        self._require()
        if self._disk.is_full:
            fault = sqlite3.OperationalError("database or disk is full")
            fault.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise fault
        before = self._wal_bytes()
        super().commit(connection)
        if self._disk.strikes():
            self._disk.tear(before, self._wal_bytes())
            raise sqlite3.OperationalError("the power is off")
        self._disk.commits += 1

    def _require(self):
        if self.is_off:
            raise sqlite3.OperationalError("the power is off")


class Disk:
    """`strike_in` is how many commits are made before the power fails in one, None for ever; `struck` is told of it."""

    def __init__(self, folder, chance, struck):
        self._folder, self._chance, self._struck = folder, chance, struck
        self._lives, self._file, self._store, self._looking = 0, None, None, None
        self.strike_in, self.is_full, self.commits = None, False, 0
        self.path = self._place()
        self.path.write_bytes(_template())

    def _place(self):
        self._lives += 1
        folder = self._folder / str(self._lives)
        folder.mkdir(parents=True)
        return folder / NAME

    def open(self, loop):
        """Open what is there as a process does at its start."""
        self.strike_in = None
        self._file = File(self.path, self)
        connection = self._file.prepare(TABLES, row_key())
        listeners = Listeners(loop)
        writer = Writer(self._file, connection, _statements(), listeners)
        writer._thread = Thread(loop, lambda: self._chance.choice(SYNC_SECONDS))
        self._store = Store(self.path, self._file, _statements(), writer, listeners)
        self._store._readers = Thread(loop)
        return self._store

    def strikes(self):
        if self.strike_in is None:
            return False
        self.strike_in -= 1
        return self.strike_in < 0

    def tear(self, before, after):
        """Let the power fail while the bytes from `before` to `after` of the log of writes are on their way."""
        left = self._chance.choice((before, after, self._chance.randint(before, after)))
        garbage = self._chance.randbytes(self._chance.randint(0, GARBAGE_BYTES_MAX)) if left < after else b""
        self.off(left, garbage)
        self._struck()

    def off(self, wal_bytes=None, garbage=b""):
        """End whatever is open; the next life finds the files as they are now."""
        if self._file is None or self._file.is_off:
            return
        self._file.is_off = True
        self._look_away()
        self.commits += 1
        old, self.path = self.path, self._place()
        wal = old.with_name(NAME + "-wal").read_bytes()
        shutil.copyfile(old, self.path)
        self.path.with_name(NAME + "-wal").write_bytes(wal[:wal_bytes] + garbage)
        store = self._store
        for connection in (store._writer.batch.connection, *store._opened):
            connection.close()
        self._file.close()
        shutil.rmtree(old.parent)

    def save(self):
        """Return a back-up, made while everything goes on: the file and its newest head."""
        path = self._place()
        return path, copying.copy(self.path, path)

    def restore(self, path, told):
        """Put a back-up, marked with `told`, into the place of what is here; no process has it open."""
        self._look_away()
        self.commits += 1
        old, self.path = self.path, self._place()
        shutil.copyfile(path, self.path)
        with closing(copying.opened(self.path)) as database:
            restored.mark(database, told)
        shutil.rmtree(old.parent)

    def mirror(self, note, size):
        """Write the log as it is here to a folder, as a mirror has it; return the folder."""
        folder = self._place().parent
        (folder / "checkpoint").write_bytes(note)
        for bundle in tiles_of_level(ENTRIES, size):
            for path in (bundle.path, Tile(0, bundle.index, bundle.width).path):
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(self.look(lambda tx, path=path: Log(TxShelf(tx)).tile(parse_path(path))))
        return folder

    def look(self, act):
        """Run `act` on what is committed, whoever has it open."""
        if self._looking is None:
            self._looking = sqlite3.connect(self.path, isolation_level=None)
        tx = Tx(self._looking, _statements())
        self._looking.execute("BEGIN")
        try:
            return act(tx)
        finally:
            tx.end()
            self._looking.execute("ROLLBACK")

    def _look_away(self):
        if self._looking is not None:
            self._looking.close()
            self._looking = None

    def close(self):
        """Look at nothing any more."""
        self._look_away()


# what a commit takes: a quick disk, one that is busy, one that hangs for a while
SYNC_SECONDS = (0.0005, 0.001, 0.002, 0.002, 0.01, 0.2)
