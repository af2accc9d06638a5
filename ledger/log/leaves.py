"""The leaf hashes of a log that is read from its beginning: 33 bytes an entry, and any of its heads can be made again.

They are laid out as `ledger.log.tree.Tree` proves from: by tile levels, each a run of 32-byte hashes.
"""

from __future__ import annotations

from ledger.log import merkle
from ledger.log.merkle import HASH_BYTES
from ledger.log.tiles import TILE_WIDTH_HASHES

TILE_BYTES = TILE_WIDTH_HASHES * HASH_BYTES


class Leaves:
    """`ledger.log.tree.Hashes` that only grow."""

    def __init__(self) -> None:
        self._levels = [bytearray()]

    def size(self) -> int:
        """Return the number of entries."""
        return len(self._levels[0]) // HASH_BYTES

    def hashes(self, level: int, first: int, count: int) -> list[bytes]:
        """Return `count` consecutive hashes of a tile level."""
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
        full = range(before, len(held) // TILE_BYTES)
        above = b"".join(merkle.perfect(self.hashes(level, at * TILE_WIDTH_HASHES, TILE_WIDTH_HASHES)) for at in full)
        if above:
            self.extend(above, level + 1)
