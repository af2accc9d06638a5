"""Transfers that may rest for as long as their agreement: now and then their peers are asked whether they still do.

Law: a peer that has ended a transfer while we could not be reached is followed; one that says something else, or
nothing, changes nothing: a transfer outlives a peer's bad hour.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from connector.negotiation.protocol.states import FINAL, STARTED, SUSPENDED, TRANSFER
from connector.runtime.cancellation import cancel

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from connector.negotiation.asking import Asking
    from connector.negotiation.transfer import Transfers
    from connector.store.store import Store
    from connector.store.transaction import Tx

LOOK_SECONDS = 600.0  # a peer's silent end is noticed within this time, for one question each
PEERS = 32  # asked at once, each one question after the other: a round may take its time

log = logging.getLogger(__name__)


class Looking:
    """The looker of one participant."""

    def __init__(self, store: Store, transfers: Transfers, asking: Asking, now: Callable[[], datetime]) -> None:
        self._store = store
        self._transfers = transfers
        self._asking = asking
        self._now = now
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with a look at once: we may have been away."""
        assert self._worker is None
        self._worker = asyncio.get_running_loop().create_task(self._run(), name="looking")

    async def close(self) -> None:
        """Stop looking."""
        worker, self._worker = self._worker, None
        await cancel(worker)

    async def look(self) -> None:
        """Ask the peer of every transfer that rests, and follow those that have ended it."""
        places = asyncio.Semaphore(PEERS)
        await asyncio.gather(*(self._peer(pids, places) for pids in (await self._store.read(_resting)).values()))

    async def _run(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                log.exception("the transfers that run could not be looked at")
            await asyncio.sleep(LOOK_SECONDS)

    async def _peer(self, pids: list[str], places: asyncio.Semaphore) -> None:
        """Ask one peer about its transfers; one that is not there is asked again at the next look."""
        async with places:
            for pid in pids:
                heard = await self._asking.about(TRANSFER, pid)
                if not heard.there:
                    return
                if heard.state in FINAL:
                    await self._store.write(partial(self._transfers.learn, pid=pid, heard=heard, now=self._now()))


def _resting(tx: Tx) -> dict[str, list[str]]:
    """Return peer -> our transfers with it that may rest."""
    found: dict[str, list[str]] = {}
    for row in tx.execute("SELECT id, peer FROM transfers WHERE state IN (?, ?) AND pending = ''", STARTED, SUSPENDED):
        found.setdefault(row["peer"], []).append(row["id"])
    return found
