"""The programs' events on the chain, kept at hand and found by any value in them: an id, a digest, an address.

Law: blocks are read once, in order, from the first that the chain bears out, and where reading stopped is said; a value
is known by its bytes, however somebody writes it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

from connector.regulator.sources import PROGRAMS
from connector.runtime.limits import CHAIN_EVENTS_KEPT_MAX
from ledger.chain.deployment import borne_out
from ledger.chain.programs import Programs

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from ledger.chain.client import Event


class ChainBook:
    """The events of the deployment's programs; `trouble` says why those of the newest blocks are not among them."""

    def __init__(self, programs: Programs) -> None:
        self._said = programs
        self.trouble = ""
        self._events: list[Event] = []
        self._named: dict[str, list[int]] = defaultdict(list)
        self._times: dict[int, datetime] = {}
        self._programs: Programs | None = None
        self._next = 0
        self._turn = asyncio.Lock()

    async def naming(self, values: Iterable[str]) -> list[Event]:
        """Return the events that name any of these values (hex, or a transaction's hash), in the chain's order."""
        await self._catch_up()
        places = sorted({place for value in values for place in self._named.get(value, ())})
        return [self._events[place] for place in places]

    async def at(self, number: int) -> datetime | None:
        """Return a block's time."""
        if number not in self._times:
            block = await self._said.chain.block(number)
            if block is None:
                return None
            self._times[number] = block.at
        return self._times[number]

    async def _catch_up(self) -> None:
        async with self._turn:
            last = (await self._said.chain.newest()).number
            if last < self._next:
                return
            if len(self._events) >= CHAIN_EVENTS_KEPT_MAX:
                self.trouble = f"only {len(self._events):,} events are kept at hand, those up to block {self._next - 1}"
                return
            programs = await self._supervised()
            found = [event for name in PROGRAMS for event in await programs.events(name, None, self._next, last)]
            for event in sorted(found, key=lambda one: (one.block, one.position)):
                for value in {event.transaction.hex(), *_values(event)}:
                    self._named[value].append(len(self._events))
                self._events.append(event)
            self._next = last + 1

    async def _supervised(self) -> Programs:
        """Return the programs, with the beginning that an exchange says only if it is so."""
        if self._programs is None:
            said = self._said
            self._programs = Programs(said.chain, await borne_out(said.chain, said.deployment))
        return self._programs


def _values(event: Event) -> Iterable[str]:
    """Return the ids, digests and addresses that an event names, in hex."""
    for value in event.fields.values():
        if isinstance(value, bytes) and any(value):
            yield value.hex()
        elif isinstance(value, str) and value.startswith("0x"):
            yield value[2:].lower()
