"""Memory for pieces under way: a bounded number of slabs, each of whole sectors, and loads of rows that fill them.

Law: what is under way is never more than the memory that all pulls share, and who brings sealed pieces in has its turn
at it (`connector.custody.turns`). Every pool is sure of some slabs; plain pieces going out have a pool of their own, so
rows that came in can always leave. Who waits is woken by what it waits for and by nothing else: a thread that only
looks and waits again costs as much as a piece (decision 0053).
"""

from __future__ import annotations

import mmap
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from connector.custody.places import SECTOR_BYTES, places_of, sectors
from connector.custody.turns import TURN_SECONDS, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from contracts.ranges import RowSet
    from ledger.edition.row_table import RowTable

# one load is one write and, of large pieces, one row; small pieces share it (measured: 1 MiB writes do best)
SLAB_BYTES = 1024 * 1024
# of one pull; with it a pull stays below 150 MiB above idle. A window is what fits: fewer are fewer round trips
PULL_BYTES = 128 * 1024 * 1024
# of a pull whose row table takes the rest
PULL_BYTES_LEAST = 48 * 1024 * 1024
# how much of the pool a byte of the row table takes: it is in memory itself, what the database read it through, what
# is made of it (measured with a hundred thousand rows: 45 MiB of a table of 15), and the rest leaves room under 150 MiB
TABLE_TIMES = 5
# of all pulls; one more costs what its pools are sure of
MEMORY_BYTES = 192 * 1024 * 1024
# plain slabs of one pull: two being written, one waiting, one being filled
PLAIN_SLABS = 4
# sealed slabs that a pull is sure of when it is its turn
SURE_SLABS = 2
# who would rather have several slabs waits no longer for them than this
SEVERAL_SECONDS = 0.1


class PoolClosed(Exception):  # noqa: N818  # not an error: the work was given up
    """Nobody needs the bytes any more."""


class Memory:
    """What the pools of a process share; safe to use from several threads.

    Slabs are made when first needed and used again, by other pools, too; with the last pool all of them go.
    """

    def __init__(self, most_bytes: int = MEMORY_BYTES) -> None:
        self.lock = threading.RLock()
        self.turned = threading.Condition(self.lock)  # a turn has passed on
        self.short: dict[threading.Condition, int] = {}  # who wants more than there is to spare, and how many bytes
        self.most = most_bytes
        self.spare = most_bytes  # bytes that no pool has or is sure of
        self._idle = 0  # bytes of the slabs that nobody has
        self._free: defaultdict[int, list[memoryview]] = defaultdict(list)
        self._pools = 0
        self._turns: Turns[Pool] = Turns(self.turned.notify_all)

    def sealed(self, table: RowTable) -> Pool:
        """Return the pool of one pull for sealed pieces of a table; a context.

        What a long table takes comes off the pool.
        """
        size = _slab_bytes(table)
        most = max(PULL_BYTES - TABLE_TIMES * len(table.data), PULL_BYTES_LEAST)
        return Pool(self, size, most // size - PLAIN_SLABS, turns=self._turns)

    def plain(self, table: RowTable) -> Pool:
        """Return the pool of one pull for plain pieces of a table; a context."""
        return Pool(self, _slab_bytes(table), PLAIN_SLABS, PLAIN_SLABS)

    def opened(self, sure_bytes: int) -> None:
        """Set aside what a new pool is sure of."""
        with self.lock:
            self._pools += 1
            self.spare -= sure_bytes

    def closed(self, held_bytes: int) -> None:
        """Take back what a pool that ended had or was sure of."""
        with self.lock:
            self._pools -= 1
            self.regain(held_bytes)
            if not self._pools:
                self._drop()

    def regain(self, held_bytes: int) -> None:
        """Have more to spare; call it with `lock` held."""
        self.spare += held_bytes
        for waiting in [one for one, wanted in self.short.items() if wanted <= self.spare]:
            del self.short[waiting]
            waiting.notify_all()

    def slab(self, size: int) -> memoryview:
        """Return memory of `size` bytes and, behind the last piece, room for its tag; call it with `lock` held."""
        if self._free[size]:
            self._idle -= size
            return self._free[size].pop()
        if self._idle > self.spare:  # they are of other sizes
            self._drop()
        return memoryview(mmap.mmap(-1, size + SECTOR_BYTES))

    def keep(self, slab: memoryview, size: int) -> None:
        """Keep a slab for whoever needs one next; call it with `lock` held."""
        self._idle += size
        self._free[size].append(slab)

    def _drop(self) -> None:
        """Let the memory of slabs that nobody has go."""
        self._idle = 0
        self._free.clear()


def _nobody() -> None:
    """Tell nobody."""


def _slab_bytes(table: RowTable) -> int:
    return max(SLAB_BYTES, sectors(table.longest_sealed))


class Pool:
    """At most `count` slabs of `slab_bytes`, of which it is sure of `sure`; safe to use from several threads.

    It takes them when it is its turn, if there are `turns`. A context: close it, or the memory is nobody else's.
    """

    def __init__(
        self, memory: Memory, slab_bytes: int, count: int, sure: int = SURE_SLABS, turns: Turns[Pool] | None = None
    ) -> None:
        assert 0 < sure <= count
        self.slab_bytes = slab_bytes
        self.count = count
        self.sure = sure
        self.used = 0
        self._memory = memory
        self._turns = turns
        self._closed = False
        self._given = threading.Condition(memory.lock)  # there may be what one of `_wants` waits for
        self._wants: list[int] = []
        memory.opened(sure * slab_bytes)
        self.line_up()

    @property
    def roomy(self) -> bool:
        """Whether a third of the memory is spare, as it is for a pull alone."""
        return 3 * self._memory.spare >= self._memory.most

    @property
    def waiting(self) -> int:
        """How many threads wait for a slab."""
        return len(self._wants)

    def take(self, several: int = 1, waits: Callable[[], object] = _nobody) -> memoryview:
        """Return a slab as soon as there is one (blocking), or rather as there are `several`; raises PoolClosed.

        `waits` is called when it is waited for.
        """
        until = time.monotonic() + SEVERAL_SECONDS  # a span of this process, no time of day
        with self._memory.lock:
            while (obstacle := self._obstacle(several)) is not None:
                left = until - time.monotonic() if several > 1 else TURN_SECONDS  # a turn may be over untold
                if left <= 0:
                    several = 1
                    continue
                self._wants.append(several)
                waits()
                obstacle.wait(left)
                self._wants.remove(several)
            return self._taken()

    def try_take(self) -> memoryview | None:
        """Return a slab, or None if there is none now; raises PoolClosed."""
        with self._memory.lock:
            return self._taken() if self._obstacle(1) is None else None

    def give(self, slab: memoryview) -> None:
        """Give a slab back; its content is nobody's."""
        memory = self._memory
        with memory.lock:
            self.used -= 1
            if self._closed:
                return
            memory.keep(slab, self.slab_bytes)
            if self.used >= self.sure:
                memory.regain(self.slab_bytes)
            if self._wants and self._ready >= min(self._wants):
                self._given.notify_all()

    def line_up(self) -> None:
        """Take no more slabs but in turn."""
        with self._memory.lock:
            if self._turns is not None and not self._closed:
                self._turns.join(self)

    def step_aside(self) -> None:
        """Leave the turn to others: what is still taken is little, or nothing."""
        with self._memory.lock:
            if self._turns is not None:
                self._turns.leave(self)

    def close(self) -> None:
        """Wake whoever waits for a slab: there will be none, and what is still out goes when it is let go of."""
        memory = self._memory
        with memory.lock:
            if not self._closed:
                self._closed = True
                self.step_aside()
                memory.closed(max(self.sure, self.used) * self.slab_bytes)
                self._given.notify_all()
                memory.turned.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def _ready(self) -> int:
        """How many slabs could be taken now, if it is our turn."""
        sure = max(self.sure - self.used, 0)
        return min(self.count - self.used, sure + max(self._memory.spare, 0) // self.slab_bytes)

    def _obstacle(self, several: int) -> threading.Condition | None:
        """Return what is to be waited for before there are so many; None when nothing is; raises PoolClosed."""
        memory = self._memory
        if self._closed:
            raise PoolClosed
        if self._turns is not None and not self._turns.has(self):
            return memory.turned
        if self._ready >= several:
            return None
        if self.count - self.used >= several:
            memory.short[self._given] = (several - max(self.sure - self.used, 0)) * self.slab_bytes
        return self._given

    def _taken(self) -> memoryview:
        """Take a slab; nothing is in the way."""
        self._memory.spare -= self.slab_bytes if self.used >= self.sure else 0
        self.used += 1
        return self._memory.slab(self.slab_bytes)


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
