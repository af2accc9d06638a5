"""Sealed bytes on their way in, ahead of the keys: few threads, each with a connection of its own (spec 1.9, 1.10).

The life of a row:
1. a thread asks for the next rows in the order of the keys, as many as it has slabs for;
2. the bytes are received into a slab, hashed there, and count only if they are the committed ones;
3. if the replica is kept, the slab is written to its place on the disk, past the page cache;
4. whoever opens the row takes it from memory, and the slab is free for the next.

Law: memory is the pool's and no more, so whoever opens slowly is fetched for slowly; slabs are given out in the order
of the keys, so the rows whose turn it is are never the ones that wait. A row that comes wrong is fetched again, from
another source if there is one (`connector.consumer.roads`).
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from itertools import chain, groupby, islice
from typing import TYPE_CHECKING

from connector.consumer import trickle
from connector.consumer.arrivals import Arrivals
from connector.consumer.roads import FAULTS, Way
from connector.custody.places import places_of
from connector.custody.slabs import Load, PoolClosed, loads
from connector.runtime.errors import PeerMisbehaved
from contracts.ranges import RowSet
from ledger.edition.opening import OpeningError, accept

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.consumer.roads import Roads
    from connector.custody.intake import Intake
    from connector.custody.sealed_file import SealedFile
    from connector.custody.slabs import Pool
    from connector.net.lane import Lane
    from connector.net.outbound import Outbound
    from ledger.edition.row_table import RowTable

# connections of one pull: two keep two processors busy, more only take turns (measured)
LANES = 2
# what one request asks for, of several sources divided by them; each is a look at the ticket and a durable count
REQUEST_BYTES = 32 * 1024 * 1024
# loads that are worth a request: where slabs come free one by one, it waits a moment for as many
REQUEST_LOADS = 8
# of the memory of a pull, what a window is worth waiting for: one such is opened, one comes, and some is to spare
WORTH = 0.45
# where memory is short, what takes longer is asked for in smaller requests, so that a slow source holds little of it
REQUEST_SECONDS = 0.5
# of one lane; a slower source keeps no processor busy, so its pull has no need of a turn
QUICK_BYTES_PER_SECOND = 16 * 1024 * 1024
# rows of one request, however small: a source refuses more
REQUEST_ROWS = 4096
# of one request; a source that keeps sending wrong bytes is given up
REFETCHES_MAX = 8

log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Held:
    """A load in memory and how many of its rows nobody has opened yet."""

    load: Load
    slab: memoryview
    left: int


class Carrier:
    """Fetches rows: `front` says which of them are here, `lent` gives them to who opens them, `opened` lets them go.

    With `keeps` false the bytes only go to the replica's file; then wait for `all_here`, and nothing is lent.
    """

    def __init__(self, table: RowTable, pool: Pool, roads: Roads, intake: Intake | None, *, keeps: bool = True) -> None:
        self.table = table
        self._pool = pool
        self._roads = roads
        self._intake = intake
        self._keeps = keeps
        # while one request is opened and one is waited for with its keys, both lanes have one under way
        self._loads_most = max(1, pool.count // 4)
        self._loads_max = 1
        self._request_bytes = REQUEST_BYTES // len(roads.all)
        self._stored: SealedFile | None = None
        self._arrivals = Arrivals(len(table))
        self._asked = bytearray(len(table))
        self._held: dict[int, Held] = {}
        self._stages: deque[RowSet] = deque()
        self._rest = RowSet()
        self._queue: Iterator[Load] = iter(())
        self._next: Load | None = None
        self._ordered = self._closed = False
        self._turn = threading.Condition()
        self._broken: Exception | None = None
        self._carrying = 0  # threads that have not ended
        self._lanes: list[Lane] = []
        self._threads: list[threading.Thread] = []
        self._watching: asyncio.Task[None] | None = None

    async def start(self, outbound: Outbound, wanted: RowSet, stored: SealedFile | None = None) -> None:
        """Begin to bring `wanted` here: the index, and as much of the rest as leaves room for what `prefer` names.

        `stored` has the rows that the replica holds already. Raises `AddressRefused`, `PeerUnreachable`.
        """
        ways = [await self._way(outbound, number) for number in range(max(LANES, len(self._roads.all)))]
        self._stored = stored
        index = wanted & RowSet.of([(0, self.table.index_rows)])
        self._rest = wanted - index
        self._stages.extend(stage for stage in (index,) if stage)
        self._queue = chain(self._cut(index), self._early())
        if not self._keeps:
            self.prefer(RowSet())
        self._lanes = [lane for way in ways for lane in way.lanes]
        self._watching = asyncio.create_task(trickle.watch(self._lanes), name="trickle")
        self._carrying = len(ways)
        for way in ways:
            self._threads.append(threading.Thread(target=self._carry, args=(way,), name="carrier", daemon=True))
            self._threads[-1].start()

    async def _way(self, outbound: Outbound, number: int) -> Way:
        """Return a way for one thread; each begins at another source."""
        return Way(self._roads, [await outbound.lane(road.endpoint) for road in self._roads.all], number)

    def prefer(self, critical: RowSet) -> None:
        """Go on with the critical rows, then the rest: the order in which keys are bought (spec 1.6)."""
        with self._turn:
            asked = RowSet.flagged(self._asked)
            if self._next is not None:
                asked |= RowSet(((self._next.first, self._next.count),))
            self._stages.extend(stage for stage in (self._rest & critical, self._rest - critical) if stage)
            self._queue = self._cut(*(stage - asked for stage in self._stages))
            self._ordered = True
            self._turn.notify_all()

    @property
    def ahead(self) -> RowSet:
        """The rows that are not passed yet, as far as their order is known."""
        return RowSet.of(span for stage in self._stages for span in stage.ranges)

    async def front(self, most: int, after: int = 0, least: int = 1) -> RowSet:
        """Return the rows that are here and next in the order of the keys, behind the first `after`; empty at the end.

        At most `most`, and all of one stage; `least`, unless its end is nearer, or no more fit the memory.
        Raises what broke the fetching, once all that came before it is opened.
        """
        while stage := self._behind(after):
            self._arrivals.seek(stage.take(least))
            rows = self._run(stage, most)
            comes = self._broken is None and self._pool.waiting < self._carrying
            enough = min(least, len(stage)) if comes else 1
            if len(rows) >= enough:
                return rows
            if self._broken is not None:
                raise self._broken
            await self._arrivals.wait()
        return RowSet()

    def worth(self, after: int) -> int:
        """Return how many rows are worth waiting for while the next `after` stay in memory."""
        held = self._pool.count * self._pool.slab_bytes * len(self.table) // max(1, places_of(self.table).size)
        return max(1, min(int(WORTH * held), held - after))

    async def all_here(self) -> None:
        """Return when every wanted row came in; raises what broke the fetching."""
        await self.wait(self.ahead)

    async def wait(self, rows: RowSet) -> None:
        """Return when `rows` are here; raises what broke the fetching."""
        while True:
            if self._arrivals.seek(rows):
                return
            if self._broken is not None:
                raise self._broken
            await self._arrivals.wait()

    def lent(self, rows: RowSet) -> Iterator[tuple[Load, memoryview, list[int]]]:
        """Yield the loads that `rows` are in, with those rows; they are here (`front`)."""
        for held, some in groupby(rows, key=self._held.__getitem__):
            yield held.load, held.slab, list(some)

    def opened(self, rows: Sequence[int]) -> None:
        """Let rows of one load go."""
        held = self._held[rows[0]]
        held.left -= len(rows)
        if not held.left:
            for number in held.load.rows:
                del self._held[number]
            self._pool.give(held.slab)

    def passed(self, rows: RowSet) -> None:
        """Move on in the order of the keys."""
        self._stages[0] -= rows
        if not self._stages[0]:
            self._stages.popleft()

    async def close(self) -> None:
        """Stop the threads; what is under way is lost."""
        self._closed = True
        self._pool.close()
        if self._watching is not None:
            self._watching.cancel()
        for lane in self._lanes:
            lane.cut()
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        with self._turn:
            self._turn.notify_all()
        for thread in self._threads:
            thread.join()
        self._held.clear()
        for lane in self._lanes:
            lane.close()

    def _behind(self, after: int) -> RowSet:
        """Return the stage that the row behind the next `after` is in, from that row on."""
        for stage in self._stages:
            if len(stage) > after:
                return stage - stage.take(after)
            after -= len(stage)
        return RowSet()

    def _early(self) -> Iterator[Load]:
        """Yield what comes before the order is known: half a pool, as long as there is room for what comes first."""
        for load in islice(self._cut(self._rest), self._pool.count // 2):
            if not self._pool.roomy:
                return
            yield load

    def _run(self, stage: RowSet, most: int) -> RowSet:
        """Return the beginning of a stage that is here."""
        found, left = [], most
        for first, count in stage.ranges:
            here = self._arrivals.until(first, first + min(count, left)) - first
            found.append((first, here))
            left -= here
            if here < count:
                break
        return RowSet.of(found)

    def _cut(self, *stages: RowSet) -> Iterator[Load]:
        held = RowSet() if self._stored is None or self._intake is None else self._intake.held
        # no load is here in part: what the replica has of it would be fetched again with the rest
        spans = (sorted((*(stage & held).ranges, *(stage - held).ranges)) for stage in stages)
        return chain.from_iterable(
            loads(self.table, RowSet((span,)), self._pool.slab_bytes) for span in chain.from_iterable(spans)
        )

    # ---- in the threads

    def _carry(self, way: Way) -> None:
        try:
            while request := self._request():
                begun = time.monotonic()  # a span of this process, no time of day
                self._fetch(way, request)
                self._took(sum(load.size for load, _ in request), time.monotonic() - begun)
            self._pool.step_aside()
        except PoolClosed:
            return
        except Exception as fault:  # noqa: BLE001  # whatever it is, `front` raises it where somebody waits
            self._broken = self._broken or fault
        with self._turn:
            self._carrying -= 1
        self._arrivals.wake()

    def _took(self, size: int, seconds: float) -> None:
        """Ask for more at a time, where memory is short, if a request came soon; need a turn if the source is quick."""
        soon = seconds < REQUEST_SECONDS
        self._loads_max = min(2 * self._loads_max, self._loads_most) if soon else max(1, self._loads_max // 2)
        if size > seconds * QUICK_BYTES_PER_SECOND:
            self._pool.line_up()
        else:
            self._pool.step_aside()

    def _request(self) -> list[tuple[Load, memoryview]]:
        """Take the next consecutive loads, all of them stored or none, and slabs for them; empty at the end."""
        # before it is our turn, so that nobody waits for us and a slab
        slab: memoryview | None = self._pool.take(min(REQUEST_LOADS, self._most), self._full)
        taken: list[tuple[Load, memoryview]] = []
        with self._turn:
            while self._broken is None and (load := self._peek(wait=not taken)) is not None:
                if taken and not self._follows([load for load, _ in taken], load):
                    break
                slab = slab or self._pool.try_take()
                if slab is None:
                    break
                self._next = None
                self._asked[load.first : load.first + load.count] = b"\x01" * load.count
                taken.append((load, slab))
                slab = None
        if slab is not None:
            self._pool.give(slab)
        return taken

    def _peek(self, *, wait: bool) -> Load | None:
        """Return the next load; with `wait` also one that only `prefer` will name."""
        while self._next is None:
            self._next = next(self._queue, None)
            if self._next is None:
                if self._ordered or self._closed or not wait:
                    return None
                self._turn.wait()
        return self._next

    def _follows(self, before: Sequence[Load], load: Load) -> bool:
        rows, size = sum(one.count for one in before), sum(one.size for one in before)
        return (
            len(before) < self._most
            and load.first == before[-1].first + before[-1].count
            and rows + load.count <= REQUEST_ROWS
            and size + load.size <= self._request_bytes
            and self._is_stored(load) == self._is_stored(before[0])
        )

    def _full(self) -> None:
        if self._pool.waiting >= self._carrying:
            self._arrivals.wake()

    @property
    def _most(self) -> int:
        """How many loads a request may be for."""
        return self._loads_most if self._pool.roomy else self._loads_max

    def _is_stored(self, load: Load) -> bool:
        return self._stored is not None and self._intake is not None and self._intake.holds(load)

    def _fetch(self, way: Way, request: Sequence[tuple[Load, memoryview]]) -> None:
        """Bring the rows of a request here; a row that comes wrong is fetched again, alone, then those behind it."""
        if self._is_stored(request[0][0]):
            self._reread(request)
            return
        first, last = request[0][0].first, request[-1][0]
        end, alone = last.first + last.count, False
        for _ in range(REFETCHES_MAX + len(self._roads.all)):
            try:
                if alone:
                    self._ask(way, request, first, first + 1)
                    first, alone = first + 1, False
                if first < end:
                    self._ask(way, request, first, end)
            except FAULTS as fault:
                if self._closed:
                    raise
                log.warning("piece %s did not come and is fetched again: %s", way.reached, fault)
                way.failed(fault)
                first, alone = way.reached, isinstance(fault, OpeningError)
            else:
                return
        raise PeerMisbehaved(f"the source keeps sending wrong bytes for piece {first}", "try another source")

    def _ask(self, way: Way, request: Sequence[tuple[Load, memoryview]], first: int, end: int) -> None:
        """Ask for the rows from `first` to before `end`, check each as it comes, and take whole loads in."""
        way.ask(first, end - first, self.table.span(first, end - first)[1])
        for load, slab in request:
            for number in range(max(first, load.first), min(end, load.first + load.count)):
                begin, ends = load.at(number)
                way.lane.read(slab[begin:ends])
                self._check(number, slab[begin:ends])
                way.came(number)
                if number == load.rows[-1]:
                    self._arrived(load, slab, fresh=True)

    def _reread(self, request: Sequence[tuple[Load, memoryview]]) -> None:
        """Take the rows from the replica's own file."""
        assert self._stored is not None
        for load, slab in request:
            for number in load.rows:
                begin, end = load.at(number)
                self._stored.piece_into(number, slab[begin:end])
                self._check(number, slab[begin:end])
            self._arrived(load, slab, fresh=False)

    def _check(self, number: int, piece: memoryview) -> None:
        try:
            accept(self.table[number], piece)
        except OpeningError as error:
            raise error.at(number) from error

    def _arrived(self, load: Load, slab: memoryview, *, fresh: bool) -> None:
        if self._intake is not None and fresh:
            self._intake.take(load, slab)
        if self._keeps:
            held = Held(load, slab, load.count)
            self._held.update((number, held) for number in load.rows)
        else:
            self._pool.give(slab)
        self._arrivals.came(load.first, load.count)
