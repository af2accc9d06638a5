"""Files on this machine, and all files below folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from connector.custody.errors import VaultError
from connector.custody.origins.origin import changed

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from pathlib import Path

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
        if not path.is_file():
            raise VaultError("source", f"`{path}` is no regular file")
        status = path.stat()
        return cls(path, status.st_size, _marks(status))

    @property
    def place(self) -> str:
        """The path."""
        return str(self.path)

    def open(self) -> BinaryIO:
        """Open it without a buffer."""
        self.check()
        return self.path.open("rb", buffering=0)

    def check(self) -> None:
        """Raise unless the file is the planned one and was not written to since."""
        if _marks(self.path.stat()) != self.marks:
            raise changed(self.place)


def files_at(path: Path) -> Iterator[tuple[str, LocalFile]]:
    """Yield (name, file): one file under its own name, or everything below a folder, where links are refused."""
    if not path.is_dir():
        yield path.name, LocalFile.at(path)
        return
    for item in sorted(path.rglob("*")):
        if item.is_symlink():
            raise VaultError("source", f"`{item}` is a link", "name the file it points to")
        if not item.is_dir():
            yield item.relative_to(path).as_posix(), LocalFile.at(item)


def _marks(status: os.stat_result) -> tuple[int, ...]:
    return tuple(getattr(status, mark) for mark in MARKS)
