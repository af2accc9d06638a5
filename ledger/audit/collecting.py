"""The members' logs, read tile by tile: proven, opened, and kept a row an event.

Life of a bundle: its three pages are fetched; `ledger.audit.unsealing` proves and opens it, perhaps in another process;
in log order its leaves join the tree, its times and blocks are held against what came before, its rows are kept. When
all have come, the root is made of the leaves: only then the log has a book.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.audit.asking import each
from ledger.audit.books import Book, Head, fetch_of
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
    """Reads logs for one audit; `key` are the supervisor's (`Pages`), `blocks` what the chain said of those cited."""

    sources: Sources
    key: bytes
    place: Workplace
    entries: Entries
    blocks: Blocks
    absent: set[str] = field(default_factory=set)  # whose logs showed no head
    turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(OPENED_AT_ONCE_MAX))

    async def collect(self, space: Space, report: Report) -> Books:
        """Read and verify every member's log; a log that does not verify is a finding and has no book."""
        numbers = {party.did: number for number, party in enumerate(space.members.values())}

        async def read(party: Member, own: Report) -> Book | None:
            return await self._read(party, numbers[party.did], own)

        self.entries.begin()
        found = await each(space.members.values(), read, report)
        self.entries.finish()
        return {party.did: book for party, book in found if book is not None}

    async def _read(self, party: Member, log: int, report: Report) -> Book | None:
        fetch, parts = fetch_of(self.sources, party), _Parts()
        try:
            note, checkpoint = await self._head(party, fetch)
            self.place.expect(checkpoint.size)
            leaves = await self._stream(party, log, fetch, checkpoint, parts)
        except (Unavailable, ValueError) as error:
            report.find("log-unreadable", party.did, reason=error)
            return None
        for part in (parts.served, parts.found, parts.course.times, parts.course.blocks):
            report.join(part)
        # the root that was made of all leaves proves each of them
        report.proofs_verified += checkpoint.size
        report.signatures_verified += 1
        report.events += parts.rows
        head, last = Head(note, checkpoint, Tree(leaves), fetch), parts.course.last
        newest = None if last is None else at(last.time)
        return Book(party, log, self.entries, newest, head, parts.course.highest)

    async def _head(self, party: Member, fetch: Fetch) -> tuple[Note, Checkpoint]:
        try:
            return await reader.read_checkpoint(fetch, party.log_vkey)
        except Unavailable:
            self.absent.add(party.did)
            raise

    async def _stream(self, party: Member, log: int, fetch: Fetch, checkpoint: Checkpoint, parts: _Parts) -> Leaves:
        """Read all bundles under a checkpoint; `ReadError` if they are not what it says."""
        leaves, size_bytes = Leaves(), 0
        async with aclosing(self._opened(party, fetch, checkpoint)) as bundles:
            async for opened in bundles:
                size_bytes += opened.size_bytes
                reader.check_size(checkpoint, size_bytes)
                leaves.extend(opened.leaves)
                parts.take(opened)
                await parts.course.follow(party.did, opened.rows, self.blocks)
                self.entries.add(log, opened.rows)
                self.place.count(len(opened.rows))
        reader.check_root(checkpoint, leaves)
        return leaves

    async def _opened(self, party: Member, fetch: Fetch, checkpoint: Checkpoint) -> AsyncGenerator[Opened, None]:
        """Yield a log's bundles in order while the next ones are on their way."""
        ahead: deque[asyncio.Task[Opened]] = deque()
        try:
            for tile in tiles_of_level(ENTRIES, checkpoint.size):
                ahead.append(asyncio.create_task(self._bundle(party, fetch, tile)))
                if len(ahead) > BUNDLES_AHEAD_MAX:
                    yield await ahead.popleft()
            while ahead:
                yield await ahead.popleft()
        finally:
            for task in ahead:
                task.cancel()
            await asyncio.gather(*ahead, return_exceptions=True)

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

    served: Report = field(default_factory=Report)
    found: Report = field(default_factory=Report)
    course: Course = field(default_factory=Course)
    rows: int = 0

    def take(self, opened: Opened) -> None:
        self.served.join(opened.served)
        self.found.join(opened.found)
        self.rows += len(opened.rows)
