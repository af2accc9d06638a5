"""A source that trickles: bytes that come, but so few that nothing would ever be here.

Law: only a thread that waits counts, in one wait from one look to the next; what nobody reads is not the source's
fault. A lane that brought less than `TRICKLE_BYTES` meanwhile is broken off, and its source is left, or rests, like
one that is silent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from connector.runtime.limits import TRICKLE_BYTES, TRICKLE_SECONDS_MAX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.net.lane import Lane


async def watch(lanes: Sequence[Lane]) -> None:
    """Break off lanes whose source trickles, until cancelled."""
    before = [lane.waited for lane in lanes]
    while True:
        await asyncio.sleep(TRICKLE_SECONDS_MAX)
        for number, lane in enumerate(lanes):
            (wait, came), (wait_before, came_before) = lane.waited, before[number]
            if wait == wait_before and lane.waits and came - came_before < TRICKLE_BYTES:
                lane.drop(f"{came - came_before} bytes came in {TRICKLE_SECONDS_MAX:.0f} s")
            before[number] = wait, came
