"""The members' logs, collected by a node and kept: each a whole copy of what its member serves, proven as it grows.

Law: (1) an entry counts when it is proven to be in the log under a head that its member signed, and that head follows
from the one before: who goes back, or says something else of what it said, is named and its copy stays as it was.
(2) What is disclosed to certain readers stays closed to the node. (3) Nothing that was collected is thrown away. (4) A
log that cannot be read hinders no other.
"""

from __future__ import annotations

import asyncio
import logging
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from connector.exchange.node.copies import LogCopy
from connector.identity.space.node import NODE
from connector.net import log_files
from connector.runtime.errors import PenstockError
from connector.store.rows.collected import CollectedBundleRow, CollectedLogRow, CollectedMarkRow
from ledger.log import checkpoint as checkpoints
from ledger.log import events, reader
from ledger.log import note as notes
from ledger.log.reader import ReadError
from ledger.log.tiles import ENTRIES, TILE_WIDTH_HASHES, Tile, tiles_of_level

if TYPE_CHECKING:
    from connector.core.core import Core
    from connector.identity.space.view import SpaceView
    from connector.store.transaction import Tx
    from contracts.canonical import JsonObject
    from ledger.log.leaves import Leaves
    from ledger.log.reader import Fetch
    from ledger.space.document import Member

# how often logs are looked at, how many at once, and how long what discloses a bundle may be
COLLECT_SECONDS: Final = 30.0
LOGS_AT_ONCE: Final = 4
FILE_BYTES_MAX: Final = 32 << 20

log = logging.getLogger(__name__)


class Collection:
    """The copies that a node keeps."""

    def __init__(self, core: Core, space: SpaceView) -> None:
        self._core, self._space = core, space
        self._collected = float("-inf")
        self._turn = asyncio.Lock()
        self._leaves: dict[str, Leaves] = {}  # of each log the full bundles, made again after a start

    async def chore(self) -> None:
        """Collect when it is time; a chore of the monitor, at a node."""
        now = self._core.clock.monotonic()
        if NODE in self._core.identity.roles and now - self._collected >= COLLECT_SECONDS:
            self._collected = now
            await self.collect()

    async def collect(self) -> list[JsonObject]:
        """Read every member's log on to its newest head; returns what is kept of each then."""
        async with self._turn:
            space = await self._space.whole()
            places = asyncio.Semaphore(LOGS_AT_ONCE)

            async def one(member: Member) -> None:
                async with places:
                    await self._read_on(member)

            await asyncio.gather(*(one(each) for each in space.members.values() if each.did != self._core.identity.did))
        return await self.page()

    async def page(self) -> list[JsonObject]:
        """List the copies: whose, how far, when looked at last, and what was wrong."""
        rows = {row.member: row for row in await self._core.store.read(lambda tx: tx.find(CollectedLogRow))}
        members = (await self._space.whole()).members
        return [
            {
                "member": did,
                "name": members[did].name if did in members else "",
                "origin": row.origin,
                "entries": str(row.size),
                "root": root_of(row),
                "collected": row.collected.isoformat(timespec="seconds"),
                "trouble": row.trouble,
            }
            for did, row in sorted(rows.items())
        ]

    async def _read_on(self, member: Member) -> None:
        before = await self._core.store.read(lambda tx: tx.get(CollectedLogRow, member=member.did))
        now = self._core.clock.now()
        known = before or CollectedLogRow(
            member=member.did, origin=member.origin, size=0, checkpoint=b"", collected=now, trouble=""
        )
        try:
            after = await self._follow(member, known)
        except (PenstockError, ValueError, TimeoutError) as fault:
            log.warning("the log of `%s` was not collected: %s", member.did, fault)
            after = replace(known, trouble=str(fault)[:500])
        await self._core.store.write(lambda tx: tx.put(replace(after, collected=now)))

    async def _follow(self, member: Member, known: CollectedLogRow) -> CollectedLogRow:
        """Collect what is new; return the log as it is kept then; raises ReadError where it does not follow."""
        fetch = log_files.below(self._core.outbound, f"{member.url}/log", FILE_BYTES_MAX)
        note, head = await reader.read_checkpoint(fetch, member.log_vkey)
        if head.size < known.size:
            raise ReadError(f"its newest head has {head.size} entries, {known.size} were collected")
        if head.size == known.size:
            if root_of(known) != head.root.hex():
                raise ReadError("it shows two heads of the same size")
            return replace(known, checkpoint=note.encode().encode(), trouble="")
        copy = LogCopy(self._core.store, known)
        full = deepcopy(self._leaves.get(member.did) or await copy.full())
        first, rest = full.size() // TILE_WIDTH_HASHES, b""
        kept = await copy.partial(full.size())
        await self._core.store.write(lambda tx: _forget_unproven(tx, known))
        for tile in tiles_of_level(ENTRIES, head.size):
            if tile.index < first:
                continue
            leaves = await self._keep(member.did, tile, fetch, kept if tile.index == first else b"")
            if tile.width == TILE_WIDTH_HASHES:
                full.extend(leaves)
            else:
                rest = leaves
        proven = deepcopy(full)
        proven.extend(rest)
        reader.check_root(head, proven)
        self._leaves[member.did] = full
        return replace(known, size=head.size, checkpoint=note.encode().encode(), trouble="")

    async def _keep(self, member: str, tile: Tile, fetch: Fetch, kept: bytes) -> bytes:
        """Fetch a bundle that begins with the leaves `kept`, keep it until its head is proven; return its leaves."""
        first = tile.index * TILE_WIDTH_HASHES
        body, hashes, addenda = await reader.fetch_bundle(fetch, tile)
        entries, found = reader.read_bundle(tile, body, hashes)
        leaves = b"".join(found)
        if not leaves.startswith(kept):
            raise ReadError("entries that were collected are others now")

        def act(tx: Tx) -> None:
            tx.put(CollectedBundleRow(
                member=member, number=tile.index, width=tile.width, entries=body, addenda=addenda
            ))  # fmt: skip
            for index, entry in enumerate(entries, first):
                for mark in _marks(entry):
                    tx.put(CollectedMarkRow(mark=mark, member=member, entry=index))

        await self._core.store.write(act)
        return leaves


def root_of(row: CollectedLogRow) -> str:
    """Return the root that was proven last, empty before the first."""
    return checkpoints.parse_text(notes.parse(row.checkpoint).text).root.hex() if row.checkpoint else ""


def _forget_unproven(tx: Tx, known: CollectedLogRow) -> None:
    """Forget what is said of entries beyond those that were proven: a round before this one did not come to its end."""
    tx.execute("DELETE FROM collected_marks WHERE member = ? AND entry >= ?", known.member, known.size)


def _marks(entry: bytes) -> set[str]:
    """Return what an entry is about; of one that is none of ours nothing."""
    try:
        read = events.decode(entry)
    except events.EventError:
        return set()
    return {one for one in (read.part, *read.link) if one}
