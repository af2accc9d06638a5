"""Whose turn it is, where one piece of work is done at a time.

Law: who used least of late goes first, members before any stranger; a piece that was begun keeps its turn until it has
really ended. Waiting has an end: of one caller so many pieces, of all so many, and when all places are taken the
newest of whoever holds the most makes room for somebody who holds fewer.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from ledger.embedded.errors import OverLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ledger.embedded.caller import Caller

MAX_WAITING = 256
# what was used counts half after so long
FORGET_SECONDS = 30.0
# a refusal comes so late: who asks again and again asks less often
REFUSING_SECONDS = 0.25
BUSY = "the chain is busy; ask again"

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Waiting:
    caller: Caller
    turn: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Turns:
    """The turns at one place of work."""

    def __init__(self) -> None:
        self._waiting: list[_Waiting] = []
        self._busy = False
        self._used: dict[Caller, float] = {}
        self._faded = 0.0

    async def take(
        self, caller: Caller, work: Callable[[], Coroutine[Any, Any, T]], drop: Callable[[], None] | None = None
    ) -> T:
        """Do `work` when it is the caller's turn and return what it returns; `OverLimitError` when too many wait.

        Who is cancelled while it waits has never come; one whose work has begun has it dropped (`drop`), and the next
        begins when it has ended.
        """
        try:
            place = self._place(caller)
        except OverLimitError:
            await asyncio.sleep(REFUSING_SECONDS)
            raise
        self._next()
        try:
            await place.turn
        except asyncio.CancelledError:
            if place in self._waiting:
                self._waiting.remove(place)
            elif place.turn.done() and not place.turn.cancelled() and place.turn.exception() is None:
                self._end()
            raise
        loop = asyncio.get_running_loop()
        begun, task = loop.time(), loop.create_task(work(), name="chain-turn")
        task.add_done_callback(lambda done: self._ended(caller, loop.time() - begun, done))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            if drop is not None:
                drop()
            raise

    def _place(self, caller: Caller) -> _Waiting:
        held = Counter(each.caller for each in self._waiting)
        if held[caller] >= caller.share.waiting:
            raise OverLimitError(BUSY)
        if len(self._waiting) >= MAX_WAITING:
            most = max(held, key=lambda each: (each.standing, held[each]))
            if (caller.standing, held[caller] + 1) >= (most.standing, held[most]):
                raise OverLimitError(BUSY)
            newest = next(each for each in reversed(self._waiting) if each.caller == most)
            self._waiting.remove(newest)
            if not newest.turn.done():
                newest.turn.set_exception(OverLimitError(BUSY))
        made = _Waiting(caller)
        self._waiting.append(made)
        return made

    def _next(self) -> None:
        # who was cancelled just now is about to leave
        self._waiting = [each for each in self._waiting if not each.turn.done()]
        if self._busy or not self._waiting:
            return
        self._fade()
        first = min(self._waiting, key=lambda each: (each.caller.standing, self._used.get(each.caller, 0.0)))
        self._waiting.remove(first)
        self._busy = True
        first.turn.set_result(None)

    def _ended(self, caller: Caller, seconds: float, done: asyncio.Task[Any]) -> None:
        self._used[caller] = self._used.get(caller, 0.0) + seconds
        if not done.cancelled():
            done.exception()  # who waits gets it; when nobody does, it is no unheard error
        self._end()

    def _end(self) -> None:
        self._busy = False
        self._next()

    def _fade(self) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._faded >= FORGET_SECONDS:
            self._faded = now
            self._used = {caller: used / 2 for caller, used in self._used.items() if used > 0.001}
