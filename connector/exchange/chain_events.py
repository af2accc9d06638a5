"""The programs' events, as the exchange counts its market from them: settled blocks are read once, the newest again.

Law: what is kept is of blocks that no reorganisation takes back; should one go deeper, the chain does not know the
newest block that was read for good any more, and everything is read anew. What is over the limit is not kept but read
each time, of a claim that of its channel alone.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from connector.runtime.limits import CHAIN_EVENTS_KEPT_MAX
from ledger.audit import facts
from ledger.chain.several import SETTLED_BLOCKS

if TYPE_CHECKING:
    from ledger.audit.facts import ChainFacts
    from ledger.chain.client import Block, Event
    from ledger.chain.programs import Programs

CHANNELS, CLAIMED = "channels", "Claimed"


class ChainEvents:
    """The events of channels and licences, by program, in the chain's order."""

    def __init__(self, programs: Programs) -> None:
        self._programs = programs
        self._kept: defaultdict[str, list[Event]] = defaultdict(list)
        self._last: dict[str, Block] = {}  # the newest block whose events are kept
        self._full: set[str] = set()  # programs that have more events than are kept
        self._claims: dict[bytes, Event] = {}  # of what is kept, channel → its newest claim
        self._turn = asyncio.Lock()
        self._facts: tuple[Event | None, ChainFacts] = (None, facts.gather(()))

    async def of(self, program: str, upto: int) -> list[Event]:
        """Return all events of a program up to a block, which is the newest."""
        async with self._turn:
            rest = await self._rest(program, upto)
            return [*self._kept[program], *rest]

    async def claim(self, channel: bytes, upto: int) -> Event | None:
        """Return the newest claim on a channel up to a block, which is the newest; None without one."""
        async with self._turn:
            rest = await self._rest(CHANNELS, upto, CLAIMED, channelId=channel)
            known = self._claims.get(channel)
        return next((event for event in reversed(rest) if _of_channel(event) == channel), known)

    async def channels(self, upto: int) -> ChainFacts:
        """Return what the channels' events come to; nothing is counted again where nothing has happened."""
        events = await self.of(CHANNELS, upto)
        last = events[-1] if events else None
        if last != self._facts[0]:
            self._facts = last, facts.gather(events)
        return self._facts[1]

    async def _rest(self, program: str, upto: int, event: str | None = None, **filters: Any) -> list[Event]:
        """Keep what is new and lasts; return the events behind what is kept.

        `event` and its `filters` say which of those are wanted; the others may be left out.
        """
        if not await self._stand(program):
            self._forget(program)
        first = self._last[program].number + 1 if program in self._last else 0
        if program in self._full:
            return await self._programs.events(program, event, first, upto, **filters)
        # asked for before the events: should the chain change in between, this block is not its own next time
        last = await self._lasting(first, upto)
        found = await self._programs.events(program, None, first, upto)
        if last is None:
            return found
        lasting = [one for one in found if one.block <= last.number]
        if len(self._kept[program]) + len(lasting) > CHAIN_EVENTS_KEPT_MAX:
            self._full.add(program)
            return found
        self._kept[program].extend(lasting)
        self._last[program] = last
        self._claims |= {channel: one for one in lasting if (channel := _of_channel(one))}
        return found[len(lasting) :]

    def _forget(self, program: str) -> None:
        """Begin anew with a program; claims are of one alone."""
        del self._kept[program], self._last[program]
        self._full.discard(program)
        if program == CHANNELS:
            self._claims.clear()

    async def _stand(self, program: str) -> bool:
        """Say whether the chain still has the newest block whose events are kept."""
        last = self._last.get(program)
        return last is None or await self._programs.chain.block(last.number) == last

    async def _lasting(self, first: int, newest: int) -> Block | None:
        """Return the newest block, from `first` on, that no reorganisation takes back."""
        number = newest - SETTLED_BLOCKS
        return await self._programs.chain.block(number) if number >= first else None


def _of_channel(event: Event) -> bytes | None:
    """Return the channel that an event is a claim on, None for any other event."""
    return event.fields["channelId"] if event.name == CLAIMED else None
