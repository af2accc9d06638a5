"""What a reviewer reads of drawn pieces: the first whole rows of each, as text, beside which piece of which file it is.

Law: an excerpt is for one pair of eyes and is kept by nobody; it is bounded in rows, columns, characters and in all. A
piece of a file that is no table, or in which no row is whole, is named with its size and shows none.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

from catalog import packed
from catalog.describe import CSV, PARQUET
from catalog.errors import CatalogError
from catalog.sample import CELL_CHARACTERS_MAX, COLUMNS_MAX, sample
from catalog.spot_check import Stretch, bodies

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from catalog.profile import FileProfile

ROWS_MAX: Final = 20
# of all excerpts of one reading, and the files of a pack that are shown
CHARACTERS_MAX: Final = 1 << 20
MEMBERS_SHOWN_MAX: Final = 8


def excerpts(files: Mapping[str, FileProfile], path: str, piece: Stretch, rows: int) -> Iterator[dict[str, Any]]:
    """Yield what is shown of a piece: a stretch of the file `path` or, if that is none of `files`, of packs."""
    if path in files:
        yield _excerpt(files[path], piece, rows)
        return
    whole = [(files[name], content) for name, content in packed.members(piece.data) if name in files]
    for profile, content in whole[:MEMBERS_SHOWN_MAX]:
        yield _excerpt(profile, Stretch(0, content), rows)
    if not whole:
        yield _told(path, piece, (), [])


def bounded(shown: Sequence[dict[str, Any]]) -> tuple[list[dict[str, Any]], int]:
    """Return as many excerpts as all may have characters, and how many are left out."""
    kept, count = [], 0
    for one in shown:
        count += sum(len(cell) for row in (one["columns"], *one["rows"]) for cell in row)
        if count > CHARACTERS_MAX:
            break
        kept.append(one)
    return kept, len(shown) - len(kept)


def _excerpt(profile: FileProfile, piece: Stretch, rows: int) -> dict[str, Any]:
    names = [one.name for one in profile.columns[:COLUMNS_MAX]]
    if len(piece.data) == profile.size and profile.columns and profile.media_type in (CSV, PARQUET):
        try:
            found = [list(row) for row in sample(profile, io.BytesIO(piece.data), rows, hides=False).rows]
        except (CatalogError, ValueError, OSError):
            found = []  # it is no such table, which the review doubts
    else:
        found = _lines(profile, piece, rows) if profile.media_type == CSV and names else []
    return _told(profile.path, piece, names, found)


def _lines(profile: FileProfile, piece: Stretch, rows: int) -> list[list[str]]:
    """Return the first rows of a stretch of a CSV file, by the first way of cutting it that gives rows of its width."""
    cuts = [piece.data.partition(b"\n")[2]] if piece.at == 0 else bodies(piece, profile.size)
    for body in cuts:
        try:
            text = body.decode("utf-8", "replace")
            read = [row for _, row in zip(range(rows), csv.reader(io.StringIO(text, newline="")), strict=False)]
        except csv.Error:
            continue
        if read and all(len(row) == len(profile.columns) for row in read[:-1] or read):
            return [[cell[:CELL_CHARACTERS_MAX] for cell in row[:COLUMNS_MAX]] for row in read]
    return []


def _told(path: str, piece: Stretch, columns: Sequence[str], rows: list[list[str]]) -> dict[str, Any]:
    at, size = str(piece.at), str(len(piece.data))
    return {"file": path, "at": at, "bytes": size, "columns": list(columns) if rows else [], "rows": rows}
