"""Where opened pieces go: nowhere, or into files below a folder, in any order of rows.

Law: no file gets its name before every piece of every file is written and durable; a sink owns each slab it is handed
and gives it back to the pool. Every piece met its own commitment under the root, so the digest of the whole, which
wants the pieces in order, is left to `connector.custody.reader` (decision 0021).
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

from connector.custody.packs import Unpacking, names_packs, unpack
from connector.custody.places import SECTOR_BYTES, sectors
from connector.runtime import files
from connector.runtime.local_names import local_name, local_names, renamed
from connector.runtime.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from connector.custody.slabs import Load, Pool
    from ledger.edition.index import Index, IndexedFile

# writers wait for the disk, not for the processor (measured: a third gains nothing)
WRITERS = 2
# from here on a direct write beats the page cache; below, its fixed cost does not pay
DIRECT_BYTES = 64 * 1024
# above so many small files one sync of everything is cheaper than one of each
SYNC_ALL_FILES = 64


class Sink(Protocol):
    """Takes opened pieces; `renamed` are the files that are called otherwise here, told name → name here."""

    renamed: dict[str, str]

    def begin(self, index: Index) -> None:
        """Hear what the edition holds, before the first piece."""

    def take(self, load: Load, rows: Sequence[int], plain: memoryview) -> None:
        """Take the pieces of `rows`, which lie in `plain` where they lie in the load; raises what went wrong before."""

    def finish(self) -> list[str]:
        """Make everything durable and named (blocking); return the names of the files, or their paths."""

    def close(self) -> None:
        """Give up what is not finished; harmless when it is."""


class Null:
    """Keeps nothing: the pieces were only to be proven."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._names: list[str] = []
        self.renamed: dict[str, str] = {}

    def begin(self, index: Index) -> None:
        """Remember the names."""
        self._names = [file.name for file in index.files]

    def take(self, _load: Load, _rows: Sequence[int], plain: memoryview) -> None:
        """Give the memory back."""
        self._pool.give(plain)

    def finish(self) -> list[str]:
        """Return the names."""
        return self._names

    def close(self) -> None:
        """Do nothing: there is nothing."""


class Folder:
    """Writes the files below a folder, in a hidden one until all are whole (`connector.runtime.stage`).

    `due` says how many bytes of a file will come: fewer than it has leave holes, and none leave it out. Of a pack that
    comes whole the files in it are put there, under their own names.
    """

    def __init__(
        self,
        pool: Pool,
        folder: Path,
        stage: str,
        due: Callable[[IndexedFile], int] = lambda file: file.size,
        *,
        overwrite: bool = False,
    ) -> None:
        self._pool = pool
        self.renamed: dict[str, str] = {}
        self._due = due
        self._folder = folder
        self._stage = Stage(folder, stage, overwrite=overwrite)
        self._writers = ThreadPoolExecutor(WRITERS, "writer")
        self._writing: list[Future[None]] = []
        self._lock = threading.Lock()
        self._parts: dict[int, files.Part] = {}

    def begin(self, index: Index) -> None:
        """Take the files' places."""
        self._files = index.files
        self._starts = [file.first_row for file in index.files if file.row_count]
        self._with_rows = [n for n, file in enumerate(index.files) if file.row_count]
        self._left = [self._due(file) for file in index.files]
        self._here = [n for n, file in enumerate(index.files) if not file.row_count or self._left[n]]
        self._index = index
        self._each = len(index.files) <= SYNC_ALL_FILES and not names_packs(index.schema)
        self._names = list(local_names(file.name for file in index.files).values())
        self.renamed = renamed(self._files[n].name for n in self._here)

    def take(self, load: Load, rows: Sequence[int], plain: memoryview) -> None:
        """Have a writer write the pieces."""
        for done in [one for one in self._writing if one.done()]:
            self._writing.remove(done)
            done.result()
        self._writing.append(self._writers.submit(self._write, load, rows, plain))

    def finish(self) -> list[str]:
        """Wait for the writers, make the files durable, give them their names; raises VaultError `pack`."""
        for one in self._writing:
            one.result()
        assert not any(self._left), "every row was taken"
        for number, file in enumerate(self._files):
            if not file.row_count:
                self._part(number).close()
        unpacking = Unpacking(self._index)
        told = [name for n in self._here for name in self._told(n, unpacking)]
        if not self._each:
            files.sync_everything()
        self.renamed, names = renamed(told), [local_name(name) for name in told]
        self._stage.finish(names)
        self.close()
        return [f"{self._folder}/{name}" for name in names]

    def _told(self, number: int, unpacking: Unpacking) -> list[str]:
        """Return the name of a file that is whole, or of a pack the names of what is in it, which takes its place."""
        file = self._files[number]
        if file.name not in unpacking.packs or self._due(file) != file.size:
            return [file.name]
        place = self._stage.place(self._names[number])
        names = unpack(self._stage, unpacking, file.name, place.read_bytes())
        files.remove(place)
        return names

    def close(self) -> None:
        """Stop the writers and remove what has no name."""
        self._writers.shutdown(wait=True, cancel_futures=True)
        for part in self._parts.values():
            part.close()
        self._parts.clear()
        self._stage.close()

    def _write(self, load: Load, rows: Sequence[int], plain: memoryview) -> None:
        try:
            for number, at, begin, end in self._extents(load, rows):
                self._put(number, at, plain[begin:end], plain[begin : begin + sectors(end - begin)])
        finally:
            self._pool.give(plain)

    def _extents(self, load: Load, rows: Sequence[int]) -> Iterator[tuple[int, int, int, int]]:
        """Yield (file, place in it, begin and end in the slab); neighbours in both are one."""
        last: tuple[int, int, int, int] | None = None
        for row in rows:
            number = self._with_rows[bisect_right(self._starts, row) - 1]
            file = self._files[number]
            at = load.table.plain_bytes(file.first_row, row - file.first_row)
            begin = load.at(row)[0]
            end = begin + load.table.plain_bytes(row, 1)
            if last and (last[0], last[1] + last[3] - last[2], last[3]) == (number, at, begin):
                last = (*last[:3], end)
                continue
            if last:
                yield last
            last = (number, at, begin, end)
        if last:
            yield last

    def _put(self, number: int, at: int, exact: memoryview, whole: memoryview) -> None:
        """Write one extent: past the page cache if it is long, begins at a sector, and ends at one or the file."""
        file, size = self._files[number], len(exact)
        if size == file.size < DIRECT_BYTES:
            files.write_new(self._stage.place(self._names[number]), exact, durable=self._each)
            self._left[number] = 0
            return
        part = self._part(number)
        if size >= DIRECT_BYTES and at % SECTOR_BYTES == 0 and (size == len(whole) or at + size == file.size):
            part.write_sectors(whole, at)
        else:
            part.write(exact, at)
        self._count(number, file, size)

    def _part(self, number: int) -> files.Part:
        with self._lock:
            if number not in self._parts:
                file = self._files[number]
                place, direct = self._stage.place(self._names[number]), file.size >= DIRECT_BYTES
                self._parts[number] = files.Part(place, 0, lasting=False, direct=direct)
                self._parts[number].whole = self._due(self._files[number])
            return self._parts[number]

    def _count(self, number: int, file: IndexedFile, size: int) -> None:
        """Close a file whose last byte is written."""
        with self._lock:
            self._left[number] -= size
            if self._left[number]:
                return
            part = self._parts.pop(number)
        part.resize(file.size)
        if self._each:
            part.sync()
        part.close()
