"""Whose turn it is on a channel: what a voucher may sign takes the next seq, so one at a time asks and signs."""

from __future__ import annotations

import asyncio
from weakref import WeakValueDictionary


class Turns:
    """One lock for each channel on which somebody pays or acknowledges now."""

    def __init__(self) -> None:
        self._taken: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()

    def of(self, channel: bytes) -> asyncio.Lock:
        """Return what is held while a voucher of a channel is asked for and signed."""
        return self._taken.setdefault(channel, asyncio.Lock())
