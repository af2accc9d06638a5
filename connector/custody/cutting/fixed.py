"""Layout `fixed`: each file cut at every S bytes, the rest as it is (spec 1.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.custody.critical import critical_span
from connector.custody.cutting.cut import Cutting, cut_of
from ledger.edition.row_table import SHARED

if TYPE_CHECKING:
    from connector.custody.cutting.cut import Cut
    from connector.custody.sources import Source, SourceFile


def cut(source: Source, piece_bytes: int) -> Cutting:
    """Cut every file at every `piece_bytes`."""
    return Cutting(tuple(cut_file(file, piece_bytes, SHARED) for file in source.files))


def cut_file(file: SourceFile, piece_bytes: int, group: int) -> Cut:
    """Cut one file, all its pieces in one group."""
    return cut_of([(file.size, group)], piece_bytes, critical_span(file))
