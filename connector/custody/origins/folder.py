"""Files on this machine, and all files below folders.

Law: a link is never read. Who names one is told so, and what becomes one after it was looked up is another file: it
could lead to keys.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from connector.custody.errors import VaultError
from connector.custody.origins.origin import changed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POINTED = "name the file it points to"
# what of a file's status must stay: another file, other bytes in it
MARKS = ("st_ino", "st_dev", "st_size", "st_mtime_ns")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A regular file as it was when the sealing was planned."""

    path: Path
    size: int
    marks: tuple[int, ...]

    @classmethod
    def at(cls, path: Path) -> LocalFile:
        """Plan with the file as it is now; `VaultError` `source` for anything but a regular file."""
        if path.is_symlink():
            raise VaultError("source", f"`{path}` is a link", POINTED)
        if not path.is_file():
            raise VaultError("source", f"`{path}` is no regular file")
        status = path.stat(follow_symlinks=False)
        return cls(path, status.st_size, _marks(status))

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    def open(self) -> BinaryIO:
        """Open it without a buffer; what took its place in the moment before is not read."""
        self.check()
        try:
            # no link, and nothing that is waited for
            handle = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise changed(self.place) from error
            raise
        stream = os.fdopen(handle, "rb", buffering=0)
        if _marks(os.fstat(handle)) != self.marks:
            stream.close()
            raise changed(self.place)
        return stream

    def check(self) -> None:
        """Raise unless the file is the planned one and was not written to since."""
        if _marks(self.path.stat(follow_symlinks=False)) != self.marks:
            raise changed(self.place)


def files_at(path: Path) -> Iterator[tuple[str, LocalFile]]:
    """Yield (name, file): one file under its own name, or everything below a folder, where links are refused."""
    if not path.is_dir():
        yield path.name, LocalFile.at(path)
        return
    for item in sorted(path.rglob("*")):
        if item.is_symlink():
            raise VaultError("source", f"`{item}` is a link", POINTED)
        if not item.is_dir():
            yield item.relative_to(path).as_posix(), LocalFile.at(item)


def _marks(status: os.stat_result) -> tuple[int, ...]:
    return tuple(getattr(status, mark) for mark in MARKS)
