"""One object that can be sealed, wherever it lies: its size is known and any part of it can be read, again and again.

Law: an object that changes between planning and the last byte fails the sealing; where a server can be asked for the
very version that was planned (If-Match), it is. No secret is part of `place`, which is stored and shown.
"""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Protocol

from connector.vault.errors import VaultError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

# one request to a distant server: long enough that its round trip does not matter, short enough to be held
WINDOW_BYTES = 8 * 1024 * 1024


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
    """An object that is read by ranges: `fetch(first, count)` returns exactly `count` of its `size` bytes."""

    def __init__(
        self, size: int, fetch: Callable[[int, int], bytes], close: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__()
        self._size = size
        self._fetch = fetch
        self._done = close
        self._at = 0

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
        """Read into `buffer`; return how many bytes, 0 at the end."""
        view = memoryview(buffer).cast("B")
        count = max(0, min(len(view), self._size - self._at, WINDOW_BYTES))
        if count:
            view[:count] = self._fetch(self._at, count)
            self._at += count
        return count

    def close(self) -> None:
        """Close it, and what its fetching needed."""
        if not self.closed:
            self._done()
        super().close()


def distant(size: int, fetch: Callable[[int, int], bytes], close: Callable[[], object] = lambda: None) -> BinaryIO:
    """Return a stream that asks for `WINDOW_BYTES` at a time, the end of the object alone."""
    return io.BufferedReader(Distant(size, fetch, close), WINDOW_BYTES)


def changed(place: str) -> VaultError:
    """Return the fault of an object that did not rest."""
    return VaultError("source", f"`{place}` changed while it was sealed", "seal a copy that rests")
