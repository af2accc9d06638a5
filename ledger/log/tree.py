"""The log: an append-only Merkle tree over a shelf that keeps entries and the hashes of tiles.

Life of a leaf: `append` puts entry and leaf hash on the shelf at index `size`; when 256 hashes of a tile level are
complete their root goes to the level above; a checkpoint over the new size is made and signed later, by the owner of
the key. Nothing is ever overwritten. A root costs O(log n) reads: every span a proof needs is made of perfect
subtrees, and each of those is a run of hashes within one tile.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ledger.log import merkle
from ledger.log.tiles import ENTRIES, ENTRY_LIMIT_BYTES, TILE_WIDTH_HASHES, Tile, TileError, encode_bundle, level_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# the end of a tree is made of at most eight subtrees a tile level, of at most 4 KiB each
SUBTREES_KEPT = 256
# full tiles above the leaves whose nodes are kept, 24 KiB each: a log of 10 million entries has 153 of them
TILES_KEPT = 256


class Hashes(Protocol):
    """What a log is proven from. Levels are tile levels: level 0 are the leaf hashes."""

    def size(self) -> int:
        """Return the number of entries."""

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level."""


class Shelf(Hashes, Protocol):
    """Where a log lies; leaf hashes are put by `put_entry`."""

    def put_hash(self, level: int, index: int, value: bytes) -> None:
        """Keep a hash of level 1 or above."""

    def entries(self, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive entries."""

    def put_entry(self, index: int, entry: bytes, leaf: bytes) -> None:
        """Keep an entry and its leaf hash."""


@dataclass(frozen=True, slots=True)
class Run:
    """A perfect subtree: `count` (a power of two up to 128, or 1) hashes of one tile level, from `first` on."""

    level: int
    first: int
    count: int


class Nodes(NamedTuple):
    """Every node within a full tile: `heights[h]` are the joined roots of its subtrees of 2^h hashes."""

    heights: tuple[bytes, ...]

    def root(self, offset: int, count: int) -> bytes:
        """Return the root of `count` hashes (a power of two) from `offset` (a multiple of it) on."""
        at = offset // count * merkle.HASH_BYTES
        return self.heights[count.bit_length() - 1][at : at + merkle.HASH_BYTES]


def runs(start: int, end: int) -> Iterator[Run]:
    """Yield the perfect subtrees of a span, left to right; the span must be one that RFC 9162 proofs use."""
    while start < end:
        height = (end - start).bit_length() - 1
        assert start % (1 << height) == 0, "a proof asks only for aligned spans"
        level = height // 8
        yield Run(level, start >> 8 * level, 1 << height % 8)
        start += 1 << height


class Tree:
    """Proves from the hashes of one log."""

    def __init__(self, hashes: Hashes) -> None:
        self._hashes = hashes
        self._read: dict[tuple[int, int], Nodes] = {}  # full tiles: the siblings of one proof lie in the same few

    @property
    def size(self) -> int:
        """Return the number of entries."""
        return self._hashes.size()

    def root(self, size: int | None = None) -> bytes:
        """Return the root of the first `size` entries (default: all)."""
        return self.span(0, self._within(self.size if size is None else size))

    def span(self, start: int, end: int) -> bytes:
        """Return the root of leaves[start:end]."""
        return merkle.fold([self._subtree(run) for run in runs(start, end)])

    def inclusion(self, index: int, size: int | None = None) -> list[bytes]:
        """Return the audit path of an entry in the tree of `size` entries."""
        return merkle.inclusion_proof(self.span, index, self._within(self.size if size is None else size))

    def consistency(self, old: int, size: int | None = None) -> list[bytes]:
        """Return the proof that the first `size` entries extend the first `old`."""
        return merkle.consistency_proof(self.span, old, self._within(self.size if size is None else size))

    def _subtree(self, run: Run) -> bytes:
        """Return the root of a perfect subtree: of a full tile by its nodes, else by the hashes below it."""
        index, offset = divmod(run.first, TILE_WIDTH_HASHES)
        if run.count == 1 or (index + 1) * TILE_WIDTH_HASHES > level_size(run.level, self.size):
            return _root(b"".join(self._hashes.hashes(run.level, run.first, run.count)))
        nodes = self._read.get((run.level, index))
        if nodes is None:
            tile = b"".join(self._hashes.hashes(run.level, index * TILE_WIDTH_HASHES, TILE_WIDTH_HASHES))
            nodes = self._read[run.level, index] = _kept_nodes(tile) if run.level else _nodes(tile)
        return nodes.root(offset, run.count)

    def _within(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise merkle.ProofError(f"this log has `{self.size}` entries, not `{size}`")
        return size


class Log(Tree):
    """Append to, and prove from, one shelf."""

    def __init__(self, shelf: Shelf) -> None:
        super().__init__(shelf)
        self._shelf = shelf

    def append(self, entry: bytes) -> int:
        """Add an entry of 1..65,535 bytes; return its index."""
        return self.append_hashed(entry, merkle.leaf_hash(entry))

    def append_hashed(self, entry: bytes, leaf: bytes) -> int:
        """Add an entry whose leaf hash is known."""
        if not 0 < len(entry) <= ENTRY_LIMIT_BYTES:
            raise TileError(f"an entry has 1 to {ENTRY_LIMIT_BYTES} bytes, not `{len(entry)}`")
        index = self._shelf.size()
        self._shelf.put_entry(index, entry, leaf)
        level, count = 0, index + 1
        while count % TILE_WIDTH_HASHES == 0:
            tile = self._shelf.hashes(level, count - TILE_WIDTH_HASHES, TILE_WIDTH_HASHES)
            level, count = level + 1, count // TILE_WIDTH_HASHES
            self._shelf.put_hash(level, count - 1, merkle.root(tile))
        return index

    def tile(self, tile: Tile) -> bytes:
        """Return a tile's or an entry bundle's bytes; `TileError` if the tree is not that large yet."""
        first = tile.index * TILE_WIDTH_HASHES
        if first + tile.width > level_size(tile.level, self.size):
            raise TileError(f"`{tile.path}` is beyond this log of `{self.size}` entries")
        if tile.level == ENTRIES:
            return encode_bundle(self._shelf.entries(first, tile.width))
        return b"".join(self._shelf.hashes(tile.level, first, tile.width))


@lru_cache(maxsize=TILES_KEPT)
def _kept_nodes(tile: bytes) -> Nodes:
    """Return the nodes of a tile: equal content, equal nodes, whatever log it is of."""
    return _nodes(tile)


def _nodes(tile: bytes) -> Nodes:
    heights = [tile]
    while len(tile) > 2 * merkle.HASH_BYTES:  # the root of the whole tile lies in the level above
        tile = merkle.parents(tile)
        heights.append(tile)
    return Nodes(tuple(heights))


@lru_cache(maxsize=SUBTREES_KEPT)
def _root(hashes: bytes) -> bytes:
    """Return the root of joined hashes at the end of a tree, which every proof under one head needs."""
    while len(hashes) > merkle.HASH_BYTES:
        hashes = merkle.parents(hashes)
    return hashes
