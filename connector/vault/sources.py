"""What is sealed: a folder or a list of files as one plaintext, file after file in the order of their names.

Law: names are made harmless here and checked again by every reader; a file that changes its size while it is read
fails the sealing, for sizes were planned before the first byte.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connector.vault.errors import VaultError
from contracts.errors import ContractError
from ledger.index import FORBIDDEN_IN_NAMES, HIDDEN_CATEGORIES, JOINERS, MAX_FILES, check_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One regular file, its harmless name in the edition, its size in bytes when the sealing was planned."""

    path: Path
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Source:
    """The files of one edition, ordered by name, names apart on every file system."""

    files: tuple[SourceFile, ...]

    @property
    def size(self) -> int:
        """The bytes of the whole plaintext."""
        return sum(file.size for file in self.files)

    def json(self) -> list[dict[str, Any]]:
        """Return the files for the provider's own record."""
        return [{"path": str(file.path), "name": file.name, "bytes": str(file.size)} for file in self.files]


def source_of(paths: Sequence[Path]) -> Source:
    """Take files, and all files below folders; `VaultError` `source` on what cannot be sealed."""
    found = sorted((item for path in paths for item in _walk(path)), key=lambda file: file.name)
    if not 0 < len(found) <= MAX_FILES:
        raise VaultError("source", f"found `{len(found)}` files to seal, an edition has 1 to {MAX_FILES}")
    try:
        check_names(file.name for file in found)
    except ContractError as error:
        raise VaultError("source", str(error), "rename one of them") from error
    return Source(tuple(found))


def read_pieces(file: SourceFile, piece_bytes: int, buffer: memoryview) -> Iterator[memoryview]:
    """Yield the file's pieces, each in `buffer`, which the next one overwrites; an empty file has none."""
    with file.path.open("rb", buffering=0) as stream:
        left = file.size
        while left:
            piece = buffer[: min(piece_bytes, left)]
            _fill(stream.fileno(), piece, file)
            left -= len(piece)
            yield piece
        if stream.read(1):
            raise _changed(file)


def harmless(name: str) -> str:
    """Return the relative name with every character that some file system or reader trips over replaced."""
    normal = unicodedata.normalize("NFC", name)
    return "".join("_" if _is_awkward(char) else char for char in normal)


def _is_awkward(char: str) -> bool:
    return char in FORBIDDEN_IN_NAMES or (unicodedata.category(char) in HIDDEN_CATEGORIES and char not in JOINERS)


def _walk(path: Path) -> Iterable[SourceFile]:
    """Take one file under its own name, or everything below a folder; links inside a folder are refused."""
    if not path.is_dir():
        return [_file(path, path.name)]
    below = sorted(item for item in path.rglob("*") if item.is_symlink() or not item.is_dir())
    linked = next((item for item in below if item.is_symlink()), None)
    if linked is not None:
        raise VaultError("source", f"`{linked}` is a link", "name the file it points to")
    return [_file(item, item.relative_to(path).as_posix()) for item in below]


def _file(path: Path, name: str) -> SourceFile:
    if not path.is_file():
        raise VaultError("source", f"`{path}` is no regular file")
    return SourceFile(path, harmless(name), path.stat().st_size)


def _fill(handle: int, piece: memoryview, file: SourceFile) -> None:
    done = 0
    while done < len(piece):
        got = os.readv(handle, [piece[done:]])
        if got == 0:
            raise _changed(file)
        done += got


def _changed(file: SourceFile) -> VaultError:
    return VaultError("source", f"`{file.path}` changed its size while it was sealed", "seal a copy that rests")
