"""Times that came as numbers: of blocks (seconds on most chains, milliseconds on some), of receipts; here all aware."""

from __future__ import annotations

from datetime import UTC, datetime

# as seconds it lies in the year 5138, as milliseconds in 1973
_FIRST_MILLISECOND_STAMP = 10**11


def read_time(stamp: int) -> datetime:
    """Return the aware time of a block's stamp, in seconds or milliseconds; raises ValueError as `at_second`."""
    return at_second(stamp if stamp < _FIRST_MILLISECOND_STAMP else stamp // 1000)


def at_second(second: int) -> datetime:
    """Return the aware time so many seconds after 1970; raises ValueError where the calendar has none."""
    try:
        return datetime.fromtimestamp(second, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"`{str(second)[:40]}` seconds after 1970 is no time") from error
