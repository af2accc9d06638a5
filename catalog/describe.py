"""Describe a file from its bytes: a table is profiled column by column, anything else gets its size and media type.

Law: one pass, memory flat (a block of rows at a time); nothing is guessed that was not counted; a file that cannot be
read as the table its name promises is still described, with a note that says why. The stream is the caller's: it is
opened and closed elsewhere, must be seekable, and is only read.
"""

from __future__ import annotations

import mimetypes
import os
from typing import TYPE_CHECKING, BinaryIO

from catalog.errors import CatalogError
from catalog.profile import FileProfile

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from catalog.profile import Column

CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"
UNKNOWN = "application/octet-stream"
# what separates cells elsewhere → what it is called
SEPARATORS: Mapping[str, str] = {";": "semicolons", "\t": "tabs", "|": "bars"}
# The platform's own registry of endings differs between machines; what we promise is in this table.
MEDIA_TYPES: Mapping[str, str] = {
    ".csv": CSV,
    ".parquet": PARQUET,
    ".json": "application/json",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


def media_type(path: str) -> str:
    """Return the media type a file name promises, `application/octet-stream` if none."""
    ending = os.path.splitext(path)[1].lower()  # noqa: PTH122 -- a name inside a dataset, not a path on this machine
    return MEDIA_TYPES.get(ending) or mimetypes.MimeTypes().types_map[True].get(ending, UNKNOWN)


def describe(path: str, stream: BinaryIO, masked: Collection[str] = ()) -> FileProfile:
    """Profile one file; `path` is its name inside the dataset (forward slashes), `masked` are columns (`masks`).

    Raises CatalogError only for a `path` that would leave the dataset; content never makes it fail.
    """
    if not path or path.startswith("/") or "\\" in path or ".." in path.split("/"):
        raise CatalogError(f"`{path}` is not a path inside a dataset", path="path", hint="relative, forward slashes")
    kind = media_type(path)
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    if kind not in (CSV, PARQUET):
        return FileProfile(path, kind, size)
    try:
        # pyarrow weighs 60 MB and comes with an extra: it is loaded when a table is there to be read
        from catalog import tabular  # noqa: PLC0415 -- see the line above
    except ModuleNotFoundError:
        return FileProfile(path, kind, size, note="not profiled: install penstock[tables]")
    readers: Mapping[str, Callable[[BinaryIO, Collection[str]], tabular.Table]] = {
        CSV: tabular.read_csv,
        PARQUET: tabular.read_parquet,
    }
    try:
        table = readers[kind](stream, masked)
    except tabular.NotATableError as error:
        return FileProfile(path, kind, size, note=f"not read as a table: {error}")
    return FileProfile(path, kind, size, table.rows, table.columns, table.quality, _doubt(kind, table.columns))


def _doubt(kind: str, columns: Sequence[Column]) -> str:
    """Say what a CSV table is that was read as one column and is surely several, nothing of every other."""
    [name] = [column.name for column in columns] if kind == CSV and len(columns) == 1 else [""]
    for mark, called in SEPARATORS.items():
        if mark in name:
            return f"read as one column: its cells seem to be separated by {called}, and tables are read by commas"
    return ""
