"""Where everything will lie, planned before the first byte is sealed: layout `fixed` (spec 1.1, 1.6).

    row 0 … i-1   the index in pieces of at most S bytes
    row i …       file after file, each cut at every S bytes; a piece never spans two files; an empty file has no row

Law: the length of the index depends on nothing but names and sizes (a digest has one length), so the place of every
row is known from the sizes alone, and sealing streams.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from connector.vault.critical import critical_span
from connector.vault.errors import VaultError
from connector.vault.places import sectors
from contracts.ranges import RowSet
from ledger.index import Index, IndexedFile
from ledger.row_table import MAX_ROWS

if TYPE_CHECKING:
    from connector.vault.sources import Source, SourceFile

NO_DIGEST = bytes(32)


@dataclass(frozen=True, slots=True)
class Layout:
    """A planned edition; sizes in bytes. `index` still has an empty digest."""

    index: Index
    index_bytes: int
    index_rows: int
    data_rows: int
    piece_bytes: int
    padding: int

    def sealed_bytes(self, plain_bytes: int) -> int:
        """Return how long a piece of `plain_bytes` is sealed."""
        if not self.padding:
            return plain_bytes
        return -(-plain_bytes // self.padding) * self.padding

    @property
    def data_place(self) -> int:
        """Where in our file the data begin: behind the places of all index pieces."""
        whole, rest = divmod(self.index_bytes, self.piece_bytes)
        return whole * self.piece_bytes + sectors(self.sealed_bytes(rest))


def plan(source: Source, piece_bytes: int, padding: int, media_type: str, schema: Any) -> Layout:
    """Plan the edition of `source`; `VaultError` `source` if it has more rows than an edition may."""
    spans = [critical_span(file.path) for file in source.files]
    data_rows = sum(_rows(file.size, piece_bytes) for file in source.files)
    index_rows = 1
    while True:  # more index rows can only make row numbers, so the index, longer: this ends at the least fit
        index = _index(source, spans, index_rows, piece_bytes, media_type, schema)
        index_bytes = len(index.encode())
        needed = _rows(index_bytes, piece_bytes)
        if needed <= index_rows:
            break
        index_rows = needed
    assert needed == index_rows
    if index_rows + data_rows > MAX_ROWS:
        raise VaultError(
            "source", f"`{data_rows}` pieces are more than the {MAX_ROWS} rows of an edition", "use larger pieces"
        )
    return Layout(index, index_bytes, index_rows, data_rows, piece_bytes, padding)


def with_digest(layout: Layout, digest: bytes) -> Index:
    """Return the final index; its length is the planned one."""
    index = replace(layout.index, digest=digest)
    assert len(index.encode()) == layout.index_bytes
    return index


def _index(
    source: Source,
    spans: list[tuple[int, int] | None],
    index_rows: int,
    piece_bytes: int,
    media_type: str,
    schema: Any,
) -> Index:
    files, critical, row, offset = [], [], index_rows, 0
    for file, span in zip(source.files, spans, strict=True):
        files.append(_placed(file, offset, row, piece_bytes))
        if span:
            first, end = span[0] // piece_bytes, _rows(span[0] + span[1], piece_bytes)
            critical.append((row + first, end - first))
        row, offset = row + files[-1].row_count, offset + file.size
    return Index(media_type, schema, tuple(files), RowSet.of(critical), NO_DIGEST)


def _placed(file: SourceFile, offset: int, row: int, piece_bytes: int) -> IndexedFile:
    return IndexedFile(file.name, offset, file.size, row, _rows(file.size, piece_bytes))


def _rows(size: int, piece_bytes: int) -> int:
    return -(-size // piece_bytes)
