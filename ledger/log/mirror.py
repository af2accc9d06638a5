"""A log in memory, and a log as static files: what a mirror holds, and what a plain directory can serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.log.tiles import resources
from ledger.log.tree import Log

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ledger.log.note import Note


class MemoryShelf:
    """`ledger.log.tree.Shelf` over lists."""

    def __init__(self) -> None:
        self._entries: list[bytes] = []
        self._levels: dict[int, list[bytes]] = {0: []}

    def size(self) -> int:
        """Return the number of entries."""
        return len(self._entries)

    def hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive hashes of a tile level."""
        found = self._levels[level][first : first + count]
        assert len(found) == count
        return found

    def put_hash(self, level: int, index: int, value: bytes) -> None:
        """Keep the next hash of a level."""
        hashes = self._levels.setdefault(level, [])
        assert index == len(hashes)
        hashes.append(value)

    def entries(self, first: int, count: int) -> Sequence[bytes]:
        """Return `count` consecutive entries."""
        return self._entries[first : first + count]

    def put_entry(self, index: int, entry: bytes, leaf: bytes) -> None:
        """Keep the next entry and its leaf hash."""
        assert index == len(self._entries)
        self._entries.append(entry)
        self._levels[0].append(leaf)


def build(entries: Iterable[bytes]) -> Log:
    """Return a log in memory over these entries."""
    log = Log(MemoryShelf())
    for entry in entries:
        log.append(entry)
    return log


def files(log: Log, size: int, note: Note) -> Iterator[tuple[str, bytes]]:
    """Yield (path, bytes) of everything a static copy of the first `size` entries holds, the checkpoint last."""
    for tile in resources(size):
        yield tile.path, log.tile(tile)
    yield "checkpoint", note.encode().encode()
