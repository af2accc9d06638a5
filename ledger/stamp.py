"""The time of a block: seconds on most chains, milliseconds on some; here always an aware time in whole seconds."""

from __future__ import annotations

from datetime import UTC, datetime

# as seconds it lies in the year 5138, as milliseconds in 1973
_FIRST_MILLISECOND_STAMP = 10**11


def read_time(stamp: int) -> datetime:
    """Return the aware time of a block's stamp, in seconds or milliseconds."""
    return datetime.fromtimestamp(stamp if stamp < _FIRST_MILLISECOND_STAMP else stamp // 1000, UTC)
