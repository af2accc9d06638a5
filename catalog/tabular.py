"""Read a table once, a block of rows at a time, and keep what is said about each column. The only user of pyarrow here.

A CSV cell is text until its whole column agrees: each block's different values are parsed as the column's kind so far,
and when that fails as the next wider kind (`WIDER`), in the end as text. A number with a leading zero, or an integer
beyond 64 bits, is a code, so its column is text.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet

from catalog.hints import GRADE_OF_HINT, NOT_CHECKED, hint, unread
from catalog.lent import Lent, lend
from catalog.profile import COLUMNS_MAX, DISTINCT_VALUES_MAX, NAME_CHARACTERS_MAX, Column, Kind, ratio_bps
from catalog.spread import Spread, histogram

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

BLOCK_BYTES = 1 << 20
BLOCK_ROWS = 1 << 14
HINT_VALUES_MAX = 200
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ABSENT = ("", "NA", "N/A", "NULL", "null")

# Kind so far → the kinds to try, in this order; text takes anything.
WIDER: Mapping[Kind, tuple[Kind, ...]] = {
    "empty": ("integer", "number", "boolean", "date", "time", "local-time", "text"),
    "integer": ("integer", "number", "text"),
    "number": ("number", "text"),
    "boolean": ("boolean", "text"),
    "date": ("date", "text"),
    "time": ("time", "text"),
    "local-time": ("local-time", "text"),
    "text": ("text",),
}
ORDERED: frozenset[Kind] = frozenset({"integer", "number", "date", "time", "local-time"})
CATEGORIES: frozenset[Kind] = frozenset({"text", "boolean"})
ARROW: Mapping[Kind, Any] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "time": pa.timestamp("us", "UTC"),
    "local-time": pa.timestamp("us"),
}
NOT_UTF_8 = "its characters are not UTF-8; make them so, as by iconv -f GB18030 -t UTF-8"
CODE_NOT_NUMBER = r"^[+-]?(?:0[0-9]|[0-9]{19})"


class NotATableError(Exception):
    """The bytes are not the table their name promises, or it is beyond a limit."""


@dataclass(frozen=True, slots=True)
class Table:
    """What one pass over a table found; `quality` in basis points."""

    rows: int
    columns: tuple[Column, ...]
    quality: Mapping[str, int]


@dataclass(slots=True)
class Tally:
    """The running account of one column; its size does not grow with the rows."""

    name: str
    called: str  # the name, as far as it may hint
    kind: Kind = "empty"
    nulls: int = 0
    least: Any = None
    most: Any = None
    seen: set[Any] | None = field(default_factory=set)
    sample: list[str] = field(default_factory=list)
    spread: Spread = field(default_factory=Spread)

    def count(self, values: Any, kind: Kind) -> None:
        """Add a block whose cells are of an Arrow type already, all of one kind."""
        self.kind = kind
        self.nulls += values.null_count
        if kind in ("other", "binary"):
            self.seen = None
            return
        plain = _plain(values)
        different = pc.drop_null(pc.unique(plain))
        if kind in ORDERED:
            self._stretch(different)
        self._remember(different)
        self._draw(plain)

    def count_text(self, cells: Any) -> None:
        """Add a block of CSV cells and widen the column's kind where they ask for it."""
        self.nulls += cells.null_count
        different = pc.drop_null(pc.unique(cells))
        if len(different):
            self._remember(different)
            self._widen(different)
            self._draw(cells)

    def column(self) -> Column:
        """Return what is known at the end."""
        ordered = self.kind in ORDERED
        distinct = None if self.seen is None else len(self.seen)
        found = hint(self.called, self.sample)
        if found is None and self.kind == "text" and unread(self.sample, distinct):
            found = NOT_CHECKED
        return Column(
            name=self.name,
            kind=self.kind,
            nulls=self.nulls,
            distinct=distinct,
            minimum=_shown(self.least, self.kind) if ordered else None,
            maximum=_shown(self.most, self.kind) if ordered else None,
            hint=found,
            bars=() if found in GRADE_OF_HINT else self._bars(),
        )

    def _draw(self, cells: Any) -> None:
        """Take a block into the drawing: all of a category's values, else some."""
        if self.spread.counts is not None:
            counted = pc.value_counts(cells)
            pairs = zip(counted.field("values"), counted.field("counts"), strict=True)
            # of a column that is no category, the first few show it
            self.spread.count((str(value), times.as_py()) for value, times in pairs if value.is_valid)
        picked = (cells[place].as_py() for place in self.spread.places(len(cells)))
        self.spread.pick([value for value in picked if value is not None])

    def _bars(self) -> tuple[tuple[str, int], ...]:
        if self.kind not in ORDERED:
            bars = self.spread.category() if self.kind in CATEGORIES else ()
            return tuple((called.lower(), share) for called, share in bars) if self.kind == "boolean" else bars
        values = self.spread.picked
        if values and isinstance(values[0], str):  # cells of a CSV table, which are of this kind, all of them
            parsed = _parsed(_cells(values), self.kind)
            assert parsed is not None, "each block's cells were"
            values = parsed.to_pylist()
        finite = [value for value in values if value == value]  # noqa: PLR0124  # not a number is not itself
        return histogram(finite, self.least, self.most, lambda value: _begins(value, self.kind))

    def _widen(self, different: Any) -> None:
        for kind in WIDER[self.kind]:
            parsed = _parsed(different, kind)
            if parsed is not None:
                break
        assert parsed is not None, "text takes any cell"
        self.kind = kind
        if kind in ORDERED:
            self._stretch(parsed)

    def _remember(self, different: Any) -> None:
        """Count different values up to the limit and keep a few; `different` has no nulls and no repeats."""
        if len(self.sample) < HINT_VALUES_MAX:
            head = different.slice(0, HINT_VALUES_MAX - len(self.sample))
            self.sample.extend(str(scalar) for scalar in head)
        if self.seen is not None:
            self.seen.update(str(scalar) for scalar in different.slice(0, DISTINCT_VALUES_MAX + 1))
            if len(self.seen) > DISTINCT_VALUES_MAX:
                self.seen = None

    def _stretch(self, different: Any) -> None:
        if pa.types.is_floating(different.type):
            different = different.filter(pc.is_finite(different))
        if not len(different):
            return
        extremes = pc.min_max(different)
        least, most = extremes["min"].as_py(), extremes["max"].as_py()
        self.least = least if self.least is None else min(self.least, least)
        self.most = most if self.most is None else max(self.most, most)


def read_csv(stream: BinaryIO, masked: Collection[str] = ()) -> Table:
    """Read a CSV table with a header line, comma-separated, UTF-8; raises NotATableError.

    What `masked` columns are called hints at nothing: their cells are another thing.
    """
    return lend(stream, lambda lent: _read_csv(lent, masked))


def _read_csv(stream: Lent, masked: Collection[str]) -> Table:
    broken = 0

    def skip(_row: Any) -> str:
        nonlocal broken
        broken += 1
        return "skip"

    try:
        with pa.csv.open_csv(
            stream,
            read_options=pa.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pa.csv.ParseOptions(invalid_row_handler=skip, newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(
                default_column_type=pa.string(), null_values=list(ABSENT), strings_can_be_null=True
            ),
        ) as reader:
            tallies = _tallies(reader.schema, masked)
            rows = 0
            for batch in reader:
                rows += batch.num_rows
                for tally, cells in zip(tallies, batch.columns, strict=True):
                    tally.count_text(cells)
    except (pa.ArrowException, UnicodeError) as error:
        raise NotATableError(NOT_UTF_8 if _is_of_text(error) else _line(error)) from error
    return _table(rows, tallies, broken)


def read_parquet(stream: BinaryIO, masked: Collection[str] = ()) -> Table:
    """Read a Parquet table, `masked` as above; raises NotATableError."""
    try:
        file = pa.parquet.ParquetFile(stream, buffer_size=BLOCK_BYTES, pre_buffer=False)
        tallies = _tallies(file.schema_arrow, masked)
        kinds = [_kind(column.type) for column in file.schema_arrow]
        rows = 0
        for batch in file.iter_batches(batch_size=BLOCK_ROWS, use_threads=False):
            rows += batch.num_rows
            for tally, kind, values in zip(tallies, kinds, batch.columns, strict=True):
                tally.count(values, kind)
    except (pa.ArrowException, OSError) as error:
        raise NotATableError(_line(error)) from error
    return _table(rows, tallies, 0)


def _table(rows: int, tallies: list[Tally], broken: int) -> Table:
    cells = rows * len(tallies)
    quality = {
        "completeness": ratio_bps(cells - sum(tally.nulls for tally in tallies), cells),
        "conformity": ratio_bps(rows, rows + broken),
    }
    return Table(rows, tuple(tally.column() for tally in tallies), quality)


def _tallies(schema: Any, masked: Collection[str]) -> list[Tally]:
    if len(schema) > COLUMNS_MAX:
        raise NotATableError(f"{len(schema)} columns, the limit is {COLUMNS_MAX}")
    long: Iterable[str] = (name for name in schema.names if len(name) > NAME_CHARACTERS_MAX)
    for name in long:
        raise NotATableError(f"a column name of {len(name)} characters, the limit is {NAME_CHARACTERS_MAX}")
    return [Tally(name, "" if name in masked else name) for name in schema.names]


def _parsed(different: Any, kind: Kind) -> Any | None:
    """Return the cells as `kind`, or None if one of them is not of it."""
    if kind == "text":
        return different
    if kind in ("integer", "number") and pc.any(pc.match_substring_regex(different, CODE_NOT_NUMBER)).as_py():
        return None
    try:
        return _plain(pc.cast(different, ARROW[kind]))
    except pa.ArrowInvalid:
        return None


# Arrow's own predicates, first match wins; what has no row is "other".
KIND_OF_TYPE: tuple[tuple[Any, Kind], ...] = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "integer"),
    (pa.types.is_floating, "number"),
    (pa.types.is_decimal, "number"),
    (pa.types.is_date, "date"),
    (lambda kind: pa.types.is_timestamp(kind) and kind.tz is not None, "time"),
    (pa.types.is_timestamp, "local-time"),
    (pa.types.is_string, "text"),
    (pa.types.is_large_string, "text"),
    (pa.types.is_string_view, "text"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_fixed_size_binary, "binary"),
    (pa.types.is_null, "empty"),
)


def _kind(arrow_type: Any) -> Kind:
    held = arrow_type.value_type if pa.types.is_dictionary(arrow_type) else arrow_type
    for matches, kind in KIND_OF_TYPE:
        if matches(held):
            return kind
    return "other"


def _plain(values: Any) -> Any:
    """Return the cells without dictionary, times as integer microseconds: their Python form would import pandas."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_timestamp(values.type):
        return pc.cast(pc.cast(values, pa.timestamp("us", values.type.tz), safe=False), pa.int64())
    return values


def _shown(value: Any, kind: Kind) -> str | None:
    """Return an extreme as text; a time beyond the calendar of the standard library is left out."""
    if value is None:
        return None
    if kind not in ("time", "local-time"):
        return str(value).removesuffix(".0")
    try:
        moment = EPOCH + timedelta(microseconds=value)
    except OverflowError:
        return None
    return moment.isoformat() if kind == "time" else moment.replace(tzinfo=None).isoformat()


def _cells(texts: Sequence[str]) -> Any:
    """Return texts as Arrow holds them, by its buffers: its own way to make them of a list would import pandas."""
    held = [text.encode() for text in texts]
    ends = array("i", accumulate(map(len, held), initial=0))
    return pa.Array.from_buffers(pa.string(), len(held), [None, pa.py_buffer(ends), pa.py_buffer(b"".join(held))])


def _begins(value: Any, kind: Kind) -> str:
    """Return where a bar begins: a number to four digits, for it is a drawing, a time to the microsecond below."""
    if isinstance(value, float):
        value = int(value) if kind in ("time", "local-time") else float(f"{value:.4g}")
    return _shown(value, kind) or ""


def _is_of_text(error: Exception) -> bool:
    """Say whether the characters were what could not be read: pyarrow has no error of its own for cells."""
    return isinstance(error, UnicodeError) or "invalid UTF8" in str(error)


def _line(error: Exception) -> str:
    """Return the first line of a library's message, bounded: it may quote the file."""
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
