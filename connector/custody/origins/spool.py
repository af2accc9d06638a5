"""What cannot be read twice, or whose size nobody knows beforehand, waits on our own disk until it is sealed.

An index comes first in an edition and its length depends on all sizes (spec 1.6), so sizes must be known before the
first sealed byte: a query's answer is written down once, then described, planned and sealed like any file.

Law: a spool has no name, so nothing of it outlives this process; it stops before it fills the disk.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, BinaryIO

from connector.custody.errors import VaultError
from connector.runtime import files

if TYPE_CHECKING:
    from pathlib import Path

# left to everybody else on the disk
SPARE_BYTES = 1024 * 1024 * 1024
# the sealed bytes will want as much again
COPIES = 2
READ_BYTES = 256 * 1024


class Spool:
    """An object written once and then read as often as needed; `place` says where it came from."""

    def __init__(self, place: str, folder: Path) -> None:
        self.place = place
        self.size = 0
        self._file = files.nameless(folder)
        self.room = max(0, shutil.disk_usage(folder).free - SPARE_BYTES) // COPIES

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Append bytes; `VaultError` `source` when the disk has no room for them and for what is sealed of them."""
        view = memoryview(data)
        if self.size + len(view) > self.room:
            raise VaultError("source", f"`{self.place}` is longer than the {self.room} bytes there is room for here")
        files.write_at(self._file, view, self.size)
        self.size += len(view)

    def open(self) -> BinaryIO:
        """Open what was written."""
        return os.fdopen(os.open(f"/proc/self/fd/{self._file}", os.O_RDONLY | os.O_CLOEXEC), "rb", READ_BYTES)

    def check(self) -> None:
        """Do nothing: nobody else can reach it."""

    def __del__(self) -> None:
        os.close(self._file)
