"""What must happen though nobody asks: deadlines that pass in silence (spec 3.5, 4, 5).

Law: every chore is a row of CHORES and may run at any time, any number of times; one that fails is tried again at the
next round and stops no other. Nothing that a peer waits for is done here: causes wake their own steps.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from connector.channel import claims, openings, payee
from connector.errors import explain_failure
from connector.identity import tokens

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from connector.engine.trader import Trader

ROUND_SECONDS = 20.0  # well within the claim margin and the shortest lease; a round costs a few reads

log = logging.getLogger(__name__)


class Monitor:
    """The rounds of one participant."""

    def __init__(self, trader: Trader) -> None:
        self._trader = trader
        self._task: asyncio.Task[None] | None = None
        self._anchored = trader.clock.monotonic()
        self.chores: dict[str, Callable[[], Awaitable[None]]] = {
            "forget spent tokens": self._purge_tokens,
            "give up unpaid windows": self._lapse_windows,
            "end leases": self._end_leases,
            "claim before it is too late": self._claim_urgent,
            "anchor the log": self._anchor,
        }

    def start(self) -> None:
        """Begin the rounds."""
        self._task = asyncio.create_task(self._rounds(), name="monitor")

    async def close(self) -> None:
        """End the rounds."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _rounds(self) -> None:
        while True:
            await asyncio.sleep(ROUND_SECONDS)
            for name, chore in self.chores.items():
                try:
                    await chore()
                except Exception as fault:  # noqa: BLE001  # one chore's fault must not stop the others
                    log.warning("could not %s: %s", name, explain_failure(fault).text)

    async def _purge_tokens(self) -> None:
        now = self._trader.clock.now()
        await self._trader.store.write(lambda tx: tokens.purge(tx, now))

    async def _lapse_windows(self) -> None:
        trader = self._trader
        await trader.watch.look()
        holder, now = trader.holder, trader.clock.now()
        await trader.store.write(lambda tx: payee.lapse(tx, holder, now))

    async def _end_leases(self) -> None:
        trader = self._trader
        now = trader.clock.now()
        await trader.store.write(lambda tx: openings.end_lapsed(tx, trader.evidence, now))

    async def _claim_urgent(self) -> None:
        """Claim every voucher that would lapse within the claim margin: what is not claimed then is never paid."""
        trader = self._trader
        await trader.watch.look()
        holder, now = trader.holder, trader.clock.now()
        for _channel, claim in await trader.store.read(lambda tx: claims.urgent(tx, holder, now)):
            enqueue = partial(trader.transactions.enqueue, key=claim.key, act=claim.act(trader.programs.deployment))
            await trader.store.write(enqueue)

    async def _anchor(self) -> None:
        """Anchor when it is time, or when enough is new; each anchor costs a transaction, so they are batched."""
        trader, wanted = self._trader, self._trader.settings.log
        late = trader.clock.monotonic() - self._anchored >= wanted.anchor_interval_seconds > 0
        if late or (
            wanted.anchor_events and await trader.store.read(trader.evidence.unanchored) >= wanted.anchor_events
        ):
            self._anchored = trader.clock.monotonic()
            await trader.anchoring.anchor()
