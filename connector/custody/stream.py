"""Opened pieces as one stream of bytes, in order, while their keys arrive in the order of spec 1.6.

    one file      its bytes
    several       a tar archive (POSIX.1-2001) of all of them, in the order of their names

Law: a byte goes out once and in order. Pieces whose keys come before their turn, the critical ones, wait in memory,
and those are limited; pieces that an agreement is not about are zeros, as they are holes in a folder.
"""

from __future__ import annotations

from tarfile import BLOCKSIZE, PAX_FORMAT, TarInfo
from typing import TYPE_CHECKING, Protocol

from connector.runtime.errors import InvalidInput
from connector.runtime.local_names import local_name, local_names, renamed
from contracts.ranges import RowSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connector.custody.slabs import Load, Pool
    from ledger.edition.index import Index, IndexedFile
    from ledger.edition.row_table import RowTable

# of pieces that wait for their turn: the footer of a Parquet file of 10,000 row groups and 100 columns has some 100 MB
AHEAD_BYTES_MAX = 128 * 1024 * 1024
ZEROS = bytes(1024 * 1024)
TAR, OCTETS = "application/x-tar", "application/octet-stream"
FILE_MODE = 0o644


class Outlet(Protocol):
    """Where the bytes go; both are called from a thread and do not wait."""

    def begin(self, kind: str, size: int) -> None:
        """Hear the media type and how many bytes will come."""

    def put(self, chunk: bytes | memoryview) -> None:
        """Take the next bytes."""


class Stream:
    """A sink in order: of `rows` of a table, sealed at a time that a tar archive gives its files."""

    def __init__(self, pool: Pool, table: RowTable, rows: RowSet, sealed_at: datetime, outlet: Outlet) -> None:
        self._pool, self._table, self._rows = pool, table, rows
        self._sealed_at = int(sealed_at.timestamp())
        self._outlet = outlet
        self.renamed: dict[str, str] = {}
        self._ahead: dict[int, bytes] = {}
        self._due: Iterator[int | bytes | memoryview] = iter(())
        self._next: int | bytes | memoryview | None = None

    def begin(self, index: Index) -> None:
        """Say what comes; raises InvalidInput when too much would have to wait for its turn."""
        early = sum(self._table.plain_bytes(*span) for span in (index.critical & self._rows).ranges)
        if early > AHEAD_BYTES_MAX:
            words = f"the keys of `{early}` bytes come before their turn, and at most `{AHEAD_BYTES_MAX}` can wait"
            raise InvalidInput(words, "open it to a directory")
        files = [file for file in index.files if not file.row_count or self._licensed(file)]
        self._names = list(local_names(file.name for file in files).values())
        self.renamed = renamed(file.name for file in files)
        if len(files) == 1:
            self._outlet.begin(OCTETS, files[0].size)
            self._due = self._content(files[0])
        else:
            self._outlet.begin(TAR, sum(len(self._head(f)) + _blocks(f.size) for f in files) + 2 * BLOCKSIZE)
            self._due = self._archive(files)
        self._next = next(self._due, None)
        self._pour()

    def take(self, load: Load, rows: Sequence[int], plain: memoryview) -> None:
        """Pass on what is due; the rest waits."""
        for row in rows:
            begin = load.at(row)[0]
            self._ahead[row] = bytes(plain[begin : begin + self._table.plain_bytes(row, 1)])
        self._pool.give(plain)
        self._pour()

    def finish(self) -> list[str]:
        """Return the names of the files."""
        assert self._next is None, "every row was taken"
        return self._names

    def close(self) -> None:
        """Forget what waits."""
        self._ahead.clear()

    def _pour(self) -> None:
        while self._next is not None:
            chunk = self._ahead.pop(self._next, None) if isinstance(self._next, int) else self._next
            if chunk is None:
                return
            self._outlet.put(chunk)
            self._next = next(self._due, None)

    def _licensed(self, file: IndexedFile) -> RowSet:
        return self._rows & RowSet.of([(file.first_row, file.row_count)])

    def _content(self, file: IndexedFile) -> Iterator[int | bytes | memoryview]:
        """Yield the numbers of the licensed rows, and zeros for the others."""
        row, end = file.first_row, file.first_row + file.row_count
        for first, count in (*self._licensed(file).ranges, (end, 0)):
            yield from _zeros(self._table.plain_bytes(row, first - row))
            yield from range(first, first + count)
            row = first + count

    def _archive(self, files: Sequence[IndexedFile]) -> Iterator[int | bytes | memoryview]:
        for file in files:
            yield self._head(file)
            yield from self._content(file)
            yield from _zeros(_blocks(file.size) - file.size)
        yield from _zeros(2 * BLOCKSIZE)

    def _head(self, file: IndexedFile) -> bytes:
        info = TarInfo(local_name(file.name))
        info.size, info.mode, info.mtime = file.size, FILE_MODE, self._sealed_at
        return info.tobuf(PAX_FORMAT)


def _blocks(size: int) -> int:
    """Return how many bytes a file takes in an archive."""
    return -(-size // BLOCKSIZE) * BLOCKSIZE


def _zeros(size: int) -> Iterator[memoryview]:
    while size:
        some = min(size, len(ZEROS))
        yield memoryview(ZEROS)[:some]
        size -= some
