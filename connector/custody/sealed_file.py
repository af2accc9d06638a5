"""The sealed bytes of one edition in a file of ours, read as they go over the wire."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from connector.custody.errors import VaultError
from connector.custody.places import places_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.edition.row_table import RowTable

# measured: 256 KiB buffers into an open connection equal a static file server
BUFFER_BYTES = 256 * 1024


class SealedFile:
    """The sealed bytes of one edition, readable by row; close it, or use it as a context."""

    distant = False

    def __init__(self, path: Path, table: RowTable) -> None:
        try:
            self._handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError as error:
            raise VaultError(
                "blob", f"the sealed bytes `{path.name}` are not here", "fetch or seal them again"
            ) from error
        self.table = table
        self._places = places_of(table)
        if os.fstat(self._handle).st_size != self._places.size:
            self.close()
            raise VaultError("blob", f"`{path.name}` has not the {self._places.size} bytes its pieces take up")

    def buffers(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the sealed bytes of `count` rows from `first`, as on the wire, in buffers of at most 256 KiB."""
        self.table.span(first, count)
        end = first + count
        while first < end:
            last = self._last_within(first, end)
            yield from self._large(first) if last == first else (self._joined(first, last),)
            first = max(last, first + 1)

    def stretches(self, first: int, count: int) -> list[tuple[int, int]]:
        """Return offset and length of each stretch of our file in which rows lie as on the wire, without a gap."""
        found: list[tuple[int, int]] = []
        for number in range(first, first + count):
            at, size = self._places.offset(number), self.table.span(number, 1)[1]
            if found and sum(found[-1]) == at:
                found[-1] = (found[-1][0], found[-1][1] + size)
            else:
                found.append((at, size))
        return found

    def fileno(self) -> int:
        """Return the descriptor, as long as it is open."""
        return self._handle

    def _last_within(self, first: int, end: int) -> int:
        """Return the end of the rows from `first` that one buffer takes with their gaps; `first` if not even one."""
        start, last = self._places.offset(first), first
        while last < end and self._places.offset(last + 1) - start <= BUFFER_BYTES:
            last += 1
        return last

    def _joined(self, first: int, last: int) -> bytes:
        """Read the rows from `first` to before `last` at once and leave their gaps out."""
        start = self._places.offset(first)
        data = self._read(start, self._places.offset(last) - start)
        if len(data) == self.table.span(first, last - first)[1]:
            return data
        view = memoryview(data)
        places = ((self._places.offset(n) - start, self.table.span(n, 1)[1]) for n in range(first, last))
        return b"".join(view[at : at + size] for at, size in places)

    def _large(self, number: int) -> Iterator[bytes]:
        at, left = self._places.offset(number), self.table.span(number, 1)[1]
        while left:
            data = self._read(at, min(BUFFER_BYTES, left))
            at, left = at + len(data), left - len(data)
            yield data

    def _read(self, offset: int, size: int) -> bytes:
        data = os.pread(self._handle, size, offset)
        if len(data) != size:
            raise VaultError("blob", "the sealed bytes became shorter while they were read")
        return data

    def read_pieces(self, first: int, count: int) -> Iterator[bytes]:
        """Yield the sealed bytes of `count` rows from `first`, one row at a time."""
        for number in range(first, first + count):
            yield b"".join(self.buffers(number, 1))

    def piece_into(self, number: int, buffer: memoryview) -> int:
        """Read row `number` into the beginning of `buffer`; return its sealed bytes."""
        offset, size = self._places.offset(number), self.table.span(number, 1)[1]
        done = 0
        while done < size:
            got = os.preadv(self._handle, [buffer[done:size]], offset + done)
            if got == 0:
                raise VaultError("blob", "the sealed bytes became shorter while they were read")
            done += got
        return size

    def close(self) -> None:
        """Close the file; harmless when repeated."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
