"""All members' logs as they can be read here: proven bundle by bundle, opened as far as they are disclosed to us.

Law: what is kept was proven to be in the log under a signed head (its leaves are those of its tile; the audit proves
the tiles against the root); a log that cannot be read is named, and hinders no other. Reading goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.net import log_files
from connector.runtime.errors import PenstockError
from connector.runtime.limits import LOGBOOK_EVENTS_MAX
from ledger.audit.event import Event
from ledger.audit.unsealing import Pages, raw_keys, unseal
from ledger.log import reader
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, tiles_of_level

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from ledger.space.document import Member

TILE_BYTES_MAX = 32 << 20
# heads asked for at once
LOGS_AT_ONCE = 8


@dataclass(slots=True)
class Logbook:
    """One member's log as far as it was read: `whole` counts the full bundles, `trouble` says what is in the way."""

    events: list[Event] = field(default_factory=list)
    whole: int = 0
    size: int = 0
    trouble: str = ""


class Logbooks:
    """The logs of the space's members."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space
        self._books: dict[str, Logbook] = {}
        self._turn = asyncio.Lock()

    async def current(self) -> dict[str, Logbook]:
        """Return every member's log, read up to its newest head."""
        async with self._turn:
            space = await self._space.whole()
            places = asyncio.Semaphore(LOGS_AT_ONCE)

            async def one(member: Member) -> None:
                async with places:
                    await self._read_on(member)

            await asyncio.gather(*(one(member) for member in space.members.values()))
            return {did: book for did, book in self._books.items() if did in space.members}

    async def _read_on(self, member: Member) -> None:
        book = self._books.setdefault(member.did, Logbook())
        try:
            book.trouble = await self._follow(member, book)
        except (PenstockError, ValueError) as fault:
            book.trouble = str(fault)

    async def _follow(self, member: Member, book: Logbook) -> str:
        """Read on to the newest head; return what kept us from its end, nothing if it was reached."""
        fetch = log_files.below(self._core.outbound, f"{member.url}/log", TILE_BYTES_MAX)
        _, head = await reader.read_checkpoint(fetch, member.log_vkey)
        if head.size == book.size:
            return ""
        kept = sum(len(one.events) for one in self._books.values())
        for tile in tiles_of_level(ENTRIES, head.size):
            if tile.index < book.whole:
                continue
            if kept > LOGBOOK_EVENTS_MAX:
                return f"only {LOGBOOK_EVENTS_MAX:,} events of all logs are kept at hand"
            events = await self._bundle(member, tile, fetch)
            first = tile.index * TILE_WIDTH_HASHES
            if book.size > first:  # the same bundle, shorter, was the last one read
                book.events = [one for one in book.events if one.index < first]
            book.events += events
            book.size, kept = first + tile.width, kept + len(events)
            book.whole = tile.index + (tile.width == TILE_WIDTH_HASHES)
        return ""

    async def _bundle(self, member: Member, tile: Tile, fetch: reader.Fetch) -> list[Event]:
        held, read = self._core.identity.keys, await reader.fetch_bundle(fetch, tile)
        pages = Pages(member.did, tile, *read, "", raw_keys(held.openers))
        opened = await asyncio.to_thread(unseal, pages)
        return [Event.from_row(member.did, row) for row in opened.rows]
