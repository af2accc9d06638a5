"""What a drawn piece of packs shows: the files that are whole in it, beside what is said of them (decision 0146).

Which pieces are packs follows from the description: all files that may be packed are, and the rest lies around them by
name. Where one pack ends and the next begins is only known inside them, so a piece shows something where it begins one.

Law: an archive is a stranger's. It is read here, in memory and in bounds; what breaks off, or is none, shows nothing.
"""

from __future__ import annotations

import io
import lzma
import tarfile
from typing import TYPE_CHECKING, Final

from catalog.doubts import Doubt
from catalog.packing import MEMBER_BYTES_MAX, small, stem
from catalog.profile import FileProfile
from catalog.spot_check import Look, Stretch, look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MEDIA_TYPE: Final = "application/x-xz"
MAGIC: Final = b"\xfd7zXZ\x00"
# four times what a pack may hold, with its headers; a stranger's archive is read no further
UNPACKED_BYTES_MAX: Final = 32 << 20
MEMORY_BYTES_MAX: Final = 40 << 20
MEMBERS_MAX: Final = 4096
REGULAR: Final = (tarfile.REGTYPE, tarfile.AREGTYPE)


def arranged(files: Sequence[FileProfile], size: int) -> list[FileProfile]:
    """Return files as they are sealed in `size` bytes: those in no pack, and all packs as one stretch, by name."""
    inside = {one.path for one in small(sorted(files, key=_name))}
    rest = [one for one in files if one.path not in inside]
    left = size - sum(one.size for one in rest)
    return sorted([*rest, FileProfile(stem(one.path for one in files), MEDIA_TYPE, max(left, 0))], key=_name)


def shown(files: Mapping[str, FileProfile], data: bytes) -> Iterator[tuple[str, Look | Doubt]]:
    """Yield (path, what it shows) of each file that is whole in a piece which begins a pack."""
    for name, content in members(data):
        profile = files.get(name)
        if profile is None:
            yield name, Doubt("undescribed", name)
        elif profile.size != len(content):
            yield name, Doubt("size", name, said=str(profile.size), found=str(len(content)))
        elif (found := look(profile, Stretch(0, content))) is not None:
            yield name, found


def members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of the files that are whole in the beginning of a pack."""
    if not data.startswith(MAGIC):
        return
    try:
        press = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES_MAX)
        opened = press.decompress(data, max_length=UNPACKED_BYTES_MAX)
        with tarfile.open(fileobj=io.BytesIO(opened), mode="r:", encoding="utf-8") as archive:
            for count, member in enumerate(archive):
                if count == MEMBERS_MAX or member.type not in REGULAR or member.size > MEMBER_BYTES_MAX:
                    return
                content = archive.extractfile(member)
                assert content is not None, "a regular file has content"
                whole = content.read()
                if len(whole) < member.size:
                    return
                yield member.name, whole
    except (lzma.LZMAError, tarfile.TarError, EOFError):
        return


def _name(file: FileProfile) -> str:
    return file.path
