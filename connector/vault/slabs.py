"""Memory for pieces under way: a bounded number of slabs, each of whole sectors, and loads of rows that fill them.

Law: what is under way is never more than the pool. Who brings bytes in leaves RESERVED slabs for who takes them out,
so rows that came in can always leave, whatever waits behind them.
"""

from __future__ import annotations

import mmap
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.vault.places import SECTOR_BYTES, places_of, sectors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from contracts.ranges import RowSet
    from ledger.row_table import RowTable

# with sealed and plain pieces of both directions a pull stays below 150 MiB above idle
POOL_BYTES = 96 * 1024 * 1024
# one load is one write and, of large pieces, one row; small pieces share it (measured: 1 MiB writes do best)
SLAB_BYTES = 1024 * 1024
# for plain pieces on their way out
RESERVED = 4


class PoolClosed(Exception):  # noqa: N818  # not an error: the work was given up
    """Nobody needs the bytes any more."""


class Pool:
    """Slabs of `slab_bytes`, made when first needed and used again; safe to use from several threads."""

    def __init__(self, slab_bytes: int, count: int) -> None:
        assert count > RESERVED
        self.slab_bytes = slab_bytes
        self.count = count
        self._made = 0
        self._free: list[memoryview] = []
        self._changed = threading.Condition()
        self._closed = False

    @classmethod
    def for_table(cls, table: RowTable) -> Pool:
        """Return the pool for pieces of a table."""
        size = max(SLAB_BYTES, sectors(table.longest_sealed))
        return cls(size, POOL_BYTES // size)

    def take(self, *, leave: int = 0) -> memoryview:
        """Return a slab as soon as more than `leave` of them are free (blocking); raises PoolClosed."""
        with self._changed:
            while not self._closed and self.free <= leave:
                self._changed.wait()
            if self._closed:
                raise PoolClosed
            if self._free:
                return self._free.pop()
            self._made += 1
            # behind the last piece there is room for its tag
            return memoryview(mmap.mmap(-1, self.slab_bytes + SECTOR_BYTES))

    @property
    def free(self) -> int:
        """How many slabs nobody has."""
        return len(self._free) + self.count - self._made

    def give(self, slab: memoryview) -> None:
        """Give a slab back; its content is nobody's."""
        with self._changed:
            if self._closed:
                self._made -= 1
            else:
                self._free.append(slab)
            self._changed.notify_all()

    def close(self) -> None:
        """Wake whoever waits for a slab: there will be none, and the memory of those that nobody has is let go."""
        with self._changed:
            self._closed = True
            self._made -= len(self._free)
            self._free.clear()
            self._changed.notify_all()


@dataclass(frozen=True, slots=True)
class Load:
    """Consecutive rows in one slab, each at a sector as in our files, so that the slab is the file's image."""

    table: RowTable
    first: int
    count: int

    @property
    def rows(self) -> range:
        """The row numbers."""
        return range(self.first, self.first + self.count)

    @property
    def place(self) -> int:
        """Where the load lies in our files."""
        return places_of(self.table).offset(self.first)

    @property
    def size(self) -> int:
        """How many bytes of the slab it fills, in whole sectors."""
        return places_of(self.table).offset(self.first + self.count) - self.place

    def at(self, number: int) -> tuple[int, int]:
        """Return where row `number` begins and ends in the slab."""
        begin = places_of(self.table).offset(number) - self.place
        return begin, begin + self.table.span(number, 1)[1]


def loads(table: RowTable, rows: RowSet, slab_bytes: int) -> Iterator[Load]:
    """Cut rows into loads that each fit a slab, in the order of the rows."""
    places = places_of(table)
    for first, count in rows.ranges:
        begin, end = first, first + count
        while begin < end:
            last = begin + 1
            while last < end and places.offset(last + 1) - places.offset(begin) <= slab_bytes:
                last += 1
            yield Load(table, begin, last - begin)
            begin = last
