"""Whose turn it is to be opened, and how many reader processes there are at once.

Law: openings of one agreement are made one after the other, because each has the next number; who opens several takes
their turns in one order, so that nobody waits for each other.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from connector.licence.running_uses import READ

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.licence.running_uses import RunningUses

# reader processes of one connector at once
SITTINGS_MAX = 4


class OpeningTurns:
    """The turns of the agreements of one participant; `sittings` has room for so many reader processes."""

    def __init__(self, running_uses: RunningUses) -> None:
        self._running = running_uses
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.sittings = asyncio.Semaphore(SITTINGS_MAX)

    @asynccontextmanager
    async def of(self, *agreements: str) -> AsyncIterator[None]:
        """Wait until it is the turn of all of these agreements (digests, hex), and keep it meanwhile."""
        async with AsyncExitStack() as stack:
            for digest in sorted(set(agreements)):
                await stack.enter_async_context(self._locks.setdefault(digest, asyncio.Lock()))
                stack.enter_context(self._running.of(digest, READ))
            yield
