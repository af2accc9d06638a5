"""Critical ranges: the bytes without which a file cannot be read at all, released right after the index (spec 1.6).

    Parquet   … | thrift footer | u32le footer length | "PAR1"
    ZIP       … | central directory | end record ("PK", 5, 6) with size and offset of the directory

A format without a row in `FORMATS` has none; what looks malformed has none either, for this is an order, not a check.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import BinaryIO

    from connector.custody.sources import SourceFile

Span = tuple[int, int]

MAGIC_BYTES = 4
PARQUET_TAIL = struct.Struct("<I4s")
ZIP_END = struct.Struct("<4s8xII2x")
ZIP_END_MARK = b"PK\x05\x06"
# the end record may be followed by a comment of a u16's length
ZIP_TAIL_BYTES = ZIP_END.size + 0xFFFF


def critical_span(file: SourceFile) -> Span | None:
    """Return offset and length in bytes of the file's critical range, if its format has one."""
    with file.open() as stream:
        find = FORMATS.get(stream.read(MAGIC_BYTES))
        span = find(stream, file.size) if find else None
    return span if span and 0 <= span[0] < span[0] + span[1] <= file.size else None


def _parquet(stream: BinaryIO, size: int) -> Span | None:
    stream.seek(max(0, size - PARQUET_TAIL.size))
    tail = stream.read(PARQUET_TAIL.size)
    if len(tail) != PARQUET_TAIL.size:
        return None
    length, mark = PARQUET_TAIL.unpack(tail)
    footer = length + PARQUET_TAIL.size
    return (size - footer, footer) if mark == b"PAR1" else None


def _zip(stream: BinaryIO, size: int) -> Span | None:
    stream.seek(max(0, size - ZIP_TAIL_BYTES))
    tail = stream.read(ZIP_TAIL_BYTES)
    at = tail.rfind(ZIP_END_MARK)
    if at < 0 or len(tail) - at < ZIP_END.size:
        return None
    _mark, _length, offset = ZIP_END.unpack_from(tail, at)
    return offset, size - offset


FORMATS: Mapping[bytes, Callable[[BinaryIO, int], Span | None]] = {b"PAR1": _parquet, b"PK\x03\x04": _zip}
