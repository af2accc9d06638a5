"""Lend a stream to Arrow and have it back: its read-ahead thread may hold a Python object a moment after the last row.

A process that ends in that moment is aborted ("terminate called without an active exception"), since the thread asks
for an interpreter that is closing: https://github.com/apache/arrow/issues/34314.
"""

from __future__ import annotations

import time
import traceback
import weakref
from typing import TYPE_CHECKING, BinaryIO, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Found = TypeVar("Found")

BACK_SECONDS_MAX = 5.0
LOOK_SECONDS = 0.0005


class Lent:
    """What Arrow is handed instead of the stream: it reads, and closing it closes nothing."""

    closed = False

    def __init__(self, stream: BinaryIO) -> None:
        self.read = stream.read

    def close(self) -> None:
        """Leave the stream open: it is the caller's."""


def lend(stream: BinaryIO, reading: Callable[[Lent], Found]) -> Found:
    """Return what `reading` makes of `stream`, as soon as no thread holds it any more, or `BACK_SECONDS_MAX` later.

    What `reading` returns must not hold what it was lent.
    """
    out = Lent(stream)
    # no callback: it would run in Arrow's thread, which must take no further step in Python
    held = weakref.ref(out)
    try:
        return reading(out)
    except Exception as error:
        traceback.clear_frames(error.__traceback__)  # they keep the reader, which keeps what it was lent
        raise
    finally:
        del out
        until = time.monotonic() + BACK_SECONDS_MAX
        while held() is not None and time.monotonic() < until:
            time.sleep(LOOK_SECONDS)
