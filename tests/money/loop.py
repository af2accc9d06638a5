"""An event loop whose time is turned by hand: everything runs until it waits for a time or a block, in one order."""

from __future__ import annotations

import asyncio
from functools import cache


class Loop(asyncio.SelectorEventLoop):
    """`settle` runs what can run, `advance` lets sleepers wake."""

    def __init__(self):
        super().__init__()
        self._turned = 0.0

    def time(self):
        return self._turned

    def settle(self):
        while self._ready:
            self._once()

    def _once(self):
        self.call_soon(self.stop)
        self.run_forever()

    def advance(self, seconds):
        self._turned += seconds
        self._once()
        self.settle()

    def end(self, tasks):
        """Cancel tasks, as a process that dies."""
        for task in tasks:
            task.cancel()
        self.settle()


@cache
def the_loop():
    """The one of this process: making one costs more than a journey's step."""
    return Loop()
