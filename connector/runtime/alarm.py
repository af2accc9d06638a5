"""Sleep until the earliest known moment, or until told of an earlier one; the engine's workers have no other wait."""

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
        self._until: datetime | None = None
        self._told = asyncio.Event()

    def notice(self, when: datetime | None = None) -> None:
        """Wake the sleeper if `when` is earlier than what it waits for, or at once without `when`."""
        if when is None or self._until is None or when < self._until:
            self._told.set()

    async def sleep(self, until: datetime | None) -> None:
        """Return at `until` (None: not before a notice), after a notice, or after `SLEEP_LIMIT`."""
        self._until = until
        rest = SLEEP_LIMIT if until is None else min(SLEEP_LIMIT, until - self._now())
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, rest.total_seconds())):
                await self._told.wait()
        self._told.clear()
        self._until = None
