"""One object that can be sealed, wherever it lies: its size is known and any part of it can be read, again and again.

Law: an object that changes between planning and the last byte fails the sealing; where a server can be asked for the
very version that was planned (If-Match), it is. No secret is part of `place`, which is stored and shown.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from connector.custody.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    Fetch = Callable[[int, int], bytes]

# one request to a distant server: long enough that its round trip does not matter, short enough to be held
WINDOW_BYTES = 8 * 1024 * 1024


# the least that is asked for where somebody only looks
GLANCE_BYTES = 64 * 1024


def _nothing() -> None:
    """Have nothing to close."""


class Origin(Protocol):
    """An object of `size` bytes at `place`."""

    @property
    def place(self) -> str:
        """Where it lies, in words for people and the provider's record."""

    @property
    def size(self) -> int:
        """Its bytes when the sealing was planned."""

    def open(self) -> BinaryIO:
        """Return its bytes as a seekable stream to be closed; `VaultError` `source` if it cannot be read."""

    def check(self) -> None:
        """Raise `VaultError` `source` if it is not what was planned any more."""


class Distant(io.RawIOBase):
    """An object that is read by ranges: `fetch(first, count)` returns exactly `count` of its `size` bytes.

    Read on from where the last request ended, it is asked for in windows; read here and there, in what is wanted.
    """

    def __init__(self, size: int, fetch: Fetch, close: Callable[[], object] = _nothing) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._done = close
        self._at = 0
        self._begin, self._window = 0, b""

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from any place."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset in bytes."""
        self._at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` as far as the object reaches; return how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at))
        done = 0
        while done < count:
            here = self._held(count - done)
            view[done : done + len(here)] = here
            done, self._at = done + len(here), self._at + len(here)
        return count

    def _held(self, count: int) -> memoryview:
        """Return at most `count` bytes from the present place, at least one."""
        within = self._at - self._begin
        if not 0 <= within < len(self._window):
            on = self._window and within == len(self._window)
            asked = WINDOW_BYTES if on else min(max(count, GLANCE_BYTES), WINDOW_BYTES)
            asked = min(asked, self._size - self._at)
            self._begin, self._window, within = self._at, self._fetch(self._at, asked), 0
        return memoryview(self._window)[within : within + count]

    def close(self) -> None:
        """Close it, and what its fetching needed."""
        if not self.closed:
            self._done()
        super().close()


def distant(size: int, fetch: Fetch, close: Callable[[], object] = _nothing) -> BinaryIO:
    """Return an object that is read by ranges as the library's kind of stream."""
    return cast("BinaryIO", Distant(size, fetch, close))


def changed(place: str) -> VaultError:
    """Return the fault of an object that did not rest."""
    return VaultError("source", f"`{place}` changed while it was sealed", "seal a copy that rests")
