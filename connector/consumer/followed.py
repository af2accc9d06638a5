"""What is told of an acquisition to whoever follows it: where it is, what it waits for, what troubles it, its speed.

Law: all of it is of this run and may be forgotten: what counts is in the rows.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from connector.consumer import progress
from connector.consumer.moves import Moves
from connector.consumer.steps import FINAL
from connector.runtime.speed import Speed
from connector.store.rows.agreement import AcquisitionState as State

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.core.core import Core
    from connector.runtime.errors import Failure
    from contracts.canonical import JsonObject

WAIT_SECONDS_MAX = 30.0


class Followed:
    """Everything that is being got, as it looks; `trouble` says what the next step of one met last."""

    def __init__(self, core: Core, trouble: Callable[[str], Failure | None]) -> None:
        self._core, self._trouble = core, trouble
        self.asked: dict[str, str] = {}  # whom it waits for
        self.unread: dict[str, Failure] = {}  # why nobody reads its stream
        self.moves = Moves(core.clock)
        self._speeds: dict[str, Speed] = {}

    async def view(self, key: str) -> JsonObject:
        """Return where an acquisition is; raises Absent."""
        trouble, asked = self._trouble(key) or self.unread.get(key), self.asked.get(key, "")
        speed = self._speeds.get(key) or Speed()
        saw = partial(speed.saw, self._core.clock.monotonic())
        view = await self._core.store.read(lambda tx: progress.view(tx, key, trouble, asked, saw))
        if view["state"] == State.RECEIVING:
            self._speeds[key] = speed
        return view

    async def wait(self, key: str, mark: str, seconds: float) -> JsonObject:
        """Return the view as soon as it differs from `mark`, at the latest after `seconds`."""
        try:
            async with asyncio.timeout(min(seconds, WAIT_SECONDS_MAX)):
                while True:
                    moved = self.moves.next(key)
                    view = await self.view(key)
                    if view["mark"] != mark or view["state"] in FINAL:
                        return view
                    await moved.wait()
        except TimeoutError:
            return await self.view(key)

    def tell(self, key: str) -> None:
        """Tell whoever follows an acquisition that it has moved."""
        self.moves.tell(key)
        self._core.topics.acquisition_moved.tell(key)

    def forget(self, key: str) -> None:
        """Expect nothing more of one."""
        self._speeds.pop(key, None)
        self.unread.pop(key, None)
        self.moves.forget(key)
