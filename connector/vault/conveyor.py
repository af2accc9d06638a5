"""Pieces on their way from a source to a sealed file: read in order by one thread, worked on by several.

    reader (the caller)  →  slot  →  sealer 1 … SEALERS: digest, encrypt, digest, write
                                  →  one thread that digests the whole, piece after piece

Law: memory is SLOTS slots, whatever the source; a slot is filled again only after everybody is done with it; the first
thing that fails ends the work and is raised by the caller's next step.
"""

from __future__ import annotations

import mmap
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Self

from blake3 import blake3

from connector.vault.places import SECTOR_BYTES, sectors

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

# digests, ciphers and writes leave the interpreter's lock alone; more than the cores of a small machine gain nothing
SEALERS = 2
# pieces under way: enough that no thread waits for another, 80 MiB with the largest pieces
SLOTS = 10
# who has to be done with a piece: the thread that digests the whole, and a sealer
TASKS = 2


@dataclass(slots=True)
class Slot:
    """Memory for one piece, in whole pages: the plaintext, its length in bytes, and the ciphertext with its tag."""

    plain: memoryview
    sealed: memoryview
    size: int = 0
    left: int = 0

    @classmethod
    def of(cls, piece_bytes: int) -> Slot:
        """Make a slot for pieces of at most `piece_bytes`."""
        size = sectors(piece_bytes)
        return cls(memoryview(mmap.mmap(-1, size)), memoryview(mmap.mmap(-1, size + SECTOR_BYTES)))


class Conveyor:
    """Use it as a context: `take` a slot, fill it, `put` it; `finish` waits until all is done."""

    def __init__(self, piece_bytes: int) -> None:
        self._piece_bytes = piece_bytes
        self._made = 0
        self._free: SimpleQueue[Slot] = SimpleQueue()
        self._lock = threading.Lock()
        self._failed: BaseException | None = None
        self._sealers = ThreadPoolExecutor(SEALERS, "sealer")
        self._digester = ThreadPoolExecutor(1, "digester")
        self._whole = blake3()

    def take(self) -> Slot:
        """Return a slot that nobody uses (blocking); raises what failed meanwhile."""
        if self._made < SLOTS:
            self._made += 1
            return Slot.of(self._piece_bytes)
        slot = self._free.get()
        if self._failed is not None:
            raise self._failed
        return slot

    def put(self, slot: Slot, seal: Callable[[Slot], None]) -> None:
        """Have a filled slot digested with the whole, after those put before it, and sealed."""
        slot.left = TASKS
        self._digester.submit(self._work, self._digest, slot)
        self._sealers.submit(self._work, seal, slot)

    def finish(self) -> bytes:
        """Wait for everything; return the digest of all plaintexts in their order; raises what failed."""
        for pool in (self._sealers, self._digester):
            pool.shutdown()
        if self._failed is not None:
            raise self._failed
        return self._whole.digest()

    def _work(self, task: Callable[[Slot], None], slot: Slot) -> None:
        try:
            task(slot)
        except BaseException as error:  # noqa: BLE001 - raised by the thread that waits for the slot
            self._failed = error
        with self._lock:
            slot.left -= 1
            done = slot.left == 0
        if done:
            self._free.put(slot)

    def _digest(self, slot: Slot) -> None:
        self._whole.update(slot.plain[: slot.size])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (self._sealers, self._digester):
            pool.shutdown(cancel_futures=True)
