"""Sample rows of a table, for people to look at before they ask: a few, short, and nothing about persons.

Law: a sample is made by the provider, who asks for it; columns that hint at personal data are in it with HIDDEN in the
place of each value, and rows are the first ones, so that nobody picks the prettiest. Who is shown it follows from the
rules of the space and the grade of the data.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog.describe import CSV, PARQUET
from catalog.document import items, members, text
from catalog.errors import CatalogError
from catalog.hints import GRADE_OF_HINT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from catalog.profile import FileProfile

ROWS_MAX = 20
COLUMNS_MAX = 64
CELL_CHARACTERS_MAX = 120
LINE_CHARACTERS_MAX = 65_536
HIDDEN = "▒▒▒"


@dataclass(frozen=True, slots=True)
class Sample:
    """The first rows of one table; each row has a text for each column."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def json(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"path": self.path, "columns": list(self.columns), "rows": [list(row) for row in self.rows]}


def sample(profile: FileProfile, stream: BinaryIO, rows: int, *, hides: bool = True) -> Sample:
    """Return the first rows of a table that was profiled; raises CatalogError for what is no table.

    Without `hides` they are for a reviewer, who reads what hints at persons, too.
    """
    if not 0 < rows <= ROWS_MAX:
        raise CatalogError(f"a sample has 1 to {ROWS_MAX} rows", path="sample")
    if not profile.columns or profile.media_type not in (CSV, PARQUET):
        raise CatalogError(f"`{profile.path}` is no table that was read", path="sample", hint="--sample needs a table")
    shown = profile.columns[:COLUMNS_MAX]
    names = [column.name for column in shown]
    hidden = {column.name for column in shown if hides and column.hint in GRADE_OF_HINT}
    read = _of_csv(stream, names, rows) if profile.media_type == CSV else _of_parquet(stream, names, rows)
    cells = [tuple(HIDDEN if name in hidden else _cell(row.get(name)) for name in names) for row in read]
    return Sample(profile.path, tuple(names), tuple(cells))


def from_json(document: object) -> Sample:
    """Read a sample strictly; raises CatalogError."""
    keys = frozenset({"path", "columns", "rows"})
    facts = members(document, "sample", required=keys, allowed=keys)
    names = _texts(facts["columns"], "sample/columns", COLUMNS_MAX)
    rows = [
        _texts(row, f"sample/rows/{at}", COLUMNS_MAX)
        for at, row in enumerate(items(facts["rows"], "sample/rows", limit=ROWS_MAX))
    ]
    if any(len(row) != len(names) for row in rows):
        raise CatalogError("a row of the sample has another number of cells than columns", path="sample/rows")
    return Sample(text(facts["path"], "sample/path", limit=512), tuple(names), tuple(rows))


def _of_csv(stream: BinaryIO, names: Sequence[str], rows: int) -> Iterator[dict[str, str]]:
    stream.seek(0)
    lines = io.TextIOWrapper(stream, "utf-8-sig", errors="replace", newline="")
    try:
        bounded = iter(lambda: lines.readline(LINE_CHARACTERS_MAX), "")
        reader = csv.reader(bounded)
        head = next(reader, [])
        found = [dict(zip(head, row, strict=False)) for _, row in zip(range(rows), reader, strict=False)]
    except csv.Error as error:
        raise CatalogError(f"no sample can be read: {error}", path="sample") from error
    finally:
        lines.detach()
    return (row for row in found if set(names) & set(row))


def _of_parquet(stream: BinaryIO, names: Sequence[str], rows: int) -> Iterator[dict[str, Any]]:
    # pyarrow weighs 60 MB and comes with an extra: it is loaded when a table is there to be read
    import pyarrow.parquet  # noqa: PLC0415 -- see the line above

    stream.seek(0)
    known = pyarrow.parquet.ParquetFile(stream)
    found: list[dict[str, Any]] = []
    columns = [name for name in names if name in known.schema_arrow.names]
    for batch in known.iter_batches(batch_size=rows, columns=columns, use_threads=False):
        found += batch.to_pylist()
        if len(found) >= rows:
            break
    return iter(found[:rows])


def _cell(value: Any) -> str:
    shown = "" if value is None else str(value)
    return shown if len(shown) <= CELL_CHARACTERS_MAX else shown[: CELL_CHARACTERS_MAX - 1] + "…"


def _texts(value: object, path: str, limit: int) -> tuple[str, ...]:
    return tuple(text(one, path, limit=512) for one in items(value, path, limit=limit))
