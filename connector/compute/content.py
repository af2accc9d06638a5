"""A table's file in memory, read as its name says: whole, or some columns of it; of no library until it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Content:
    """One file; `columns` are those that may be read, empty for all."""

    def __init__(self, pa: Any, kind: str, buffer: Any, columns: Sequence[str] = ()) -> None:
        self._pa, self._kind, self._buffer, self._columns = pa, kind, buffer, list(columns)
        self._whole: Any = None

    def table(self) -> Any:
        """Return all that may be read."""
        return self.read(self._columns)

    def schema(self) -> Any:
        """Return what its columns are."""
        if self._kind == PARQUET:
            return self._pa.parquet.ParquetFile(self._pa.BufferReader(self._buffer)).schema_arrow
        return self._all().schema

    def read(self, names: Sequence[str]) -> Any:
        """Read some columns, all for none: where the others lie there may be nothing."""
        if self._kind == PARQUET:
            file = self._pa.parquet.ParquetFile(self._pa.BufferReader(self._buffer))
            return file.read(columns=list(names) or None)
        return self._all().select(list(names)) if names else self._all()

    def _all(self) -> Any:
        if self._whole is None:
            self._whole = READ[self._kind](self._pa, self._buffer)
        return self._whole


def _csv(pa: Any, buffer: Any) -> Any:
    return pa.csv.read_csv(buffer)


def _json_lines(pa: Any, buffer: Any) -> Any:
    return pa.json.read_json(buffer)


PARQUET: Final = "parquet"
# kind of a file that is read whole, by the end of its name → how
READ: Final[Mapping[str, Callable[[Any, Any], Any]]] = {"csv": _csv, "jsonl": _json_lines, "ndjson": _json_lines}
KINDS: Final = (*READ, PARQUET)
