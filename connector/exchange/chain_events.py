"""The programs' events, as the exchange counts its market from them: settled blocks are read once, the newest again.

Law: what is kept is of blocks that no reorganisation takes back; should one go deeper, the chain does not know the
newest kept event's block any more, and everything is read anew. What is over the limit is not kept but read each time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from connector.limits import CHAIN_EVENTS_KEPT_MAX
from ledger.audit import facts
from ledger.several import SETTLED_BLOCKS

if TYPE_CHECKING:
    from connector.base import Base
    from ledger.audit.facts import ChainFacts
    from ledger.chain import Event


class ChainEvents:
    """The events of channels and licences, by program, in the chain's order."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant
        self._kept: defaultdict[str, list[Event]] = defaultdict(list)
        self._next: defaultdict[str, int] = defaultdict(int)  # the first block of which nothing is kept
        self._turn = asyncio.Lock()
        self._facts: tuple[Event | None, ChainFacts] = (None, facts.gather(()))

    async def of(self, program: str, upto: int) -> list[Event]:
        """Return all events of a program up to a block, which is the newest."""
        async with self._turn:
            if not await self._stand(program):
                del self._kept[program], self._next[program]
            kept = self._kept[program]
            found = await self._participant.programs.events(program, None, self._next[program], upto)
            settled = upto + 1 - SETTLED_BLOCKS
            lasting = [event for event in found if event.block < settled]
            if settled > self._next[program] and len(kept) + len(lasting) <= CHAIN_EVENTS_KEPT_MAX:
                kept.extend(lasting)
                self._next[program] = settled
                return [*kept, *found[len(lasting) :]]
            return [*kept, *found]

    async def channels(self, upto: int) -> ChainFacts:
        """Return what the channels' events come to; nothing is counted again where nothing has happened."""
        events = await self.of("channels", upto)
        last = events[-1] if events else None
        if last != self._facts[0]:
            self._facts = last, facts.gather(events)
        return self._facts[1]

    async def _stand(self, program: str) -> bool:
        """Say whether the chain still has the block of the newest kept event."""
        if not self._kept[program]:
            return True
        last = self._kept[program][-1]
        found = await self._participant.chain.block(last.block)
        return found is not None and found.hash == last.block_hash
