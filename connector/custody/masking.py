"""Tables with masked columns in the place of those that a provider named: what is described, sealed and shown of them.

Law: (1) masks are done before anything else reads a file, so what they hide is in no profile, sample, drawing, index or
piece. (2) All or nothing: a table with lines that are no rows, a column that is nowhere, a cell that a method cannot
take refuse the publication. (3) What is written meanwhile has no name on the disk (`origins.spool`).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace
from typing import TYPE_CHECKING, Any, BinaryIO

from catalog.describe import CSV, PARQUET, media_type
from catalog.lent import lend
from connector.custody.errors import VaultError
from connector.custody.origins.spool import Spool
from connector.custody.sources import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from catalog.lent import Lent
    from catalog.masks import Step
    from connector.custody.mask_cells import Mask
    from connector.custody.sources import SourceFile

    Masks = Mapping[str, Sequence[Step]]

# each is a file of ours, open until it is sealed
MASKED_FILES_MAX = 256
BLOCK_BYTES = 1 << 20
BLOCK_ROWS = 1 << 14
QUOTED = r'[",\r\n]'
LABEL = b"penstock/mask/v1\x00"


def masked(source: Source, masks: Masks, product: str, key: bytes, spool: Path, *, whole: bool = True) -> Source:
    """Return a source whose tables have these columns masked (blocking); raises VaultError `mask`, `source`.

    `key` is the provider's: each product has its own under it, and each column its own under that. A `whole` source has
    every column that is to be masked.
    """
    if not masks:
        return source
    done: set[str] = set()
    made: list[str] = []
    own = hmac.digest(key, LABEL + product.encode(), hashlib.sha256)
    files = tuple(_file(file, masks, own, key, spool, done, made) for file in source.files)
    if whole and (missing := [column for column in masks if column not in done]):
        text = f"no table has the column `{missing[0][:100]}` that is to be masked"
        raise VaultError("mask", text, "write it as the head of the table does")
    return Source(files)


def _file(
    file: SourceFile, masks: Masks, key: bytes, shared: bytes, spool: Path, done: set[str], made: list[str]
) -> SourceFile:
    write = WRITERS.get(media_type(file.name))
    if write is None:
        return file
    try:
        from connector.custody.mask_cells import Mask  # noqa: PLC0415  # pyarrow comes with an extra
    except ModuleNotFoundError as error:
        raise VaultError("mask", "masks need an extra", "install penstock[tables]") from error

    def chosen(names: Sequence[str]) -> dict[int, Mask]:
        found = {at: name for at, name in enumerate(names) if name in masks}
        if len(set(found.values())) != len(found):
            raise VaultError("mask", f"`{file.name}` has two columns of one name that is to be masked", "rename one")
        done.update(found.values())
        own = hmac.digest(shared, LABEL + b"shared", hashlib.sha256)
        return {
            at: Mask(name, masks[name], hmac.digest(key, name.encode(), hashlib.sha256), own)
            for at, name in found.items()
        }

    if len(made) >= MASKED_FILES_MAX:
        text = f"more than {MASKED_FILES_MAX} tables have a column that is to be masked"
        raise VaultError("mask", text, "publish them as fewer, larger tables, or as several products")
    into = Spool(file.origin.place, spool)
    with file.open() as stream:
        changed = write(file, stream, into, chosen)
    file.origin.check()
    if not changed:
        return file
    made.append(file.name)
    return replace(file, origin=into)


def _csv(file: SourceFile, stream: BinaryIO, into: Spool, chosen: Callable[[Sequence[str]], dict[int, Mask]]) -> bool:
    import pyarrow as pa  # noqa: PLC0415  # comes with an extra
    import pyarrow.csv  # noqa: PLC0415  # comes with an extra

    def copy(lent: Lent) -> bool:
        with pa.csv.open_csv(
            lent,
            read_options=pa.csv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
            parse_options=pa.csv.ParseOptions(newlines_in_values=True),
            convert_options=pa.csv.ConvertOptions(default_column_type=pa.string(), strings_can_be_null=False),
        ) as reader:
            columns = chosen(reader.schema.names)
            if not columns:
                return False
            into.write(_lines([pa.array([name], pa.string()) for name in reader.schema.names]))
            for batch in reader:
                into.write(_lines(_batch(batch, columns, reader.schema).columns))
        return True

    try:
        return lend(stream, copy)
    except (pa.ArrowException, UnicodeError) as error:
        raise _no_table(file, error) from error


def _parquet(
    file: SourceFile, stream: BinaryIO, into: Spool, chosen: Callable[[Sequence[str]], dict[int, Mask]]
) -> bool:
    import pyarrow as pa  # noqa: PLC0415  # comes with an extra
    import pyarrow.parquet as pq  # noqa: PLC0415  # comes with an extra

    try:
        table = pq.ParquetFile(stream, buffer_size=BLOCK_BYTES, pre_buffer=False)
        columns = chosen(table.schema_arrow.names)
        if not columns:
            return False
        writer = None
        with pa.PythonFile(_Sink(into), mode="w") as sink:
            for number in range(table.num_row_groups):
                for batch in table.iter_batches(batch_size=BLOCK_ROWS, row_groups=[number], use_threads=False):
                    made = _batch(batch, columns)
                    writer = writer or pq.ParquetWriter(sink, made.schema)
                    writer.write_batch(made)
            if writer is None:
                raise VaultError("mask", f"`{file.name}` has no rows that could be masked", "publish it without masks")
            writer.close()
    except (pa.ArrowException, OSError) as error:
        raise _no_table(file, error) from error
    return True


def _batch(batch: Any, columns: Mapping[int, Mask], schema: Any = None) -> Any:
    import pyarrow as pa  # noqa: PLC0415  # comes with an extra

    arrays = [columns[at].apply(cells) if at in columns else cells for at, cells in enumerate(batch.columns)]
    if schema is not None:
        return pa.RecordBatch.from_arrays(arrays, schema=schema)
    fields = [field.with_type(cells.type) for field, cells in zip(batch.schema, arrays, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _lines(columns: Sequence[Any]) -> memoryview:
    """Return columns of texts as lines of CSV, cells quoted where they must be (RFC 4180), nothing for none."""
    import pyarrow as pa  # noqa: PLC0415  # comes with an extra
    import pyarrow.compute as pc  # noqa: PLC0415  # comes with an extra

    def said(text: str) -> Any:
        return pa.scalar(text, pa.large_string())

    cells = [pc.fill_null(one.cast(pa.large_string()), said("")) for one in columns]
    quoted = [
        pc.if_else(
            pc.match_substring_regex(one, QUOTED),
            pc.binary_join_element_wise(said('"'), pc.replace_substring(one, '"', '""'), said('"'), said("")),
            one,
        )
        for one in cells
    ]
    if len(quoted) == 1:  # an empty line would be no row
        quoted = [pc.if_else(pc.equal(quoted[0], said("")), said('""'), quoted[0])]
    whole = pc.binary_join_element_wise(pc.binary_join_element_wise(*quoted, said(",")), said(""), said("\n"))
    offsets = memoryview(whole.buffers()[1]).cast("q")
    return memoryview(whole.buffers()[2])[offsets[whole.offset] : offsets[whole.offset + len(whole)]]


class _Sink:
    """A spool as Arrow writes to it."""

    closed = False

    def __init__(self, spool: Spool) -> None:
        self._spool = spool

    def write(self, data: Any) -> int:
        """Append."""
        view = memoryview(data)
        self._spool.write(view)
        return view.nbytes

    def tell(self) -> int:
        """Return how much was written."""
        return self._spool.size

    def writable(self) -> bool:
        """Say that it can be written."""
        return True

    def flush(self) -> None:
        """Have nothing to flush."""

    def close(self) -> None:
        """Leave the spool open: it is read next."""


def _no_table(file: SourceFile, error: Exception) -> VaultError:
    text = f"`{file.name}` cannot be masked: it is not wholly the table that its name promises ({type(error).__name__})"
    return VaultError("mask", text, "mend the lines that have another number of cells, or publish it without masks")


WRITERS: Mapping[str, Callable[..., bool]] = {CSV: _csv, PARQUET: _parquet}
