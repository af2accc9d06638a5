"""Where an audit lays down what it read, who lends a hand, and who is told how far it is.

Law: what is handed over is a function of a module and values, so that it may run here or in another process and come
out the same. A small space is audited without help: starting somebody takes longer.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.audit.entries import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

T = TypeVar("T")

# so many entries are read and checked in the time in which a process starts
ALONE_ENTRIES_MAX = 10_000
# bundles of 256 entries that are fetched and opened at once; each has about a megabyte of pages
OPENED_AT_ONCE_MAX = 8
# bundles of one log that may be opened and wait for their turn
BUNDLES_AHEAD_MAX = 2


def _silent(_done: int, _of: int) -> None:
    """Tell nobody."""


@dataclass(slots=True)
class Workplace:
    """`place` is a path for the table of events, or memory; `hands` run functions in other processes.

    `tell` hears how many events were read, of how many that are known of; hands need a `place` they can open.
    """

    place: str = MEMORY
    hands: Executor | None = None
    tell: Callable[[int, int], None] = _silent
    expected: int = field(default=0, init=False)
    done: int = field(default=0, init=False)
    spared: int = field(default=0, init=False)

    def expect(self, count: int) -> None:
        """Take note of so many more entries."""
        self.expected += count

    def spare(self, count: int) -> None:
        """Take note that so many were read before."""
        self.spared += count
        self.count(count)

    def judge_all(self) -> None:
        """Take note that what was read before has to be judged again all the same."""
        self.spared = 0

    def count(self, count: int) -> None:
        """Take note that so many more entries were read."""
        self.done += count
        self.tell(self.done, self.expected)

    @property
    def busy(self) -> bool:
        """Return whether there is so much to do that help pays."""
        return self.hands is not None and self.expected - self.spared > ALONE_ENTRIES_MAX

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Return `work(*args)`, from another process if that pays; one that is gone is done without from then on."""
        if self.busy:
            try:
                return await asyncio.get_running_loop().run_in_executor(self.hands, work, *args)
            except (BrokenExecutor, OSError):
                # the system ended it, as one does where memory is short; whoever is begun meanwhile finds a closed pipe
                self.hands = None
        return work(*args)
