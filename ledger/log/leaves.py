"""The leaf hashes of a log that is read from its beginning: 33 bytes an entry, and any of its heads can be made again.

They are laid out as `ledger.log.tree.Tree` proves from: by tile levels, each a run of 32-byte hashes. Of a log that was
read before, the roots of its full tiles are enough: a byte for eight entries; a tile is fetched if a head ends in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log import merkle
from ledger.log.merkle import HASH_BYTES
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Callable

TILE_BYTES = TILE_WIDTH_HASHES * HASH_BYTES


class Leaves:
    """`ledger.log.tree.Hashes` that only grow."""

    def __init__(self, roots: bytes = b"", tile: Callable[[int], bytes] | None = None) -> None:
        """Begin behind the tiles with these roots, written one after the other; `tile` returns 256 leaf hashes."""
        self._levels = [bytearray()]
        self._below = len(roots) // HASH_BYTES * TILE_WIDTH_HASHES
        self._tile = tile
        if roots:
            self.extend(roots, 1)

    def size(self) -> int:
        """Return the number of entries."""
        return self._below + len(self._levels[0]) // HASH_BYTES

    def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """Return `count` consecutive hashes of a tile level, of leaves within one tile."""
        if level == 0 and first < self._below:
            return self._fetched(first, count)
        first -= 0 if level else self._below
        found = self._levels[level][first * HASH_BYTES : (first + count) * HASH_BYTES]
        assert len(found) == count * HASH_BYTES
        return [bytes(found[at : at + HASH_BYTES]) for at in range(0, len(found), HASH_BYTES)]

    def extend(self, leaves: bytes, level: int = 0) -> None:
        """Take the next hashes, written one after the other; every tile that fills gives one to the level above."""
        if level == len(self._levels):
            self._levels.append(bytearray())
        held = self._levels[level]
        before = len(held) // TILE_BYTES
        held += leaves
        full, below = range(before, len(held) // TILE_BYTES), 0 if level else self._below
        tiles = (self.hashes(level, below + at * TILE_WIDTH_HASHES, TILE_WIDTH_HASHES) for at in full)
        above = b"".join(map(merkle.perfect, tiles))
        if above:
            self.extend(above, level + 1)

    def _fetched(self, first: int, count: int) -> list[bytes]:
        assert self._tile is not None
        index, offset = divmod(first, TILE_WIDTH_HASHES)
        body = self._tile(index)
        found = [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]
        assert len(body) == TILE_BYTES
        assert merkle.perfect(found) == self.hashes(1, index, 1)[0]
        return found[offset : offset + count]
