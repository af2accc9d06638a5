"""A file that is appended: a message is a line; a file that takes its place is read from its beginning.

Law: half a line is none: it waits for its end. A file that was renamed (a log that is rotated) is read to its end
first, also after a restart, as long as it lies in the same folder. What was renamed twice since the last look is out of
reach: that one is read to its end, and then the one that has the name.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from connector.custody.errors import VaultError
from connector.custody.growing.growing import READ_BYTES_MAX, READ_MESSAGES_MAX, Read

if TYPE_CHECKING:
    from typing import BinaryIO

NEWLINE = b"\n"


class Tail:
    """The lines of the file at `path`, from a position (`{inode, offset}`) on, empty for its beginning."""

    def __init__(self, path: Path, position: str = "") -> None:
        self._path = path
        told = orjson.loads(position) if position else {}
        self._inode, self._offset = told.get("inode", 0), told.get("offset", 0)
        self._file: BinaryIO | None = None

    async def read(self) -> Read | None:
        """Return the whole lines that have come."""
        return await asyncio.to_thread(self._read)

    async def confirm(self, position: str) -> None:
        """Do nothing: a file forgets nothing by itself."""

    async def close(self) -> None:
        """Close it."""
        self._close()

    def _read(self) -> Read | None:
        try:
            while (file := self._open()) is not None:
                if os.fstat(file.fileno()).st_size < self._offset:  # it was emptied, and is written anew
                    self._offset = 0
                file.seek(self._offset)
                if block := file.read(READ_BYTES_MAX):
                    return self._lines(block)
                if not self._is_replaced():
                    return None
                self._close()
                self._inode, self._offset = 0, 0
        except OSError as fault:
            raise VaultError("source", f"`{self._path}` cannot be read: {fault.strerror}") from fault
        return None

    def _lines(self, block: bytes) -> Read | None:
        """Return the whole lines of what was read; the last one, too, of a file that nobody writes any more."""
        whole = block.rfind(NEWLINE) + 1
        if not whole and len(block) == READ_BYTES_MAX:
            text = f"a line of `{self._path}` has more than {READ_BYTES_MAX} bytes"
            raise VaultError("source", text, "a stream is of short messages; publish the file as a data set")
        whole = whole or (len(block) if self._is_replaced() else 0)
        if not whole:
            return None
        lines = block[:whole].removesuffix(NEWLINE).split(NEWLINE)
        if len(lines) > READ_MESSAGES_MAX:
            lines = lines[:READ_MESSAGES_MAX]
            whole = sum(map(len, lines)) + len(lines)
        self._offset += whole
        return Read(lines, orjson.dumps({"inode": self._inode, "offset": self._offset}).decode())

    def _open(self) -> BinaryIO | None:
        """Return the file to read: the one that was read, until its end, then the one that has its name."""
        if self._file is None:
            path = self._renamed() if self._inode else self._path
            if path is None or not path.exists():
                path, self._inode, self._offset = self._path, 0, 0
            if not path.exists():
                return None
            self._file = path.open("rb")
            inode = os.fstat(self._file.fileno()).st_ino
            if inode != self._inode:
                self._inode, self._offset = inode, 0
        return self._file

    def _renamed(self) -> Path | None:
        """Return where the file is that was being read, None where it is not in its folder any more."""
        if self._path.exists() and self._path.stat().st_ino == self._inode:
            return self._path
        with os.scandir(self._path.parent) as found:
            return next((Path(one.path) for one in found if one.is_file() and one.inode() == self._inode), None)

    def _is_replaced(self) -> bool:
        """Say whether another file has the name, and is written: then nobody writes the old one any more."""
        if not self._path.exists():
            return False
        found = self._path.stat()
        return found.st_ino != self._inode and found.st_size > 0

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
