"""Who waits for something that is being got to move on, and is told of it: of that one alone.

Law: whoever is told looks everything up again. So nobody hears of what others get, and of progress only now and then;
a new state is told at once.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    from connector.runtime.clock import Clock

PROGRESS_SECONDS = 0.1


class Moves:
    """The moves of everything that one participant gets, by its id; for one event loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._next: WeakValueDictionary[str, asyncio.Event] = WeakValueDictionary()
        self._told: dict[str, float] = {}

    def next(self, key: str) -> asyncio.Event:
        """Return what is set at the next move of `key`; take it before looking, and no move is missed."""
        return self._next.setdefault(key, asyncio.Event())

    def tell(self, key: str) -> None:
        """Tell everybody who waits for `key` that it moved."""
        if moved := self._next.pop(key, None):
            moved.set()

    def progress(self, key: str) -> None:
        """Tell of progress, at most once in PROGRESS_SECONDS."""
        now = self._clock.monotonic()
        if now - self._told.get(key, -math.inf) >= PROGRESS_SECONDS:
            self._told[key] = now
            self.tell(key)

    def forget(self, key: str) -> None:
        """Expect no more moves of `key`."""
        self._told.pop(key, None)
