"""What this participant last saw of the chain: the newest block, looked at when somebody needs it.

Law: nothing waits for a look that is fresh enough; a look that fails leaves the last one, whose age then decides
(spec 3.5). A chain that still has the block seen before has its whole past; another past has another number, so that
whoever reads on from where it was knows whether it may. Who hosts the embedded chain also mines a block at least every
minute, or expiry would stand still.
"""

from __future__ import annotations

import asyncio
import logging
from math import inf
from typing import TYPE_CHECKING

from connector.channel.doors import Sight
from connector.runtime.cancellation import cancel
from connector.store.topic import Awaited
from ledger.chain.errors import ChainUnreachable
from ledger.log.events import Block as CitedBlock

if TYPE_CHECKING:
    from datetime import datetime

    from connector.runtime.clock import Clock
    from connector.store.evidence import Evidence
    from connector.store.transaction import Tx
    from ledger.chain.client import Block
    from ledger.chain.programs import Programs
    from ledger.embedded.chain import EmbeddedChain

FRESH_SECONDS = 2.0  # looks are at most this far apart while keys flow
TICK_SECONDS = 30.0  # half of what the specification allows an on-demand chain

log = logging.getLogger(__name__)


class ChainWatch:
    """The newest block as last seen; who hears `seen` is awaited with each, and its past, before anybody acts on it.

    Each of several processes follows what it sees before it acts on it; what one has written of it, no other writes.
    Our log cites the newest block that has `confirmations` above it: one that a reorganisation takes away would make
    what we wrote look false.
    """

    def __init__(
        self,
        programs: Programs,
        evidence: Evidence,
        clock: Clock,
        embedded: EmbeddedChain | None,
        seen: Awaited[[Block, int]] | None = None,
        confirmations: int = 0,
    ) -> None:
        self._programs = programs
        self._evidence = evidence
        self._clock = clock
        self._embedded = embedded
        self.seen: Awaited[[Block, int]] = seen or Awaited()
        self._confirmations = confirmations
        self._past = 0
        self._block: Block | None = None
        self._seen_at: datetime | None = None
        self._looked = float("-inf")
        self._looking: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to tick the embedded chain, if we host it."""
        if self._embedded is not None:
            self._ticking = asyncio.create_task(self._tick(), name="chain-tick")

    async def close(self) -> None:
        """Stop looking and ticking."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])  # what it met was told to whoever waited for it
        await cancel(self._ticking)

    async def look(self) -> None:
        """Look at the chain unless the last look is fresh; an unreachable chain leaves what was seen.

        Whoever comes while somebody looks waits for that look.
        """
        if self._clock.monotonic() - self._looked < FRESH_SECONDS:
            return
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look(), name="chain-look")
        await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            # asked in this order, no reorganisation slips in between
            block = await self._programs.chain.newest()
            expected = self._programs.deployment.chain_id
            stands = block == self._block or await self._programs.chain.confirm_id(expected, self._block)
            final = await self._final(block)
        except ChainUnreachable as fault:
            log.info("the chain is away: %s", fault)
            return
        looked, self._past = self._clock.monotonic(), self._past + (not stands)
        self._block, self._seen_at = block, self._clock.now()
        if final is not None:
            self._evidence.block = CitedBlock(final.number, final.hash)
        await self.seen.told(block, self._past)
        self._looked = looked  # whoever comes before is made to wait: nobody acts on what was not followed

    async def _final(self, newest: Block) -> Block | None:
        """Return the newest block that has its confirmations; None while the node does not show it."""
        if not self._confirmations:
            return newest
        return await self._programs.chain.block(max(newest.number - self._confirmations, 0))

    def sight(self, _tx: Tx) -> Sight:
        """Return the newest block's time and when it was seen; raises ChainUnreachable when the chain never was."""
        if self._block is None or self._seen_at is None:
            raise ChainUnreachable("the chain was not seen since the start")
        return Sight(self._block.at, self._seen_at)

    @property
    def block_time(self) -> datetime | None:
        """Return the newest block's time, None before the first look."""
        return None if self._block is None else self._block.at

    def age(self) -> float | None:
        """Return the seconds since the chain was seen, None before the first look."""
        return None if self._block is None else self._clock.monotonic() - self._looked

    async def measures(self) -> dict[str, float | None]:
        """Return how old our sight of the chain is, without end before the first look, and how late its blocks are."""
        age, block = self.age(), self.block_time
        return {
            "penstock_chain_age_seconds": inf if age is None else age,
            "penstock_chain_lag_seconds": None if block is None else (self._clock.now() - block).total_seconds(),
        }

    async def _tick(self) -> None:
        assert self._embedded is not None
        while True:
            await asyncio.sleep(TICK_SECONDS)
            await self._embedded.tick()
