"""Layout `aligned`: a Parquet file cut at its row groups and columns, so that a contract can name columns (spec 1.1).

    "PAR1" | column chunk | column chunk | … | page indexes, filters | footer
    group 0   group of its column, ≤ S each      REST                  group 0, one span

Law: a piece holds bytes of one column of one row group, or of none. Group 0 goes with every contract and holds no
value of a cell but what the writer's statistics in the footer tell (a profile in the catalogue tells as much). Group
REST, other files too, goes with contracts for the whole only: page indexes and filters hold values of all columns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.custody.critical import critical_span
from connector.custody.cutting import fixed
from connector.custody.cutting.cut import Cutting, cut_of
from connector.custody.errors import VaultError
from ledger.edition.row_table import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.custody.cutting.cut import Cut
    from connector.custody.sources import Source, SourceFile

# the group of what no contract for columns reaches; column groups are counted from 1
REST = 0xFFFF_FFFF
MAGIC = b"PAR1"


def cut(source: Source, piece_bytes: int) -> Cutting:
    """Cut Parquet files at their columns, others at every `piece_bytes`; a column of one name has one group in all."""
    columns: dict[str, int] = {}
    cuts = tuple(_cut_file(file, piece_bytes, columns) for file in source.files)
    if not columns:
        raise VaultError("source", "the layout `aligned` is for tables, and no file is Parquet", "use `fixed`")
    return Cutting(cuts, columns)


def _cut_file(file: SourceFile, piece_bytes: int, columns: dict[str, int]) -> Cut:
    footer = critical_span(file)
    with file.open() as stream:
        if stream.read(len(MAGIC)) != MAGIC or footer is None:
            return fixed.cut_file(file, piece_bytes, REST)
        stream.seek(0)
        chunks = sorted(_chunks(file, stream, columns))
    spans = list(_tiled(file, chunks, footer[0]))
    made = cut_of([*spans, (footer[1], SHARED)], piece_bytes, footer)
    assert sum(made.lengths) == file.size
    return made


def _chunks(file: SourceFile, stream: Any, columns: dict[str, int]) -> Iterator[tuple[int, int, int]]:
    """Yield (offset, bytes, group) of every column chunk."""
    try:
        import pyarrow as pa  # noqa: PLC0415 - comes with an extra
        import pyarrow.parquet as pq  # noqa: PLC0415 - comes with an extra
    except ModuleNotFoundError as error:
        raise VaultError("source", "the layout `aligned` needs an extra", "install penstock[tables]") from error
    try:
        table = pq.read_metadata(stream)
    except (pa.ArrowException, OSError) as error:
        raise VaultError("source", f"`{file.name}` is no readable Parquet file: {error}") from error
    names = [field.name for field in table.schema.to_arrow_schema() for _ in range(_leaves(field.type))]
    if len(names) != table.num_columns:
        raise VaultError("source", f"`{file.name}` has columns of a type that is not known here", "use `fixed`")
    for number in range(table.num_row_groups):
        row_group = table.row_group(number)
        for leaf, name in enumerate(names):
            chunk = row_group.column(leaf)
            group = columns.setdefault(name, len(columns) + 1)
            yield _start(chunk), chunk.total_compressed_size, group


def _leaves(kind: Any) -> int:
    """Return how many chunks a column of a type has: a nested one has one for each of its parts."""
    return sum(_leaves(kind.field(n).type) for n in range(kind.num_fields)) or 1


def _start(chunk: Any) -> int:
    """Return where a chunk begins: at its dictionary, if it has one (some writers say 0 for none)."""
    return int(min(filter(None, (chunk.dictionary_page_offset, chunk.data_page_offset))))


def _tiled(file: SourceFile, chunks: list[tuple[int, int, int]], end: int) -> Iterator[tuple[int, int]]:
    """Yield (bytes, group) for every byte before the footer; `VaultError` `source` if chunks overlap or pass it."""
    yield len(MAGIC), SHARED
    at = len(MAGIC)
    for start, size, group in chunks:
        if start < at or start + size > end:
            raise VaultError("source", f"the columns of `{file.name}` do not lie one after the other", "write it anew")
        yield start - at, REST
        yield size, group
        at = start + size
    yield end - at, REST
