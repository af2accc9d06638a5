"""Which files of a source are packed, and the source that is sealed then (`connector.custody.packs`, decision 0146).

    auto     where the list of files would cost more than a tenth of them, and packing costs less
    always   whatever is small        never   nothing

Law: (1) what is packed was described before, file by file: a pack is how it travels. (2) Where a pack ends is told by
the names of what is in it, so a file that is changed, added or taken away changes its own pack, and seldom the next.
"""

from __future__ import annotations

import io
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from blake3 import blake3

from catalog import packing
from connector.custody.origins.origin import changed
from connector.custody.packs import (
    CONTENT_BYTES_MAX,
    ENDING,
    MEMBERS_MAX,
    archive,
)
from connector.custody.sources import Source, SourceFile
from connector.runtime import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

AUTO, ALWAYS, NEVER = "auto", "always", "never"
WAYS = (AUTO, NEVER, ALWAYS)

# a list may cost so little of the data that packing is not worth an archive
LIST_SHARE = 10
# fewer small files are not worth an archive: their list is a kilobyte
FILES_MIN = 16
# from so many bytes on a pack ends at the next name whose digest says so: one in eight
PACK_BYTES_MIN = 1024 * 1024
ENDS_BELOW = 256 // 8


class Shelf:
    """The packs of one source, one after the other in a file without a name: nothing of it outlives this process."""

    def __init__(self, folder: Path) -> None:
        self._file = files.nameless(folder)
        self._end = 0

    def put(self, data: bytes) -> int:
        """Keep bytes; return where they are."""
        at, self._end = self._end, self._end + len(data)
        files.write_at(self._file, data, at)
        return at

    def read(self, at: int, size: int) -> bytes:
        """Return bytes that were kept."""
        data = os.pread(self._file, size, at)
        assert len(data) == size, "it was written here"
        return data

    def __del__(self) -> None:
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as the origin of a file to be sealed."""

    place: str
    size: int
    at: int
    shelf: Shelf
    members: tuple[SourceFile, ...]

    def open(self) -> BinaryIO:
        """Return its bytes."""
        return io.BytesIO(self.shelf.read(self.at, self.size))

    def check(self) -> None:
        """Raise `VaultError` `source` where one of its files is not what was packed any more."""
        for member in self.members:
            member.origin.check()


@dataclass(frozen=True, slots=True)
class Packed:
    """A source whose small files are in packs: `packs` are the names of those, `members` their files."""

    source: Source
    packs: tuple[str, ...] = ()
    members: tuple[SourceFile, ...] = ()


def worth(source: Source) -> bool:
    """Say whether there is enough to be packed that its list is looked at."""
    return len(small(source)) >= FILES_MIN


def small(source: Source) -> list[SourceFile]:
    """Return the files that may be packed, in the order of names."""
    return packing.small(source.files)


def pack(source: Source, folder: Path) -> Packed:
    """Return the source with its small files in packs, which lie in `folder` meanwhile (blocking).

    Raises `VaultError` `source` for a file that is not what was planned any more.
    """
    members = small(source)
    if not members:
        return Packed(source)
    shelf, made, stem = Shelf(folder), [], packing.stem(file.name for file in source.files)
    for number, group in enumerate(_groups(members), 1):
        content = archive((file.name, _read(file)) for file in group)
        name = f"{stem}-{number}{ENDING}"
        made.append(SourceFile(name, Pack(name, len(content), shelf.put(content), shelf, tuple(group))))
    inside = {file.name for file in members}
    rest = [file for file in source.files if file.name not in inside]
    sealed = Source(tuple(sorted([*rest, *made], key=lambda file: file.name)))
    return Packed(sealed, tuple(file.name for file in made), tuple(members))


def _groups(members: Sequence[SourceFile]) -> Iterator[list[SourceFile]]:
    """Yield what goes into one pack each."""
    group: list[SourceFile] = []
    size = 0
    for file in members:
        full = len(group) == MEMBERS_MAX or size + file.size > CONTENT_BYTES_MAX
        if group and (full or (size >= PACK_BYTES_MIN and _ends(file.name))):
            yield group
            group, size = [], 0
        group.append(file)
        size += file.size
    yield group


def _ends(name: str) -> bool:
    """Say whether a pack that is long enough ends before this name."""
    return blake3(name.encode()).digest()[0] < ENDS_BELOW


def _read(file: SourceFile) -> bytes:
    with file.open() as stream:
        content = stream.read(file.size + 1)
        while content and len(content) < file.size and (more := stream.read(file.size + 1 - len(content))):
            content += more
    if len(content) != file.size:
        raise changed(file.origin.place)
    file.origin.check()
    return content
