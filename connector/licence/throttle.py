"""How fast bytes leave, sealed or plain: a limit for each agreement, and one for all, shared by their weights.

Law: (1) what is limited waits, nothing is refused or lost. (2) Of those that wait for the limit of all, the one goes
next that has had the least for its weight; who asks for nothing saves nothing up. (3) Who gave up waiting costs
nothing.
"""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# what may leave at once after a rest, in seconds of the rate: a few buffers, so that a timer's slack costs no speed
BURST_SECONDS = 0.05
# agreements whose last turn is remembered; the others are as if they came anew
SEEN_MOST = 4096


@dataclass(slots=True)
class Bucket:
    """A rate in bytes a second; 0 is no limit."""

    rate: int
    free_at: float = float("-inf")

    def take(self, now: float, size: int) -> None:
        """Let `size` bytes go; what comes next waits until `free_at`."""
        if self.rate:
            self.free_at = max(now - BURST_SECONDS, self.free_at) + size / self.rate


@dataclass(order=True, slots=True)
class Turn:
    """Somebody who waits: what it has had by then, in bytes for its weight, and who came first."""

    had: float
    number: int
    size: int = field(compare=False)
    go: asyncio.Future[None] = field(compare=False)


class Throttle:
    """The limits of one provider; `rates` and `weights` name agreements that have their own."""

    def __init__(
        self,
        now: Callable[[], float],
        *,
        total: int = 0,
        each: int = 0,
        rates: Mapping[str, int] | None = None,
        weights: Mapping[str, int] | None = None,
    ) -> None:
        self._now = now
        self._each, self._rates, self._weights = each, rates or {}, weights or {}
        self._all = Bucket(total)
        self._buckets: dict[str, Bucket] = {}
        self._had: dict[str, float] = {}
        self._least = 0.0
        self._waiting: list[Turn] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None

    async def turn(self, agreement: str, size: int) -> None:
        """Return when `size` bytes may leave under an agreement."""
        if rate := self._rates.get(agreement, self._each):
            bucket = self._buckets.setdefault(agreement, Bucket(rate))
            begins = bucket.free_at
            bucket.take(self._now(), size)
            await asyncio.sleep(max(0.0, begins - self._now()))
        if self._all.rate:
            go = asyncio.get_running_loop().create_future()
            had = max(self._least, self._had.get(agreement, 0.0)) + size / self._weights.get(agreement, 1)
            self._had[agreement] = had
            heapq.heappush(self._waiting, Turn(had, next(self._numbers), size, go))
            self._pump()
            await go
        self._forget()

    def _pump(self) -> None:
        """Let go who is next, now or as soon as the rate permits."""
        while self._waiting and self._timer is None:
            wait = self._all.free_at - self._now()
            if wait > 0:
                self._timer = asyncio.get_running_loop().call_later(wait, self._ring)
                return
            following = heapq.heappop(self._waiting)
            if not following.go.done():
                self._least = following.had
                self._all.take(self._now(), following.size)
                following.go.set_result(None)

    def _ring(self) -> None:
        self._timer = None
        self._pump()

    def _forget(self) -> None:
        """Drop agreements that have nothing under way, when there are many."""
        if len(self._had) + len(self._buckets) > SEEN_MOST:
            self._had = {name: had for name, had in self._had.items() if had > self._least}
            now = self._now()
            self._buckets = {name: bucket for name, bucket in self._buckets.items() if bucket.free_at > now}
