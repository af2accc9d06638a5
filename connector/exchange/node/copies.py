"""A member's log out of a node's copy: its entries, and its files as its owner would serve them up to that head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from connector.runtime.errors import Absent
from connector.store.rows.collected import CollectedBundleRow, CollectedLogRow
from ledger.log import merkle
from ledger.log.leaves import Leaves
from ledger.log.tiles import (
    ENTRIES,
    TILE_WIDTH_HASHES,
    Tile,
    TileError,
    decode_bundle,
    encode_bundle,
    level_size,
    parse_path,
)

if TYPE_CHECKING:
    from connector.store.store import Store
    from connector.store.transaction import Tx


@dataclass(frozen=True, slots=True)
class LogCopy:
    """The copy of one member's log, as far as it was proven."""

    store: Store
    row: CollectedLogRow

    async def full(self) -> Leaves:
        """Return the leaf hashes of all full bundles."""
        leaves = Leaves()
        for number in range(self.row.size // TILE_WIDTH_HASHES):
            leaves.extend(hashes(await self.entries(number)))
        return leaves

    async def partial(self, first: int) -> bytes:
        """Return the leaf hashes from the entry `first` on, with which a bundle begins, to the end."""
        return hashes(await self.entries(first // TILE_WIDTH_HASHES)) if first < self.row.size else b""

    async def entries(self, number: int) -> list[bytes]:
        """Return the entries of a bundle, as far as they were proven; raises Absent."""
        return self._proven(await self.store.read(lambda tx: self._bundle(tx, number)))

    async def addenda(self, first: int, count: int) -> bytes:
        """Return what discloses a whole bundle to its readers; raises Absent."""
        row = await self.store.read(lambda tx: self._bundle(tx, first // TILE_WIDTH_HASHES))
        kept = len(self._proven(row))
        if first % TILE_WIDTH_HASHES or count > kept:
            raise Absent("a copy has the addenda of whole bundles")
        return row.addenda if count == row.width else orjson.dumps(orjson.loads(row.addenda)[:count])

    async def tile(self, path: str) -> bytes:
        """Return a hash tile or an entry bundle; raises Absent for what the log did not have at that head."""
        try:
            wanted = parse_path(path)
        except TileError as error:
            raise Absent(str(error)) from error
        there = self._there(wanted)
        if wanted.level == ENTRIES:
            return encode_bundle((await self.entries(wanted.index))[:there])
        return b"".join((await self._hashes(wanted.level, wanted.index))[:there])

    async def _hashes(self, level: int, index: int) -> list[bytes]:
        """Return the hashes of a tile, made of what lies below it alone: anybody may ask, however long the log is."""
        if level == 0:
            return [merkle.leaf_hash(entry) for entry in await self.entries(index)]
        first = index * TILE_WIDTH_HASHES
        count = min(TILE_WIDTH_HASHES, level_size(level, self.row.size) - first)
        return [merkle.perfect(await self._hashes(level - 1, at)) for at in range(first, first + count)]

    def _there(self, wanted: Tile) -> int:
        """Return the width of a tile that is there; raises Absent."""
        rest = level_size(wanted.level, self.row.size) - wanted.index * TILE_WIDTH_HASHES
        if wanted.width > rest:
            raise Absent(f"`{wanted.path}` is beyond what was collected")
        return wanted.width

    def _bundle(self, tx: Tx, number: int) -> CollectedBundleRow:
        row = tx.get(CollectedBundleRow, member=self.row.member, number=number)
        if row is None or number * TILE_WIDTH_HASHES >= self.row.size:
            raise Absent("that is beyond what was collected")
        return row

    def _proven(self, row: CollectedBundleRow) -> list[bytes]:
        return decode_bundle(row.entries, row.width)[: self.row.size - row.number * TILE_WIDTH_HASHES]


def hashes(entries: list[bytes]) -> bytes:
    """Return the leaf hashes of entries, one after the other."""
    return b"".join(merkle.leaf_hash(entry) for entry in entries)
