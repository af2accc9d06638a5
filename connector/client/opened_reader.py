"""A file of an opening as one object that several threads read, each by seeking first, as DuckDB's do.

Law: (1) a read goes on where its own thread has sought last, whatever others sought and read since. (2) A read whose
thread has not sought goes on where the file is, as of every file object; what others have sought is over then, for the
file was handed on.
"""

from __future__ import annotations

import io
import threading
from typing import Any


class OpenedReader(io.BufferedReader):
    """A buffered file; the size of its buffer is the library's."""

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__(raw)
        self._turn = threading.RLock()  # reading a line by the base class reads, too
        self._sought: dict[int, int] = {}  # thread → where it reads next

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Go to a byte of the file."""
        with self._turn:
            if whence == io.SEEK_CUR:
                self._return()
            place = super().seek(offset, whence)
            self._sought[threading.get_ident()] = place
            return place

    def tell(self) -> int:
        """Return at which byte this thread reads next."""
        with self._turn:
            return self._sought.get(threading.get_ident(), super().tell())

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next bytes, all of them without a size."""
        with self._turn:
            self._return()
            return super().read(size)

    def read1(self, size: int = -1, /) -> bytes:
        """Return bytes that are at hand, or those of one read."""
        with self._turn:
            self._return()
            return super().read1(size)

    def peek(self, size: int = 0, /) -> bytes:
        """Return bytes that are at hand, and stay where we are."""
        with self._turn:
            self._return()
            return super().peek(size)

    def readinto(self, buffer: Any, /) -> int:
        """Read the next bytes into a buffer."""
        with self._turn:
            self._return()
            return super().readinto(buffer)

    def readinto1(self, buffer: Any, /) -> int:
        """Read bytes that are at hand into a buffer, or those of one read."""
        with self._turn:
            self._return()
            return super().readinto1(buffer)

    def readline(self, size: int | None = -1, /) -> bytes:
        """Return the next line."""
        with self._turn:
            self._return()
            return super().readline(size)

    def _return(self) -> None:
        """Go where this thread has sought last."""
        own = self._sought.pop(threading.get_ident(), None)
        if own is None:
            self._sought.clear()
        elif super().tell() != own:
            super().seek(own)
