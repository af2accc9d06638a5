"""What is opened, on its way to the one who reads it in order: from the thread that opens to the request that reads.

Law: (1) nothing is bought while more than WAITING_BYTES_MAX wait for the reader, and nothing without a reader; what
was bought before it went is opened and kept. (2) Who goes on with a pull begins at the first byte, so what this reader
was given is left out.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from connector.runtime.errors import Conflict, ReaderGone, from_reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from connector.store.rows.agreement import AcquisitionRow

# beside one window that is being opened
WAITING_BYTES_MAX = 8 * 1024 * 1024
GONE = "nobody reads what is opened"


class Pipe:
    """One reader's bytes; `gone` says whether it has closed its end. Made in the loop that the reader is served by."""

    def __init__(self, gone: Callable[[], bool]) -> None:
        self._closed = gone
        self._loop = asyncio.get_running_loop()
        self._moved = asyncio.Event()
        self._chunks: deque[bytes | memoryview] = deque()
        self._waiting = self._given = self._skip = 0
        self._kind, self._size = "", -1
        self._over: Exception | None = None
        self._whole = self._left = False

    # ---- who opens: `begin` and `put` from a thread

    def begin(self, kind: str, size: int) -> None:
        """Say what comes and how much; also again, when a pull goes on from the first byte."""
        self._loop.call_soon_threadsafe(self._begin, kind, size)

    def put(self, chunk: bytes | memoryview) -> None:
        """Hand over the next bytes, which stay as they are."""
        self._loop.call_soon_threadsafe(self._put, chunk)

    async def room(self, waiting: int = WAITING_BYTES_MAX) -> None:
        """Return when at most so many bytes wait for the reader; raises ReaderGone."""
        while not self.gone and self._waiting > waiting:
            await self._move()
        if self.gone:
            raise ReaderGone(GONE, "go on with the same id; what is paid is not paid again")

    # ---- who reads

    @property
    def gone(self) -> bool:
        """Whether nobody reads any more, and not all was read."""
        return not self._whole and (self._left or self._closed())

    async def head(self) -> tuple[str, int]:
        """Return the media type and how many bytes come, once that is known; raises what ended it before."""
        while self._size < 0:
            if self._over is not None:
                raise self._over
            await self._move()
        return self._kind, self._size

    async def chunks(self) -> AsyncIterator[bytes | memoryview]:
        """Yield all bytes; raises what ended them before the last."""
        left = self._size
        while left:
            while self._chunks:
                chunk = self._chunks.popleft()
                yield chunk
                left -= len(chunk)
                self._waiting -= len(chunk)
                self._moved.set()
            if left and self._over is not None:
                raise self._over
            if left:
                await self._move()
        self._whole = True

    def end(self, why: Exception) -> None:
        """Let the reader know that no more comes."""
        self._over = why
        self._moved.set()

    def leave(self) -> None:
        """Read no more."""
        self._left = True
        self._chunks.clear()
        self._moved.set()

    def _begin(self, kind: str, size: int) -> None:
        self._kind, self._size, self._skip = kind, size, self._given
        self._moved.set()

    def _put(self, chunk: bytes | memoryview) -> None:
        fresh = memoryview(chunk)[self._skip :]
        self._skip -= len(chunk) - len(fresh)
        if not fresh or self._left:
            return
        self._chunks.append(fresh)
        self._given += len(fresh)
        self._waiting += len(fresh)
        self._moved.set()

    async def _move(self) -> None:
        self._moved.clear()
        await self._moved.wait()


class Pipes:
    """The readers of one participant, at most one of each acquisition."""

    def __init__(self) -> None:
        self._pipes: dict[str, Pipe] = {}

    def find(self, key: str) -> Pipe | None:
        """Return who reads acquisition `key`, None if nobody does."""
        pipe = self._pipes.get(key)
        return None if pipe is None or pipe.gone else pipe

    def of(self, key: str) -> Pipe:
        """Return who reads acquisition `key`; raises ReaderGone."""
        if (pipe := self.find(key)) is None:
            raise ReaderGone(GONE)
        return pipe

    @contextmanager
    def reading(self, key: str, gone: Callable[[], bool]) -> Iterator[Pipe]:
        """Read acquisition `key` inside the block; raises Conflict where somebody does."""
        if self.find(key) is not None:
            raise Conflict(f"somebody reads `{key[:100]}` already", "wait until it is read, or end that command")
        pipe = self._pipes[key] = Pipe(gone)
        try:
            yield pipe
        finally:
            pipe.leave()
            if self._pipes.get(key) is pipe:
                del self._pipes[key]


def after(row: AcquisitionRow) -> Exception:
    """Return what whoever reads an acquisition at its end is told."""
    if row.reason is not None:
        return from_reason(row.reason)
    return Conflict(f"`{row.id[:100]}` is complete and was read", "read it again with `penstock open`")
