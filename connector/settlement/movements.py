"""What moved our balance of the settlement token, as the chain tells it: each transfer to us and from us.

Law: (1) the chain is the book; nothing of it is kept beside it, so a restored back-up shows the same. (2) The balance
after a movement is the sum of all movements up to it. (3) Blocks that no reorganisation takes back are read once;
should one go deeper, everything is read anew.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ledger.chain.several import SETTLED_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from datetime import datetime

    from connector.core.core import Core
    from ledger.chain.client import Block, Event
    from ledger.chain.programs import Programs

TOKEN, TRANSFER = "token", "Transfer"


@dataclass(frozen=True, slots=True)
class Movement:
    """One transfer: `amount` is above zero for what came in, below for what went out; `other` is the other account."""

    at: datetime
    block: int
    transaction: str
    other: bytes
    amount: int
    balance: int


class Movements:
    """The movements of our accounts as of one, read as far as they are new."""

    def __init__(self, core: Core, programs: Programs) -> None:
        self._core, self._programs = core, programs
        self._own: frozenset[bytes] = frozenset()
        self._kept: list[Movement] = []
        self._last: Block | None = None  # the newest block that was read for good
        self._turn = asyncio.Lock()

    async def all(self) -> list[Movement]:
        """Return every movement, the oldest first; raises ChainUnreachable."""
        async with self._turn:
            if self._own != (own := frozenset(self._core.identity.keys.accounts)):
                self._own, self._kept, self._last = own, [], None
            if self._last is not None and await self._programs.chain.block(self._last.number) != self._last:
                self._kept, self._last = [], None
            newest = await self._programs.chain.newest()
            first = 0 if self._last is None else self._last.number + 1
            lasting = newest.number - SETTLED_BLOCKS
            # asked for before the events: should the chain change in between, this block is not its own next time
            last = await self._programs.chain.block(lasting) if lasting >= first else None
            found = await self._read(first, newest)
            if last is not None:
                self._kept += [one for one in found if one.block <= last.number]
                self._last = last
                found = [one for one in found if one.block > last.number]
            return [*self._kept, *found]

    async def _read(self, first: int, newest: Block) -> list[Movement]:
        found = [event for one in self._own for event in await self._told(one, first, newest.number)]
        # what we send to ourselves is told twice and moves nothing
        told = {(one.block, one.position): one for one in found if one.fields["value"]}
        events = [told[where] for where in sorted(told)]
        times = {number: await self._time(number, newest) for number in {one.block for one in events}}
        return moved(self._own, events, times, self._kept[-1].balance if self._kept else 0)

    async def _told(self, account: bytes, first: int, last: int) -> list[Event]:
        sent = await self._programs.events(TOKEN, TRANSFER, first, last, sender=account)
        return [*sent, *await self._programs.events(TOKEN, TRANSFER, first, last, receiver=account)]

    async def _time(self, number: int, newest: Block) -> datetime:
        block = newest if number == newest.number else await self._programs.chain.block(number)
        return newest.at if block is None else block.at  # it went away just now, and is read again next time


def moved(own: Container[bytes], events: Iterable[Event], times: dict[int, datetime], balance: int) -> list[Movement]:
    """Return transfers in the chain's order as movements of accounts of one owner that began with `balance`."""
    found: list[Movement] = []
    for event in events:
        sender, receiver, value = (event.fields[name] for name in ("sender", "receiver", "value"))
        amount = value * ((receiver in own) - (sender in own))
        if not amount:
            continue
        balance += amount
        assert balance >= 0, "nobody pays what it does not have"
        other = sender if amount > 0 else receiver
        where = times[event.block], event.block, event.transaction.hex()
        found.append(Movement(*where, other, amount, balance))
    return found
