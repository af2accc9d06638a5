"""Which rows of a pull are here, and the one task that waits for some of them.

Law: threads tell what came, the loop alone waits. It is woken when all that it seeks is here, or by `wake`, and not by
each row: a turn of the loop for every piece costs as much as the piece (decision 0053).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from contracts.ranges import RowSet


class Arrivals:
    """The rows that are here, of as many as the edition has."""

    def __init__(self, rows: int) -> None:
        self._here = bytearray(rows)
        self._sought: Sequence[tuple[int, int]] = ()
        self._moved = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def seek(self, rows: RowSet) -> bool:
        """Say whether `rows` are here; else `wait` returns when they are."""
        self._moved.clear()
        self._sought = rows.ranges
        return self._found()

    async def wait(self) -> None:
        """Wait for what is sought, or to be woken."""
        await self._moved.wait()

    def until(self, first: int, end: int) -> int:
        """Return the first row from `first` to before `end` that is not here, else `end`."""
        gap = self._here.find(0, first, end)
        return end if gap < 0 else gap

    def came(self, first: int, count: int) -> None:
        """Note rows that came (from any thread)."""
        self._here[first : first + count] = b"\x01" * count
        if self._found():
            self.wake()

    def wake(self) -> None:
        """Have who waits look again (from any thread)."""
        if self._moved.is_set():
            return  # nobody waits, or is woken already: a thread that wakes the loop loses its turn
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            self._loop.call_soon_threadsafe(self._moved.set)

    def _found(self) -> bool:
        return all(self._here.find(0, first, first + count) < 0 for first, count in self._sought)
