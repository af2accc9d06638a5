"""Tiles and entry bundles of C2SP tlog-tiles: paths, widths and bytes.

    tile/<level>/<index>[.p/<width>]      hashes, 32 bytes each, 256 to a full tile
    tile/entries/<index>[.p/<width>]      entries, each behind its length as u16

An index is written in groups of three digits, all but the last with an `x`: 1234067 is `x001/x234/067`. Hash i of
tile n at level l is the root of leaves [(256n + i) * 256^l, (256n + i + 1) * 256^l). Only complete hashes are kept,
so the tile of a growing tree is partial and never hashed upwards.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.log.merkle import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

TILE_WIDTH_HASHES = 256
LEVEL_LIMIT = 63
ENTRY_LIMIT_BYTES = 65_535
ENTRIES = -1  # the "level" of an entry bundle

_PATH = re.compile(r"tile/(entries|\d{1,2})/((?:x\d{3}/){0,6}\d{3})(?:\.p/(\d{1,3}))?")


class TileError(ValueError):
    """A path or a body that tlog-tiles does not allow; whoever wrote it is at fault."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One immutable resource: `level` (ENTRIES for a bundle), `index` in that level, `width` 1..256."""

    level: int
    index: int
    width: int = TILE_WIDTH_HASHES

    def __post_init__(self) -> None:
        if not ENTRIES <= self.level <= LEVEL_LIMIT or self.index < 0 or not 1 <= self.width <= TILE_WIDTH_HASHES:
            raise TileError(f"no tile at level `{self.level}` index `{self.index}` width `{self.width}`")

    @property
    def path(self) -> str:
        """Return the path below the log's prefix."""
        digits = f"{self.index:03}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        index = "/".join([*("x" + group for group in groups[:-1]), groups[-1]])
        level = "entries" if self.level == ENTRIES else str(self.level)
        suffix = "" if self.width == TILE_WIDTH_HASHES else f".p/{self.width}"
        return f"tile/{level}/{index}{suffix}"

    @property
    def full(self) -> Tile:
        """Return the full tile that replaces this partial one."""
        return Tile(self.level, self.index)


def parse_path(path: str) -> Tile:
    """Read a path strictly: what does not come back equal when written again is refused."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError(f"`{path}` is no tile path; see C2SP tlog-tiles")
    level, index, width = match.groups()
    tile = Tile(
        ENTRIES if level == "entries" else int(level),
        int(index.replace("/", "").replace("x", "")),
        TILE_WIDTH_HASHES if width is None else int(width),
    )
    if tile.path != path:
        raise TileError(f"`{path}` is not written canonically; did you mean `{tile.path}`")
    return tile


def level_size(level: int, size: int) -> int:
    """Return how many complete hashes a tree of `size` leaves has at a tile level."""
    return size >> 8 * max(level, 0)


def tiles_of_level(level: int, size: int) -> Iterator[Tile]:
    """Yield the tiles of one level (ENTRIES: the bundles) of a tree of `size` leaves, the last one perhaps partial."""
    count = level_size(level, size)
    for index in range(-(-count // TILE_WIDTH_HASHES)):
        yield Tile(level, index, min(TILE_WIDTH_HASHES, count - index * TILE_WIDTH_HASHES))


def resources(size: int) -> Iterator[Tile]:
    """Yield everything a static copy of a log of `size` entries must hold, bundles first."""
    yield from tiles_of_level(ENTRIES, size)
    level = 0
    while level_size(level, size):
        yield from tiles_of_level(level, size)
        level += 1


def decode_tile(body: bytes, width: int) -> list[bytes]:
    """Split a tile into its hashes; its length must be exactly `width` hashes."""
    if len(body) != width * HASH_BYTES:
        raise TileError(f"a tile of width `{width}` has {width * HASH_BYTES} bytes, not `{len(body)}`")
    return [body[at : at + HASH_BYTES] for at in range(0, len(body), HASH_BYTES)]


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """Join entries behind their u16 lengths."""
    if any(len(entry) > ENTRY_LIMIT_BYTES for entry in entries):
        raise TileError(f"an entry is over {ENTRY_LIMIT_BYTES} bytes")
    return b"".join(len(entry).to_bytes(2) + entry for entry in entries)


def decode_bundle(body: bytes, width: int) -> list[bytes]:
    """Split a bundle into exactly `width` entries, with nothing left over."""
    entries: list[bytes] = []
    at = 0
    while at < len(body):
        if len(entries) == width:  # no more is looked at than was asked for
            raise TileError(f"an entry bundle of width `{width}` has bytes left over")
        end = at + 2 + int.from_bytes(body[at : at + 2])
        if end > len(body):
            raise TileError("an entry bundle ends inside an entry")
        entries.append(body[at + 2 : end])
        at = end
    if len(entries) != width:
        raise TileError(f"an entry bundle of width `{width}` holds `{len(entries)}` entries")
    return entries
