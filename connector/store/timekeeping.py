"""Was this machine's clock set back: compared with the newest thing that bears a time here, our own event or a block.

Law: time only goes forward, so who wrote an event, or saw a block, of a later time than its clock tells now has a wrong
clock; which of both times was wrong nobody can say from inside. What is signed meanwhile is dated before what was
signed: it is said in the log and in `penstock doctor`, and `/health/ready` says no until the clock is right.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector.runtime.limits import CLOCK_BEHIND_SECONDS_MAX
from connector.store.rows.evidence import LogEntryRow
from ledger.chain.errors import ChainUnreachable

if TYPE_CHECKING:
    from datetime import datetime

    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx
    from ledger.chain.client import Chain

SHOWN = "%Y-%m-%d %H:%M:%S"
# a chain that does not say its newest block by then is compared when it was seen
LOOK_SECONDS = 5.0
BLOCK = "the newest block"
HINT = "set it by NTP; if it was ahead before and is right now, it is well again when that time is reached"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest time that is known here, and what bears it."""

    at: datetime
    what: str

    def told(self, now: datetime) -> str:
        """Return what is wrong with a clock that says `now`, nothing if it may be right."""
        behind = (self.at - now).total_seconds()
        if behind <= CLOCK_BEHIND_SECONDS_MAX:
            return ""
        return (
            f"this clock says {now:%Y-%m-%d %H:%M:%S}, {self.what} is of {self.at:%Y-%m-%d %H:%M:%S}: it was set back"
        )


class Timekeeping:
    """What this participant's clock is held against."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: list[Newest] = []

    async def begin(self, store: Store, chain: Chain) -> None:
        """Read what is known, and say in the log what contradicts the clock."""
        event = await store.read(newest_event)
        self._known = [] if event is None else [event]
        with suppress(ChainUnreachable, TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                self._known.append(Newest((await chain.newest()).at, BLOCK))
        if wrong := self.wrong(None):
            log.warning("%s; %s", wrong, HINT)

    def wrong(self, block: datetime | None) -> str:
        """Return what is wrong with the clock now, nothing if it may be right; `block` is the newest one's time."""
        now = self._clock.now()
        known = [*self._known, *([] if block is None else [Newest(block, BLOCK)])]
        return next(filter(None, (newest.told(now) for newest in known)), "")


def newest_event(tx: Tx) -> Newest | None:
    """Return our own newest event, None before the first."""
    rows = tx.find(LogEntryRow, order="idx desc", limit=1)
    return Newest(rows[0].at, "our newest event") if rows else None
