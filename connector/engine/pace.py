"""How fast bytes leave under one agreement, however many connections ask for them.

Law: what leaves now is waited for by what leaves next, so the rate holds over any time but the first piece; nobody else
waits for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connector.clock import Clock

AGREEMENTS_KEPT = 1024  # beyond that those are forgotten that have nothing to wait for


class Pace:
    """At most so many bytes a second under each agreement; 0 is no limit."""

    def __init__(self, clock: Clock, bytes_per_second: int) -> None:
        self._clock = clock
        self._rate = bytes_per_second
        self._free: dict[bytes, float] = {}

    async def leave(self, agreement: bytes, length: int) -> None:
        """Return when `length` bytes may leave under `agreement`."""
        if not self._rate:
            return
        now = self._clock.monotonic()
        if len(self._free) >= AGREEMENTS_KEPT:
            self._free = {one: at for one, at in self._free.items() if at > now}
        turn = max(self._free.get(agreement, now), now)
        self._free[agreement] = turn + length / self._rate
        await asyncio.sleep(turn - now)
