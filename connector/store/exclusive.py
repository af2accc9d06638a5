"""Pieces of work that no two processes may do at once, by name: a lease for as long as the piece takes.

Law: it keeps two from doing the same for nothing, and their acts in one order; what they write is checked in its own
transaction all the same, for a lease ends by itself after `PIECE_SECONDS`.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from connector.store import leases, tenure
from connector.store.rows.protocol import LeaseRow

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from connector.runtime.clock import Clock
    from connector.store.store import Store
    from connector.store.transaction import Tx

# longer than any review or anchor takes; a process of another machine that died holds one up for no longer
PIECE_SECONDS = 120
ASK_SECONDS = 0.2


class Exclusive:
    """What this process does alone; `shared` says whether there are others at all."""

    def __init__(self, store: Store, clock: Clock, *, shared: bool) -> None:
        self._store = store
        self._clock = clock
        self._shared = shared

    @asynccontextmanager
    async def alone(self, name: str) -> AsyncIterator[None]:
        """Wait until nobody else does `name`, and have the others wait meanwhile."""
        if not self._shared:
            yield
            return
        holder = f"{tenure.this_process()}/{secrets.token_hex(8)}"
        while not await self._take(name, holder):  # noqa: ASYNC110 - a process that died tells nobody that it is done
            await asyncio.sleep(ASK_SECONDS)
        try:
            yield
        finally:
            await asyncio.shield(self._store.write(lambda tx: leases.release(tx, name, holder)))

    async def _take(self, name: str, holder: str) -> bool:
        held = await self._store.read(lambda tx: tx.get(LeaseRow, name=name))
        now = self._clock.now()
        if held is not None and held.until > now and not tenure.is_dead(held.holder):
            return False
        before = None if held is None else held.holder

        def act(tx: Tx) -> bool:
            if before is not None and tenure.is_dead(before):
                leases.release(tx, name, before)
            return leases.take(tx, name, holder, now, PIECE_SECONDS)

        return await self._store.write(act)
