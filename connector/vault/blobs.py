"""Sealed bytes on disk: one file per edition, each piece at its place (`connector.vault.places`).

Law: a blob is public; whoever reads it verifies it (spec 1.9). So serving takes no lock and keeps no state.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Self

from connector import files
from connector.vault.bucket import SealedObject
from connector.vault.errors import VaultError
from connector.vault.places import places_of
from ledger.opening import OpeningError, accept

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connector.vault.bucket import Bucket
    from ledger.row_table import RowTable


# measured: 256 KiB buffers into an open connection equal a static file server
BUFFER_BYTES = 256 * 1024
SEALED_SUFFIX = ".sealed"
PART_SUFFIX = ".part"


def blob_name(edition_id: bytes) -> str:
    """Return the name of the file with an edition's sealed bytes, whoever sealed or fetched them."""
    assert len(edition_id) == 32
    return edition_id.hex() + SEALED_SUFFIX


class Blobs:
    """The folder of sealed blobs, named by edition id; what is still being sealed is named by its run.

    With a `bucket`, whole editions of ours move there; then their files are not here any more.
    """

    def __init__(self, folder: Path, bucket: Bucket | None = None) -> None:
        self.folder = files.make_folder(folder)
        self.bucket = bucket
        self._there: set[str] = set()

    def path(self, edition_id: bytes) -> Path:
        """Return where the sealed bytes of the edition are, or will be."""
        return self.folder / blob_name(edition_id)

    def part(self, run: bytes) -> Path:
        """Return where a run seals before its edition has an id."""
        return self.folder / (run.hex() + PART_SUFFIX)

    def open(self, edition_id: bytes, table: RowTable) -> SealedFile | SealedObject:
        """Open the sealed bytes of a whole edition, here or in the bucket (blocking, where there is one)."""
        if self.is_distant(edition_id, table):
            assert self.bucket is not None
            return SealedObject(self.bucket, blob_name(edition_id), table)
        return SealedFile(self.path(edition_id), table)

    def is_distant(self, edition_id: bytes, table: RowTable) -> bool:
        """Say whether an edition's bytes are in the bucket alone."""
        name = blob_name(edition_id)
        if self.bucket is None or self.path(edition_id).exists():
            return False
        if name not in self._there and self.bucket.size(name) == table.sealed_bytes:
            self._there.add(name)
        return name in self._there

    def offload(self, edition_id: bytes, table: RowTable) -> bool:
        """Move an edition's bytes to the bucket, verified there row by row; return whether they were here (blocking).

        `OpeningError` for a row that came back wrong, `VaultError` for a bucket that does not answer; the file stays.
        """
        name, path = blob_name(edition_id), self.path(edition_id)
        if self.bucket is None or not path.exists():
            return False
        with SealedFile(path, table) as sealed:
            self.bucket.put(name, sealed)
        pieces = SealedObject(self.bucket, name, table).read_pieces(0, len(table))
        for number, (row, piece) in enumerate(zip(table, pieces, strict=True)):
            try:
                accept(row, piece)
            except OpeningError as error:
                raise error.at(number) from error
        self._there.add(name)
        return files.remove(path)

    def sweep(self) -> list[Path]:
        """Remove what crashed sealing runs left behind (at start, before any run begins); return what it was."""
        left = sorted(self.folder.glob(f"*{PART_SUFFIX}"))
        for path in left:
            files.remove(path)
        return left


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
            raise VaultError("blob", f"`{path.name}` has not the {self._places.size} bytes its rows take up")

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
