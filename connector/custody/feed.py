"""A source read once, in order, a slot at a time, and digested on the way (spec 1.2, 1.6).

Law: who fills a slot is alone. A load holds consecutive rows, of several files where they are small, each at a sector
as in our file, so that its image is written at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from blake3 import blake3

from connector.custody.sources import unread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from connector.custody.conveyor import Slot
    from connector.custody.layout import Layout
    from connector.custody.sources import Source

    Progress = Callable[[int, int], object]
    Unread = tuple[int, int, Callable[[memoryview], None]]


class Feed:
    """The pieces of a source that are still to be read; `progress(plain bytes read, of)` after each."""

    def __init__(self, source: Source, layout: Layout, progress: Progress) -> None:
        self._layout = layout
        self._progress = progress
        self._total = source.size
        self._done = 0
        self._row, self._place = layout.index_rows, layout.data_place
        self._whole = blake3()
        self._unread = _unread(source, layout)
        self._next = next(self._unread, None)

    def fill(self, slot: Slot) -> bool:
        """Fill the slot with what comes next, as much as it takes; return whether there was anything."""
        slot.clear(self._place)
        while self._next is not None and slot.takes(self._layout.sealed_bytes(self._next[0])):
            size, group, read = self._next
            plain = slot.add(self._row, group, size, self._layout.sealed_bytes(size))
            read(plain)
            self._whole.update(plain)
            self._row, self._done = self._row + 1, self._done + size
            self._progress(self._done, self._total)
            self._next = next(self._unread, None)
        self._place += slot.size
        return bool(slot.pieces)

    def digest(self) -> bytes:
        """Return the digest of the whole plaintext, which has been read."""
        assert self._next is None
        assert self._row == self._layout.index_rows + self._layout.data_rows
        return self._whole.digest()


def _unread(source: Source, layout: Layout) -> Iterator[Unread]:
    """Yield length, group and the reading of every piece; each is to be read before the next is asked for."""
    for file, cut in zip(source.files, layout.cuts, strict=True):
        for (size, read), group in zip(unread(file, cut.lengths), cut.groups, strict=True):
            yield size, group, read
