"""The members' logs, read tile by tile: proven, opened, and kept a row an event.

Life of a bundle: its three pages are fetched; `ledger.audit.unsealing` proves and opens it, perhaps in another process;
in log order its leaves join the tree, its times and blocks are held against what came before, its rows are kept. When
all have come, the root is made of the leaves: only then the log has a book.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.audit.asking import each
from ledger.audit.books import Book, Head, fetch_of
from ledger.audit.carried import Stretch
from ledger.audit.course import Course
from ledger.audit.event import at
from ledger.audit.report import Report
from ledger.audit.sources import Unavailable
from ledger.audit.unsealing import Pages, unseal
from ledger.audit.workplace import BUNDLES_AHEAD_MAX, OPENED_AT_ONCE_MAX
from ledger.log import reader
from ledger.log.leaves import Leaves
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, tiles_of_level
from ledger.log.tree import Tree

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from ledger.audit.books import Books
    from ledger.audit.carried import Carried
    from ledger.audit.course import Blocks
    from ledger.audit.entries import Entries
    from ledger.audit.sources import Sources
    from ledger.audit.unsealing import Opened
    from ledger.audit.workplace import Workplace
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.note import Note
    from ledger.log.reader import Fetch
    from ledger.space.document import Member, Space


@dataclass(slots=True)
class Collector:
    """Reads logs for one audit; `key` are the supervisor's (`Pages`), `blocks` what the chain said of those cited.

    What an audit before has proven of a log is in `carried`, and is not read again.
    """

    sources: Sources
    key: bytes
    place: Workplace
    entries: Entries
    blocks: Blocks
    carried: Carried
    absent: set[str] = field(default_factory=set)  # whose logs showed no head
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENED_AT_ONCE_MAX))

    async def collect(self, space: Space, report: Report) -> Books:
        """Read and verify every member's log; a log that does not verify is a finding and has no book.

        The table of entries is to be finished before a book is asked.
        """
        self.entries.begin()
        found = await each(space.members.values(), self._read, report)
        return {party.did: book for party, book in found if book is not None}

    async def _read(self, party: Member, report: Report) -> Book | None:
        fetch = fetch_of(self.sources, party)
        try:
            note, checkpoint = await self._head(party, fetch)
            self.place.expect(checkpoint.size)
            parts, leaves = await self._proven(party, fetch, checkpoint, report)
        except (Unavailable, ValueError) as error:
            report.find("log-unreadable", party.did, reason=error)
            return None
        for part in (parts.served, parts.found, parts.course.times, parts.course.blocks):
            report.join(part)
        # the root that was made of all leaves proves each of them
        report.proofs_verified += checkpoint.size
        report.signatures_verified += 1
        report.events += parts.stretch.rows
        stretch, last = parts.stretch, parts.course.last
        head = Head(note, checkpoint, Tree(leaves), fetch, self.entries.heads(stretch.number))
        self.carried.reached(party.did, stretch, leaves, head.roots)
        newest = None if last is None else at(last)
        return Book(party, stretch.number, self.entries, newest, head, parts.course.highest)

    async def _head(self, party: Member, fetch: Fetch) -> tuple[Note, Checkpoint]:
        try:
            return await reader.read_checkpoint(fetch, party.log_vkey)
        except Unavailable:
            self.absent.add(party.did)
            raise

    async def _proven(
        self, party: Member, fetch: Fetch, checkpoint: Checkpoint, report: Report
    ) -> tuple[_Parts, Leaves]:
        """Read a log from where an audit before ended; from its beginning if it does not go on from there."""
        known = self.carried.known(party.did)
        if known is not None:
            parts = _Parts(Stretch.of(known), course=Course.of(known.course))
            with suppress(ValueError):
                return parts, await self._stream(party, fetch, checkpoint, parts)
        parts = _Parts(self.carried.fresh())
        leaves = await self._stream(party, fetch, checkpoint, parts)
        if known is not None:
            report.find("log-rewritten", party.did, size=known.size)
        return parts, leaves

    async def _stream(self, party: Member, fetch: Fetch, checkpoint: Checkpoint, parts: _Parts) -> Leaves:
        """Read the bundles under a checkpoint; `ReadError` if they are not what it says."""
        stretch = parts.stretch
        leaves = self.entries.leaves(stretch.number) if stretch.first else Leaves()
        self.place.spare(stretch.rows)
        async with aclosing(self._opened(party, fetch, checkpoint, stretch)) as bundles:
            async for bundle, opened in bundles:
                if stretch.has(bundle):
                    _check_same(checkpoint, leaves, bundle, opened)
                else:
                    leaves.extend(opened.leaves)
                    await parts.course.follow(party.did, opened.rows, self.blocks)
                parts.take(bundle, opened)
                reader.check_size(checkpoint, stretch.size_bytes)
                self.entries.add(stretch.number, opened.rows)
                self.place.count(len(opened.rows))
                stretch.stop(party.did, parts.course, self.carried.final)
        reader.check_root(checkpoint, leaves)
        return leaves

    async def _opened(
        self, party: Member, fetch: Fetch, checkpoint: Checkpoint, stretch: Stretch
    ) -> AsyncGenerator[tuple[int, Opened], None]:
        """Yield the bundles that a log has to be read for, in order, while the next ones are on their way."""
        ahead: deque[tuple[int, asyncio.Task[Opened]]] = deque()
        try:
            for tile in tiles_of_level(ENTRIES, checkpoint.size):
                if not stretch.wants(tile.index):
                    continue
                ahead.append((tile.index, asyncio.create_task(self._bundle(party, fetch, tile))))
                if len(ahead) > BUNDLES_AHEAD_MAX:
                    bundle, task = ahead.popleft()
                    yield bundle, await task
            while ahead:
                bundle, task = ahead.popleft()
                yield bundle, await task
        finally:
            for _, task in ahead:
                task.cancel()
            await asyncio.gather(*(task for _, task in ahead), return_exceptions=True)

    async def _bundle(self, party: Member, fetch: Fetch, tile: Tile) -> Opened:
        async with self.turn:
            hashes = Tile(0, tile.index, tile.width)
            entries, served = await fetch(tile.path), await fetch(hashes.path)
            addenda, missing = b"", ""
            try:
                addenda = await fetch(f"addenda/{tile.index * TILE_WIDTH_HASHES}-{tile.width}")
            except Unavailable as error:
                missing = str(error)
            pages = Pages(party.did, tile, entries, served, addenda, missing, self.key)
            return await self.place.run(unseal, pages)


@dataclass(slots=True)
class _Parts:
    """What was found in one log so far, by what was looked at."""

    stretch: Stretch
    served: Report = field(default_factory=Report)
    found: Report = field(default_factory=Report)
    course: Course = field(default_factory=Course)

    def take(self, bundle: int, opened: Opened) -> None:
        self.served.join(opened.served)
        self.found.join(opened.found)
        self.stretch.take(bundle, opened)


def _check_same(checkpoint: Checkpoint, leaves: Leaves, bundle: int, opened: Opened) -> None:
    """Raise `ReadError` unless a bundle that is read again has the leaves that were proven."""
    width = TILE_WIDTH_HASHES
    if bundle * width + width > leaves.size() or b"".join(leaves.hashes(0, bundle * width, width)) != opened.leaves:
        raise reader.ReadError(f"bundle `{bundle}` of `{checkpoint.origin}` is not what was proven before")
