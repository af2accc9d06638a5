"""Where everything will lie, planned before the first byte is sealed (spec 1.1, 1.6).

    row 0 … i-1   the index in pieces of at most S bytes
    row i …       file after file, cut as the layout says; a piece never spans two files; an empty file has no row

Law: the length of the index depends on nothing but names and lengths (a digest has one length), so the place of every
row is known before sealing, and sealing streams. A layout without a row in `CUTTERS` is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from connector.custody.cutting import aligned, cdc, fixed
from connector.custody.errors import VaultError
from connector.custody.places import sectors
from contracts.ranges import RowSet
from ledger.edition.header import LAYOUTS
from ledger.edition.index import Index, IndexedFile
from ledger.edition.row_table import MAX_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from connector.custody.cutting.cut import Cut, Cutting
    from connector.custody.sources import Source

NO_DIGEST = bytes(32)
CUTTERS: Mapping[str, Callable[[Source, int], Cutting]] = MappingProxyType(
    {"fixed": fixed.cut, "aligned": aligned.cut, "cdc": cdc.cut}
)
assert set(CUTTERS) == LAYOUTS


@dataclass(frozen=True, slots=True)
class Layout:
    """A planned edition; sizes in bytes. `index` still has an empty digest."""

    index: Index
    index_bytes: int
    index_rows: int
    cuts: tuple[Cut, ...]
    piece_bytes: int
    padding: int

    @property
    def data_rows(self) -> int:
        """The rows of all files."""
        return sum(map(len, self.cuts))

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

    @property
    def size(self) -> int:
        """The length of our file, in whole sectors."""
        return self.data_place + sum(sectors(self.sealed_bytes(size)) for cut in self.cuts for size in cut.lengths)


def plan(source: Source, layout: str, piece_bytes: int, padding: int, media_type: str, schema: Any) -> Layout:
    """Plan the edition of `source`; `VaultError` `source` if it has more rows than an edition may."""
    cutting = cutter(layout)(source, piece_bytes)
    if cutting.columns:
        schema = {"columns": {name: str(group) for name, group in cutting.columns.items()}, "schema": schema}
    data_rows = sum(map(len, cutting.cuts))
    index_rows = 1
    while True:  # more index rows can only make row numbers, so the index, longer: this ends at the least fit
        index = _index(source, cutting.cuts, index_rows, media_type, schema)
        index_bytes = len(index.encode())
        needed = -(-index_bytes // piece_bytes)
        if needed <= index_rows:
            break
        index_rows = needed
    assert needed == index_rows
    if index_rows + data_rows > MAX_ROWS:
        raise VaultError(
            "source", f"`{data_rows}` pieces are more than the {MAX_ROWS} of an edition", "use larger pieces"
        )
    return Layout(index, index_bytes, index_rows, cutting.cuts, piece_bytes, padding)


def cutter(layout: str) -> Callable[[Source, int], Cutting]:
    """Return how a layout cuts; `VaultError` `source` for one without a row."""
    if layout not in CUTTERS:
        raise VaultError("source", f"`{layout}` is no layout", "use one of " + ", ".join(sorted(CUTTERS)))
    return CUTTERS[layout]


def with_digest(layout: Layout, digest: bytes) -> Index:
    """Return the final index; its length is the planned one."""
    index = replace(layout.index, digest=digest)
    assert len(index.encode()) == layout.index_bytes
    return index


def _index(source: Source, cuts: tuple[Cut, ...], index_rows: int, media_type: str, schema: Any) -> Index:
    files, critical, row, offset = [], [], index_rows, 0
    for file, cut in zip(source.files, cuts, strict=True):
        files.append(IndexedFile(file.name, offset, file.size, row, len(cut)))
        critical += [(row + first, count) for first, count in cut.critical.ranges]
        row, offset = row + len(cut), offset + file.size
    return Index(media_type, schema, tuple(files), RowSet.of(critical), NO_DIGEST)
