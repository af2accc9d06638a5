"""A table's file in memory, read as its name says: whole, or some columns of it; of no library until it is read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Content:
    """One file; `columns` are those that may be read, empty for all."""

    def __init__(self, pa: Any, kind: str, buffer: Any, columns: Sequence[str] = ()) -> None:
        self._pa, self.kind, self.buffer, self._columns = pa, kind, buffer, list(columns)
        self._whole: Any = None

    def table(self) -> Any:
        """Return all that may be read, for an engine."""
        return self.read_by_number(self._columns)

    def schema(self) -> Any:
        """Return what its columns are."""
        if self.kind == PARQUET:
            return self._pa.parquet.ParquetFile(self._pa.BufferReader(self.buffer)).schema_arrow
        return self._all().schema

    def read(self, names: Sequence[str]) -> Any:
        """Read some columns, all for none: where the others lie there may be nothing."""
        if self.kind == PARQUET:
            file = self._pa.parquet.ParquetFile(self._pa.BufferReader(self.buffer))
            return file.read(columns=list(names) or None)
        return self._all().select(list(names)) if names else self._all()

    def read_by_number(self, names: Sequence[str]) -> Any:
        """Read some columns, all for none, for an engine: a text that repeats comes by its number, as it lies."""
        if self.kind != PARQUET:
            return self.read(names)
        open_ = self._pa.parquet.ParquetFile
        known = open_(self._pa.BufferReader(self.buffer))
        repeats, groups = _repeating(self._pa, known), known.metadata.num_row_groups

        def read(first: int) -> Any:
            file = open_(self._pa.BufferReader(self.buffer), read_dictionary=repeats)
            return file.read_row_groups(range(*_share(groups, first)), columns=list(names) or None)

        if groups < READERS:
            return read(WHOLE)
        # the library reads a column by one thread, and one column is most of what is read
        with ThreadPoolExecutor(READERS) as readers:
            return self._pa.concat_tables(readers.map(read, range(READERS)))

    def _all(self) -> Any:
        if self._whole is None:
            self._whole = READ[self.kind](self._pa, self.buffer)
        return self._whole


def _share(groups: int, number: int) -> tuple[int, int]:
    """Return which groups of rows a reader has: the first and the one behind the last."""
    if number == WHOLE:
        return 0, groups
    return groups * number // READERS, groups * (number + 1) // READERS


def _repeating(pa: Any, file: Any) -> list[str]:
    """Return the columns of texts of which a file keeps each once, and its number for each row."""
    texts = [field.name for field in file.schema_arrow if pa.types.is_string(field.type)]
    groups = [file.metadata.row_group(at) for at in range(file.metadata.num_row_groups)]
    columns = [group.column(at) for group in groups for at in range(group.num_columns)]
    found = []
    for name in texts:
        parts = [one for one in columns if one.path_in_schema == name]
        size, cells = sum(one.total_uncompressed_size for one in parts), sum(one.num_values for one in parts)
        if all(one.has_dictionary_page for one in parts) and size < NUMBERED_BYTES * cells:
            found.append(name)
    return found


def _csv(pa: Any, buffer: Any) -> Any:
    return pa.csv.read_csv(buffer)


def _json_lines(pa: Any, buffer: Any) -> Any:
    return pa.json.read_json(buffer)


PARQUET: Final = "parquet"
READERS: Final = 2
WHOLE: Final = -1
# a cell that is kept by its number takes fewer bytes: a text alone has as many for its length
NUMBERED_BYTES: Final = 4
# kind of a file that is read whole, by the end of its name → how
READ: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"csv": _csv, "jsonl": _json_lines, "ndjson": _json_lines}
KINDS: Final = (*READ, PARQUET)
