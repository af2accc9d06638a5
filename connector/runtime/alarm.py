"""Sleep until the earliest known moment, or until told to look at once; the engine's workers have no other wait.

Law: who is told of a moment to come sleeps until then at the latest, and does not wake before: most of what is put off
is over by then, and to look costs more than to wait. What is told while nobody sleeps counts for the next sleep.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

SLEEP_LIMIT = timedelta(hours=1)  # a clock that was set is noticed within this time


class Alarm:
    """One sleeper; `notice` may be called before, during or after its sleep and is never lost."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._until: datetime | None = None  # the end of this sleep; what is known already of the end of the next one
        self._told = asyncio.Event()
        self._timer: asyncio.Timeout | None = None

    def notice(self, when: datetime | None = None) -> None:
        """Let the sleeper wake at `when` at the latest, at once without `when`."""
        if when is None:
            self._told.set()
        elif self._until is None or when < self._until:
            self._until = when
            if self._timer is not None and not self._timer.expired() and not self._told.is_set():
                self._timer.reschedule(asyncio.get_running_loop().time() + self._seconds(when))

    async def sleep(self, until: datetime | None) -> None:
        """Return at `until` (None: not before a notice), after a notice, or after `SLEEP_LIMIT`."""
        if until is not None:
            self.notice(until)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds(self._until)) as self._timer:
                await self._told.wait()
        self._timer = None
        self._told.clear()
        self._until = None

    def _seconds(self, until: datetime | None) -> float:
        rest = SLEEP_LIMIT if until is None else min(SLEEP_LIMIT, until - self._now())
        return max(0.0, rest.total_seconds())
