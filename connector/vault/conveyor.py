"""Pieces on their way from a source to a sealed file: read in order by one thread, worked on by several.

    reader (the caller)  →  slot  →  sealer 1 … SEALERS: digest, encrypt, digest, write
                                  →  one thread that digests the whole, piece after piece

Law: memory is SLOTS slots, whatever the source; a slot is filled again only after everybody is done with it; the first
thing that fails ends the work and is raised by the caller's next step.
"""

from __future__ import annotations

import mmap
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from blake3 import blake3

from connector.vault.places import SECTOR_BYTES, sectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future
    from types import TracebackType

# digests, ciphers and writes leave the interpreter's lock alone; more than the cores of a small machine gain nothing
SEALERS = 2
# pieces under way: enough that no thread waits for another, 80 MiB with the largest pieces
SLOTS = 10


@dataclass(slots=True)
class Slot:
    """Memory for one piece, in whole pages: the plaintext, its length in bytes, and the ciphertext with its tag."""

    plain: memoryview
    sealed: memoryview
    size: int = 0
    tasks: list[Future[None]] = field(default_factory=list)

    @classmethod
    def of(cls, piece_bytes: int) -> Slot:
        """Make a slot for pieces of at most `piece_bytes`."""
        size = sectors(piece_bytes)
        return cls(memoryview(mmap.mmap(-1, size)), memoryview(mmap.mmap(-1, size + SECTOR_BYTES)))


class Conveyor:
    """Use it as a context: `take` a slot, fill it, `put` it; leaving waits until all is done."""

    def __init__(self, piece_bytes: int) -> None:
        self._piece_bytes = piece_bytes
        self._made: list[Slot] = []
        self._sealers = ThreadPoolExecutor(SEALERS, "sealer")
        self._digester = ThreadPoolExecutor(1, "digester")
        self._whole = blake3()

    def take(self) -> Slot:
        """Return a slot that nobody uses (blocking); raises what failed meanwhile."""
        if len(self._made) < SLOTS:
            self._made.append(Slot.of(self._piece_bytes))
            return self._made[-1]
        while True:
            for slot in self._made:
                if all(task.done() for task in slot.tasks):
                    return self._cleared(slot)
            under_way = [task for slot in self._made for task in slot.tasks if not task.done()]
            wait(under_way, return_when=FIRST_COMPLETED)

    def put(self, slot: Slot, seal: Callable[[Slot], None]) -> None:
        """Have a filled slot digested with the whole, after those put before it, and sealed."""
        view = slot.plain[: slot.size]
        slot.tasks = [self._digester.submit(self._digest, view), self._sealers.submit(seal, slot)]

    def finish(self) -> bytes:
        """Wait for everything; return the digest of all plaintexts in their order; raises what failed."""
        for slot in self._made:
            wait(slot.tasks)
            self._cleared(slot)
        return self._whole.digest()

    def _digest(self, view: memoryview) -> None:
        self._whole.update(view)

    @staticmethod
    def _cleared(slot: Slot) -> Slot:
        for task in slot.tasks:
            task.result()
        slot.tasks = []
        return slot

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._sealers, self._digester):
            pool.shutdown(cancel_futures=True)
