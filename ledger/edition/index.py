"""The private index: the first piece(s) of an edition, which say what the rest is (spec 1.6).

Law: an index is the provider's word and the reader's input: names are made harmless before anything is written, and
its row ranges must tile the rows of the committed table exactly, or nothing is opened.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from contracts.canonical import canonical, load
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.ranges import MAX_ROW, RowSet
from ledger.fields import closed, listed, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.edition.row_table import RowTable

VERSION = 1
MAX_INDEX_BYTES = 16 * 1024 * 1024
MAX_FILES = 65_536
MAX_CRITICAL = 65_536
MAX_NAME_BYTES = 255
MAX_PATH_BYTES = 1024
MAX_MEDIA_TYPE_CHARS = 255
MAX_BYTES = (1 << 63) - 1

FIELDS = frozenset({"v", "mediaType", "schema", "files", "critical", "digest", "marking"})
FILE_FIELDS = frozenset({"name", "offset", "bytes", "rows", "rowsPerPiece"})
FORBIDDEN_IN_NAMES = frozenset('<>:"|?*\\\x7f')
# controls, direction overrides, lone surrogates, line ends: what can make a name look like another
HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
JOINERS = frozenset("\u200c\u200d")  # some scripts cannot be written without them
# device names of one widespread system, with or without an extension
RESERVED_NAMES = frozenset({"con", "prn", "aux", "nul", *(f"{p}{n}" for p in ("com", "lpt") for n in range(1, 10))})


@dataclass(frozen=True, slots=True)
class IndexedFile:
    """One file: `offset` and `size` in bytes of the plaintext, its rows as first and count.

    `rows_per_piece` is how many records (table rows) each piece holds, where the layout knows it, else None.
    """

    name: str
    offset: int
    size: int
    first_row: int
    row_count: int
    rows_per_piece: int | None = None


@dataclass(frozen=True, slots=True)
class Index:
    """The private index; `digest` is B3 of the whole plaintext, `critical` the rows to release after the index."""

    media_type: str
    schema: Any
    files: tuple[IndexedFile, ...]
    critical: RowSet
    digest: bytes
    marking: None = None

    def json(self) -> dict[str, Any]:
        """Return the document; its canonical bytes are the plaintext of the index pieces."""
        return {
            "v": VERSION,
            "mediaType": self.media_type,
            "schema": self.schema,
            "files": [_file_json(file) for file in self.files],
            "critical": [[str(first), str(count)] for first, count in self.critical.ranges],
            "digest": self.digest.hex(),
            "marking": self.marking,
        }

    def encode(self) -> bytes:
        """Return the canonical bytes."""
        data = canonical(self.json())
        if len(data) > MAX_INDEX_BYTES:
            raise ContractError(
                "index", f"the index has {len(data)} bytes, at most {MAX_INDEX_BYTES}; seal fewer files"
            )
        return data

    def file(self, name: str) -> IndexedFile:
        """Return the file of that name; `ContractError` if the edition has none."""
        for file in self.files:
            if file.name == name:
                return file
        raise ContractError("index", f"the edition has no file `{name}`; it has {len(self.files)} others")


def read_index(data: bytes, table: RowTable) -> Index:
    """Read the joined plaintext of the index pieces and check it against the committed table."""
    found = closed(load(data, max_bytes=MAX_INDEX_BYTES), FIELDS, "index")
    if found["v"] != VERSION or found["marking"] is not None:
        raise ContractError("index", f"this program reads version {VERSION} of an unmarked index only")
    index = Index(
        media_type=text(found["mediaType"], "mediaType", limit_chars=MAX_MEDIA_TYPE_CHARS),
        schema=found["schema"],
        files=listed(found["files"], "files", _read_file, limit=MAX_FILES),
        critical=RowSet(listed(found["critical"], "critical", _read_range, limit=MAX_CRITICAL)),
        digest=read_hex(found["digest"], "digest", 32),
    )
    check_tiling(index, table)
    return index


def check_tiling(index: Index, table: RowTable) -> None:
    """Raise `ContractError` unless the files, in order, are exactly the rows after the index."""
    row, offset = table.index_rows, 0
    for file in index.files:
        if (file.first_row, file.offset) != (row, offset) or row + file.row_count > len(table):
            raise ContractError("index", f"the file `{file.name}` does not begin where the one before it ends")
        if table.plain_bytes(row, file.row_count) != file.size:
            raise ContractError("index", f"the rows of `{file.name}` do not add up to its size")
        row, offset = row + file.row_count, offset + file.size
    if row != len(table) or index.critical.end > len(table):
        raise ContractError("index", "the index and the row table name different rows")
    check_names(file.name for file in index.files)


class Names:
    """Names as they come: each has to be safe, and writable beside those before it on any file system."""

    def __init__(self) -> None:
        self._files: set[str] = set()
        self._folders: set[str] = set()

    def add(self, name: str) -> None:
        """Take one more; raises `ContractError`."""
        folded = unicodedata.normalize("NFC", safe_name(name)).casefold()
        parts = folded.split("/")
        above = {"/".join(parts[:depth]) for depth in range(1, len(parts))}
        if folded in self._files or folded in self._folders or above & self._files:
            raise ContractError("name", f"the name `{name}` collides with another file's on some file systems")
        self._files.add(folded)
        self._folders |= above


def check_names(names: Iterable[str]) -> None:
    """Raise `ContractError` unless all names are safe and stay apart and writable together on any file system."""
    apart = Names()
    for name in names:
        apart.add(name)


def safe_name(name: str) -> str:
    """Return `name` if it is a harmless relative path with `/` between its parts; `ContractError` otherwise."""
    parts = name.split("/")
    if len(name.encode("utf-8", "replace")) > MAX_PATH_BYTES or not all(_is_safe(part) for part in parts):
        raise ContractError("name", f"`{name!r:.80}` is not a harmless relative file name", "rename the file")
    return name


def _is_safe(part: str) -> bool:
    if part in ("", ".", "..") or part[-1] in ". " or part.split(".", maxsplit=1)[0].lower() in RESERVED_NAMES:
        return False
    plain = part.isascii() and part.isprintable()  # nothing hidden is in there
    if not plain and any(unicodedata.category(char) in HIDDEN_CATEGORIES and char not in JOINERS for char in part):
        return False
    return FORBIDDEN_IN_NAMES.isdisjoint(part) and len(part.encode()) <= MAX_NAME_BYTES


def _file_json(file: IndexedFile) -> dict[str, Any]:
    return {
        "name": file.name,
        "offset": str(file.offset),
        "bytes": str(file.size),
        "rows": [str(file.first_row), str(file.row_count)],
        "rowsPerPiece": None if file.rows_per_piece is None else str(file.rows_per_piece),
    }


def _read_file(value: Any, where: str) -> IndexedFile:
    found = closed(value, FILE_FIELDS, where)
    first, count = _read_range(found["rows"], f"{where}.rows")
    per_piece = found["rowsPerPiece"]
    return IndexedFile(
        name=text(found["name"], f"{where}.name", limit_chars=MAX_PATH_BYTES),
        offset=read_decimal(found["offset"], f"{where}.offset", limit=MAX_BYTES),
        size=read_decimal(found["bytes"], f"{where}.bytes", limit=MAX_BYTES),
        first_row=first,
        row_count=count,
        rows_per_piece=None if per_piece is None else read_decimal(per_piece, where, limit=MAX_ROW),
    )


def _read_range(value: Any, where: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:
        raise ContractError("index", f"`{where}` must be `[first, count]`")
    return read_decimal(value[0], where, limit=MAX_ROW), read_decimal(value[1], where, limit=MAX_ROW)
