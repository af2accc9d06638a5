"""Pieces on their way from a source to a sealed file: each carrier takes a load all the way.

    one carrier at a time   fill: read the next pieces, digest them with the whole
    all at once             seal: digest, encrypt, digest, write

Law: nothing is handed from thread to thread, so nobody waits for another to wake up; memory is one slot for each
carrier, whatever the source; the first thing that fails ends the work and is raised.
"""

from __future__ import annotations

import mmap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connector.custody.places import SECTOR_BYTES, sectors
from ledger.edition.row import MAX_PIECE_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

# digests, ciphers and files leave the interpreter's lock alone: two carriers keep two cores busy while two wait for
# the disk
CARRIERS = 4
# pieces of one write: small ones would cost a call each; 2 and 4 MiB at once leave the processor waiting (measured)
LOAD_BYTES = 1024 * 1024
SLOT_BYTES = MAX_PIECE_BYTES  # of which no more is touched than a load, or a larger piece, needs


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece in a slot: its row, its group, where it begins there, and its plain bytes."""

    row: int
    group: int
    at: int
    size: int


@dataclass(slots=True)
class Slot:
    """Memory for one load, in whole pages: plaintexts, and the image of a stretch of our file with room for a tag.

    `place` is where in our file the stretch begins, `size` how many bytes it has so far, in whole sectors.
    """

    plain: memoryview
    sealed: memoryview
    place: int = 0
    size: int = 0
    pieces: list[Piece] = field(default_factory=list)

    @classmethod
    def new(cls) -> Slot:
        """Make a slot of SLOT_BYTES."""
        return cls(memoryview(mmap.mmap(-1, SLOT_BYTES)), memoryview(mmap.mmap(-1, SLOT_BYTES + SECTOR_BYTES)))

    def clear(self, place: int) -> None:
        """Begin a stretch at `place`."""
        self.place, self.size = place, 0
        self.pieces.clear()

    def takes(self, sealed_bytes: int) -> bool:
        """Whether there is room for a piece of so many sealed bytes; for one there always is."""
        return not self.pieces or self.size + sectors(sealed_bytes) <= LOAD_BYTES

    def add(self, row: int, group: int, size: int, sealed_bytes: int) -> memoryview:
        """Put a piece behind the others; return the memory for its `size` plain bytes."""
        at = self.size
        self.pieces.append(Piece(row, group, at, size))
        self.size += sectors(sealed_bytes)
        return self.plain[at : at + size]


def carry(fill: Callable[[Slot], bool], seal: Callable[[Slot], object]) -> None:
    """Have carriers fill slots, one at a time, and seal them, all at once, until `fill` says that nothing is left."""
    carriers = _Carriers(fill, seal)
    with ThreadPoolExecutor(CARRIERS, "sealer") as threads:
        try:
            for done in [threads.submit(carriers.work) for _ in range(CARRIERS)]:
                done.result()
        finally:
            carriers.over = True


class _Carriers:
    """What the carriers share."""

    def __init__(self, fill: Callable[[Slot], bool], seal: Callable[[Slot], object]) -> None:
        self._fill = fill
        self._seal = seal
        self._turn = threading.Lock()
        self._left = True
        self.over = False

    def work(self) -> None:
        """Carry loads until there are none; raise what went wrong, having ended the work of all."""
        slot = Slot.new()
        try:
            while self._filled(slot):
                self._seal(slot)
        except BaseException:
            self.over = True
            raise

    def _filled(self, slot: Slot) -> bool:
        with self._turn:
            if self.over or not self._left:
                return False
            self._left = False  # and so it stays if the source fails
            self._left = self._fill(slot)
            return self._left
