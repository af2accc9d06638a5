"""How long a process is waited for: as long as it, or whom it waits for, gets on, however slow the machine is.

Law: a machine that does other things, or a slow one, is no reason to give up; a process that does nothing is. Whether
somebody gets on is told by the time it has had on a processor, or has waited for one, with all that it started.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from connector.runtime.errors import ServerAbsent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# a cold start takes two to four seconds of a processor; who asked for next to none of one for so long hangs
STILL_SECONDS_MAX = 60.0
# four participants that only wait ask for half of it in that time; one that starts for much more, had or waited for
WORKED_SECONDS_MIN = 5.0
# and nobody is waited for longer, whatever it does
WAIT_SECONDS_MAX = 1800.0
LOOK_SECONDS = 0.02
MEASURE_SECONDS = 1.0
NANOSECONDS = 1e9


class Patience:
    """Patience with processes that are at work; make it when the wait begins."""

    def __init__(self, processes: Callable[[], Iterable[int]]) -> None:
        self._processes = processes
        self._seen: deque[tuple[float, float]] = deque()
        self._begun = self._measured = asyncio.get_running_loop().time()

    def is_over(self) -> bool:
        """Say whether nobody has got on for so long that there is nothing to wait for."""
        now = asyncio.get_running_loop().time()
        if now - self._measured < MEASURE_SECONDS:
            return False
        self._measured = now
        done = sum(map(worked, self._processes()))
        if self._seen and done < self._seen[-1][1]:  # one of them has ended
            self._seen.clear()
        self._seen.append((now, done))
        while len(self._seen) > 1 and self._seen[1][0] <= now - STILL_SECONDS_MAX:
            self._seen.popleft()
        before, had = self._seen[0]
        still = now - before >= STILL_SECONDS_MAX and done - had < WORKED_SECONDS_MIN
        return still or now - self._begun >= WAIT_SECONDS_MAX

    async def until(self, holds: Callable[[], bool], what: str, words: Callable[[], str]) -> None:
        """Return when `holds()` does; `ServerAbsent` when it is over: `what` was waited for, and its last `words`."""
        while not holds():
            if self.is_over():
                waited = asyncio.get_running_loop().time() - self._begun
                raise ServerAbsent(
                    f"{what} did not end in {waited:.0f} s, and nobody got on with anything any more: {words()}",
                    "try again when the machine does less",
                )
            await asyncio.sleep(LOOK_SECONDS)


def worked(process: int) -> float:
    """Return the seconds that a process and all it started have had on a processor, or waited for one; 0 if gone."""
    had = 0
    for each in Path(f"/proc/{process}/task").glob("*/schedstat"):  # of each thread: on a processor, waiting, turns
        with suppress(OSError):
            had += sum(map(int, each.read_text().split()[:2]))
    return had / NANOSECONDS + sum(map(worked, children(process)))


def children(process: int) -> list[int]:
    """Return the processes that a process has started by its threads, none for one that is gone."""
    found: list[int] = []
    for listed in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, listed.read_text().split())
    return found
