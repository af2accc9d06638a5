"""The programs' events, as the exchange counts its market from them: settled blocks are read once, the newest again.

Law: what is kept is of blocks that no reorganisation takes back; should one go deeper, the chain does not know the
newest block that was read for good any more, and everything is read anew. What is over the limit is not kept but read
each time.
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
    from ledger.chain import Block, Event


class ChainEvents:
    """The events of channels and licences, by program, in the chain's order."""

    def __init__(self, participant: Base) -> None:
        self._participant = participant
        self._kept: defaultdict[str, list[Event]] = defaultdict(list)
        self._last: dict[str, Block] = {}  # the newest block whose events are kept
        self._turn = asyncio.Lock()
        self._facts: tuple[Event | None, ChainFacts] = (None, facts.gather(()))

    async def of(self, program: str, upto: int) -> list[Event]:
        """Return all events of a program up to a block, which is the newest."""
        async with self._turn:
            if not await self._stand(program):
                del self._kept[program], self._last[program]
            kept = self._kept[program]
            first = self._last[program].number + 1 if program in self._last else 0
            # asked for before the events: should the chain change in between, this block is not its own next time
            last = await self._lasting(first, upto)
            found = await self._participant.programs.events(program, None, first, upto)
            if last is None:
                return [*kept, *found]
            lasting = [event for event in found if event.block <= last.number]
            if len(kept) + len(lasting) <= CHAIN_EVENTS_KEPT_MAX:
                kept.extend(lasting)
                self._last[program] = last
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
        """Say whether the chain still has the newest block whose events are kept."""
        last = self._last.get(program)
        return last is None or await self._participant.chain.block(last.number) == last

    async def _lasting(self, first: int, newest: int) -> Block | None:
        """Return the newest block, from `first` on, that no reorganisation takes back."""
        number = newest - SETTLED_BLOCKS
        return await self._participant.chain.block(number) if number >= first else None
