"""An edition of ours as it was before it was sealed, opened piece by piece while it is read (spec 5, "Foreign").

Law: a piece passes every step of spec 1.9 before a byte of it leaves; one piece is in memory, however long the file is.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from typing import TYPE_CHECKING, Self

from connector.custody import edition as editions
from connector.custody.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from connector.custody.blobs import Blobs
    from connector.custody.secrets import Keys
    from connector.store.rows.vault import EditionRow
    from ledger.edition.index import Index, IndexedFile
    from ledger.edition.row_table import RowTable

# counted at a time, before it leaves: one commit for so much, and what a crash or a cut may count too much
STEP_BYTES = 8 << 20
# secrets derived at a time: a third of a megabyte, and four GiB of pieces of 1 MiB
SECRETS_AT_ONCE = 4096


class Opened:
    """The files of one row of `editions`; blocking, not to be shared between threads, closed at the end."""

    def __init__(self, blobs: Blobs, keys: Keys, edition: EditionRow, table: RowTable) -> None:
        self._keys = keys
        self._edition = edition
        self._table = table
        self._secrets: dict[int, bytes] = {}
        self._turn = threading.Lock()
        self._sealed = blobs.open(bytes.fromhex(edition.id), table)
        self._reader = Reader(self._sealed, self._secrets)

    def index(self) -> Index:
        """Return the private index, opened like everything else."""
        self._derive(range(self._table.index_rows))
        return self._reader.index()

    def digest(self, index: Index) -> bytes:
        """Return the BLAKE3 of all bytes of all files, in order."""
        return index.digest

    def rows(self, file: IndexedFile, start: int, stop: int) -> range:
        """Return the rows that hold the bytes `start` to `stop` of a file; none for no bytes."""
        if start >= stop:
            return range(file.first_row, file.first_row)
        first = self._row_of(file, start)
        return range(first, self._row_of(file, stop - 1) + 1)

    def steps(self, file: IndexedFile, start: int, stop: int, step_bytes: int) -> Iterator[tuple[range, int]]:
        """Yield the rows of each step of about `step_bytes`, with how many bytes of it are wanted."""
        rows = self.rows(file, start, stop)
        first, length = rows.start, 0
        for row in rows:
            length += self.length_of(file, row, start, stop)
            if length >= step_bytes or row == rows[-1]:
                yield range(first, row + 1), length
                first, length = row + 1, 0

    def bytes_of(self, file: IndexedFile, row: int, start: int, stop: int) -> bytes:
        """Return what row `row` holds of the bytes `start` to `stop` of its file."""
        if row not in self._secrets:
            end = file.first_row + file.row_count
            self._derive(range(row, min(row + SECRETS_AT_ONCE, end)))
        offset = self._table.plain_bytes(file.first_row, row - file.first_row)
        with self._turn:
            plain = self._reader.open_row(row)
        return plain[max(start - offset, 0) : stop - offset]

    def read(self, file: IndexedFile, start: int, stop: int) -> bytes:
        """Return the bytes `start` to `stop` of a file."""
        return b"".join(self.bytes_of(file, row, start, stop) for row in self.rows(file, start, stop))

    def placed(self, file: IndexedFile, within: Iterable[tuple[int, int]] | None = None) -> Iterator[tuple[int, bytes]]:
        """Yield the pieces of a file in order, each with where it stands in the file; those that are `within` alone."""
        whole = range(file.first_row, file.first_row + file.row_count)
        wanted = {row for part in within for row in self.rows(file, *part)} if within is not None else None
        for row in whole if wanted is None else sorted(wanted):
            at = self._table.plain_bytes(file.first_row, row - file.first_row)
            yield at, self.bytes_of(file, row, 0, file.size)

    def length_of(self, file: IndexedFile, row: int, start: int, stop: int) -> int:
        """Return how many of the bytes `start` to `stop` of a file row `row` holds."""
        offset = self._table.plain_bytes(file.first_row, row - file.first_row)
        return min(stop, offset + self._table.plain_bytes(row, 1)) - max(start, offset)

    def _row_of(self, file: IndexedFile, at: int) -> int:
        """Return the row that holds byte `at` of a file."""
        ends = range(1, file.row_count + 1)
        before = bisect_right(ends, at, key=lambda count: self._table.plain_bytes(file.first_row, count))
        return file.first_row + before

    def _derive(self, rows: range) -> None:
        self._secrets.clear()
        self._secrets.update(editions.row_secrets(self._keys, self._edition, self._table, rows))

    def close(self) -> None:
        """Let go of the file and the secrets, when the piece that is being opened is."""
        with self._turn:
            self._secrets.clear()
            self._sealed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
