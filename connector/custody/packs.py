"""Packs: small files that are sealed together, each a plain `.tar.xz` archive that any tool opens (decision 0146).

    schema of the index   {"packs": {"files": [name of an archive, …]}, "schema": what else it says}
    archive               xz( tar: for each file its header, of POSIX.1-2001 where ustar has no room, and its bytes )

Law: (1) which files of an edition are packs, its index says; what is in one, the archive alone. (2) A pack is the
provider's word and the reader's input: only regular files are in one, under names that are harmless and apart from
those of all packs and all other files. What is unpacked is bounded for each file, each pack and the edition before it
takes memory or room. (3) The same files make the same archive: names in order, no time, no owner, one mode.
"""

from __future__ import annotations

import lzma
import tarfile
from tarfile import BLOCKSIZE, TarError, TarInfo
from typing import TYPE_CHECKING, Any, NamedTuple

from catalog.packing import EDITION_CONTENT_BYTES_MAX, MEMBER_BYTES_MAX
from connector.custody.errors import VaultError
from connector.runtime import files
from connector.runtime.local_names import local_name
from contracts.errors import ContractError
from ledger.edition.index import MAX_FILES, Names, safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from connector.runtime.stage import Stage
    from ledger.edition.index import Index

MEDIA_TYPE = "application/x-xz"
ENDING = ".tar.xz"

# the bytes of the files of one pack: as much as the largest piece (spec 1.1), so that one of them changes little else
CONTENT_BYTES_MAX = 4 * 1024 * 1024
MEMBERS_MAX = 4096
# a header, and where the name is long or not ASCII a header, a body and its name before it
HEAD_BYTES_MAX = 5 * BLOCKSIZE
UNPACKED_BYTES_MAX = CONTENT_BYTES_MAX + MEMBERS_MAX * (BLOCKSIZE + HEAD_BYTES_MAX) + 2 * BLOCKSIZE
# what does not shrink grows by less than a hundredth
ARCHIVE_BYTES_MAX = UNPACKED_BYTES_MAX + UNPACKED_BYTES_MAX // 100
# a pack has a mebibyte or is full, but for the last; four times that
PACKS_MAX = 1024
# behind the last file: what any tool fills its last block with
END_BYTES_MAX = 2 * tarfile.RECORDSIZE

DICTIONARY_BYTES = 8 * 1024 * 1024
# preset 6 saves 1 to 3 % more, for up to twice the time
FILTERS: Sequence[Mapping[str, int]] = ({"id": lzma.FILTER_LZMA2, "preset": 4, "dict_size": DICTIONARY_BYTES},)
# a stranger names the dictionary of what it packed: four of ours
MEMORY_BYTES_MAX = 4 * DICTIONARY_BYTES + (8 << 20)
MODE = 0o644
REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)
# what an extended header may say; sizes, links and maps of holes are not among it
EXTENDED = frozenset({"path", "mtime", "atime", "ctime"})
PAX_BYTES_MAX = 3 * BLOCKSIZE

KEY = "packs"
# the code of the fault
BROKEN = "pack"
COMPLAIN = (
    "the provider sealed it so: complain (`penstock complaint file`); `penstock open ID --packed --to DIRECTORY` writes"
    " its archives as they are"
)


class Member(NamedTuple):
    """A file in a pack: what it is called there, and here, and its bytes."""

    name: str
    here: str
    content: memoryview


# ---- what the index says


def schema_of(names: Sequence[str], schema: Any) -> Any:
    """Return the schema of an index whose files of these names are packs."""
    return {KEY: {"files": list(names)}, "schema": schema} if names else schema


def names_packs(schema: Any) -> bool:
    """Say whether the schema of an index tells of packs; a list has the columns of a file that is called so."""
    return isinstance(schema, dict) and isinstance(schema.get(KEY), dict)


def packs_of(index: Index) -> frozenset[str]:
    """Return the names of the files that are packs; `VaultError` `pack` for what names none."""
    if not names_packs(index.schema):
        return frozenset()
    names = index.schema[KEY].get("files")
    sizes = {file.name: file.size for file in index.files}
    if not isinstance(names, list) or not all(isinstance(name, str) and name in sizes for name in names):
        raise broken("the index", "names packs that are not there")
    if len(names) > PACKS_MAX:
        raise broken("the index", f"names {len(names)} packs, and {PACKS_MAX} are the most")
    if large := next((name for name in names if sizes[name] > ARCHIVE_BYTES_MAX), ""):
        raise broken(large, f"has {sizes[large]} bytes, a pack at most {ARCHIVE_BYTES_MAX}")
    return frozenset(names)


def broken(pack: str, why: str) -> VaultError:
    """Return the fault of a pack that is none."""
    return VaultError(BROKEN, f"`{pack[:200]}` {why}", COMPLAIN)


# ---- packing


def archive(members: Iterable[tuple[str, bytes]]) -> bytes:
    """Return the pack of files, which are within the limits above."""
    press = lzma.LZMACompressor(lzma.FORMAT_XZ, check=lzma.CHECK_CRC32, filters=[dict(one) for one in FILTERS])
    made = []
    for name, content in sorted(members):
        assert len(content) <= MEMBER_BYTES_MAX
        head = TarInfo(safe_name(name))
        head.size, head.mode = len(content), MODE
        made += [press.compress(head.tobuf(tarfile.PAX_FORMAT)), press.compress(content)]
        made.append(press.compress(bytes(-len(content) % BLOCKSIZE)))
    return b"".join([*made, press.compress(bytes(2 * BLOCKSIZE)), press.flush()])


# ---- unpacking


class Unpacking:
    """The files of all packs of one edition, as they are unpacked: counted, and apart from each other and the rest."""

    def __init__(self, index: Index) -> None:
        """Look at what the index says; `VaultError` `pack`."""
        self.packs = packs_of(index)
        self._apart = Names()
        self._count = self._bytes = 0
        if self.packs:
            for file in index.files:
                self._take("the index", local_name(file.name))

    def members(self, pack: str, packed: bytes | memoryview) -> Iterator[Member]:
        """Yield what is in one pack; `VaultError` `pack`. What was yielded before counts for nothing then."""
        for name, content in contents(pack, packed):
            self._count, self._bytes = self._count + 1, self._bytes + len(content)
            if self._count > MAX_FILES or self._bytes > EDITION_CONTENT_BYTES_MAX:
                raise broken(
                    pack, f"is too much: {MAX_FILES} files, {EDITION_CONTENT_BYTES_MAX} bytes are in all at most"
                )
            here = local_name(name)
            self._take(pack, here)
            yield Member(name, here, content)

    def _take(self, pack: str, here: str) -> None:
        try:
            self._apart.add(here)
        except ContractError as error:
            raise broken(pack, f"cannot be written beside the rest: {error}") from error


def unpack(stage: Stage, unpacking: Unpacking, pack: str, packed: bytes | memoryview) -> list[str]:
    """Write what is in a pack into a stage, not durably yet; return the names of the files; `VaultError` `pack`."""
    names = []
    for member in unpacking.members(pack, packed):
        files.write_new(stage.place(member.here), member.content, durable=False)
        names.append(member.name)
    return names


def contents(pack: str, packed: bytes | memoryview) -> Iterator[tuple[str, memoryview]]:
    """Yield names, which are harmless, and bytes of what is in an archive; `VaultError` `pack`."""
    data = memoryview(_pressed_out(pack, packed))
    at, count, name, extended = 0, 0, "", False
    while True:
        head = data[at : at + BLOCKSIZE].tobytes()
        if len(head) < BLOCKSIZE or not any(head):
            break
        info = _head(pack, head)
        at, end = at + BLOCKSIZE, at + BLOCKSIZE + info.size
        if end > len(data):
            raise broken(pack, "breaks off in a file")
        if info.type == tarfile.XHDTYPE and not extended:
            name, extended = _path(pack, data[at:end].tobytes()), True
        elif info.type in REGULAR:
            count += 1
            if info.size > MEMBER_BYTES_MAX or count > MEMBERS_MAX:
                raise broken(pack, f"has more than {MEMBERS_MAX} files, or one of more than {MEMBER_BYTES_MAX} bytes")
            yield _safe(pack, name or info.name), data[at:end]
            name, extended = "", False
        else:
            raise broken(pack, f"has something in it that is no regular file, `{info.name[:100]!r}`")
        at = end + -info.size % BLOCKSIZE
    rest = len(data) - at
    if extended or not count or not 2 * BLOCKSIZE <= rest <= END_BYTES_MAX or any(data[at:].tobytes()):
        raise broken(pack, "does not end as an archive does")


def _pressed_out(pack: str, packed: bytes | memoryview) -> bytes:
    """Return the tar archive, never more than it may have."""
    if len(packed) > ARCHIVE_BYTES_MAX:
        raise broken(pack, f"has {len(packed)} bytes, a pack at most {ARCHIVE_BYTES_MAX}")
    try:
        press = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MEMORY_BYTES_MAX)
        data = press.decompress(packed, max_length=UNPACKED_BYTES_MAX + 1)
        if len(data) > UNPACKED_BYTES_MAX:
            raise broken(pack, f"holds more than {UNPACKED_BYTES_MAX} bytes")
        if not press.eof:  # its check, which comes last, may still be unread
            data += press.decompress(b"", max_length=1)
    except lzma.LZMAError as error:
        raise broken(pack, f"is no archive of xz that may be opened here: {error}") from error
    except EOFError as error:
        raise broken(pack, "breaks off") from error
    if not press.eof or press.unused_data or len(data) > UNPACKED_BYTES_MAX:
        raise broken(pack, "breaks off, or has something behind its end")
    return data


def _head(pack: str, block: bytes) -> TarInfo:
    """Return one header as it stands; its size is none that could lead back."""
    try:
        info = TarInfo.frombuf(block, "utf-8", "strict")
    except (TarError, ValueError) as error:
        raise broken(pack, f"has a header that is none: {error}") from error
    if info.size < 0 or info.type == tarfile.GNUTYPE_SPARSE:
        raise broken(pack, "has a file with holes, or of no size")
    return info


def _path(pack: str, body: bytes) -> str:
    """Return the name that an extended header says; another thing of weight in it is refused."""
    if len(body) > PAX_BYTES_MAX:
        raise broken(pack, "has a header that is too long")
    said: dict[str, str] = {}
    while body:
        digits, space, _ = body.partition(b" ")
        if not space or not (digits.isdigit() and len(digits) <= 4) or not len(digits) + 3 <= int(digits) <= len(body):
            raise broken(pack, "has a header that is none")
        record, body = body[len(digits) + 1 : int(digits)], body[int(digits) :]
        try:
            key, equals, value = record.decode().partition("=")
        except UnicodeDecodeError as error:
            raise broken(pack, "has a name that is no text") from error
        if not equals or not value.endswith("\n") or key not in EXTENDED or key in said:
            raise broken(pack, f"has a header of something else than a regular file's name, `{key[:40]!r}`")
        said[key] = value[:-1]
    return said.get("path", "")


def _safe(pack: str, name: str) -> str:
    try:
        return safe_name(name)
    except ContractError as error:
        raise broken(pack, f"names a file that leads elsewhere: {error}") from error
