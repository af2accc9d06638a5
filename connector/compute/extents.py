"""Where in a table's file some of its columns lie: of what a statement does not name, nothing is opened.

Law: what is not sure is everything: a file that is read whole, one without an end that can be read, no column at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute.content import PARQUET
from connector.compute.sitting import kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

# a Parquet file ends with what its columns are, how many bytes that has, and its mark
MARK: Final = b"PAR1"
LENGTH_BYTES: Final = 4
END_BYTES: Final = LENGTH_BYTES + len(MARK)
FOOTER_BYTES_MAX: Final = 64 << 20


def extents(
    name: str, size: int, read: Callable[[int, int], bytes], columns: Collection[str]
) -> list[tuple[int, int]] | None:
    """Return from where to where `columns` lie, and what says so (blocking); None for all of the file.

    `read(start, stop)` opens bytes of it.
    """
    if kind_of(name) != PARQUET or not columns or size < len(MARK) + END_BYTES:
        return None
    end = read(size - END_BYTES, size)
    footer = int.from_bytes(end[:LENGTH_BYTES], "little")
    if end[LENGTH_BYTES:] != MARK or not 0 < footer <= min(FOOTER_BYTES_MAX, size - END_BYTES - len(MARK)):
        return None
    begins = size - END_BYTES - footer
    metadata = _metadata(MARK + read(begins, size))
    if metadata is None:
        return None
    return [(0, len(MARK)), *_chunks(metadata, columns, begins), (begins, size)]


def _metadata(tail: bytes) -> Any:
    """Return what the end of a file says, None where it says nothing."""
    import pyarrow as pa  # noqa: PLC0415  # of the extra `query`, and heavy
    import pyarrow.parquet as pq  # noqa: PLC0415  # as above

    try:
        return pq.read_metadata(pa.BufferReader(tail))
    except (pa.ArrowException, OSError):
        return None


def _chunks(metadata: Any, columns: Collection[str], before: int) -> Iterator[tuple[int, int]]:
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for one in map(group.column, range(group.num_columns)):
            path = one.path_in_schema
            if any(path == name or path.startswith(f"{name}.") for name in columns):
                pages = [one.data_page_offset, *([one.dictionary_page_offset] if one.has_dictionary_page else [])]
                start = max(0, min(at for at in pages if at is not None))
                yield start, min(before, start + one.total_compressed_size)
