"""The names by which two parties know the same subject: the cells of a column as text, without space around them.

Law: provider and buyer write them alike, or nobody is found: a number is its digits, a date is YYYY-MM-DD, letters are
as they are, and a cell that is empty names nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from connector.compute.statement import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# what stands around a name and is none of it, as Arrow and Python have it; an engine trims fewer unless it is told
SPACE: Final = "".join(filter(str.isspace, map(chr, range(0x3001))))
OF_TEXT: Final = ("string", "large_string", "string_view")


def names(pa: Any, column: Any) -> list[str | None]:
    """Return the cells of a column as texts, None for those that name nobody; raises `Refused`."""
    import pyarrow.compute as pc  # noqa: PLC0415  # of the extra `query`

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    try:
        texts = pc.utf8_trim_whitespace(column.cast(pa.string()))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as fault:
        raise Refused("column", f"cells of the type {column.type} name nobody") from fault
    return [text or None for text in texts.to_pylist()]


def distinct(texts: Iterable[str | None]) -> list[str]:
    """Return the different texts, in order."""
    return sorted({text for text in texts if text is not None})


def filled(texts: Sequence[str | None], column: Any) -> list[str | None]:
    """Return the texts of the rows in which another column is filled, None for the others."""
    there = column.to_pylist() if str(column.type) in OF_TEXT else column.is_valid().to_pylist()
    return [text if full else None for text, full in zip(texts, there, strict=True)]
