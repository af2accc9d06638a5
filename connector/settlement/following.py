"""A channel's row follows the chain: its deposit, its expiry, and whether it is frozen or closed (spec 3.5).

Law: what takes money away counts as soon as it is seen, what brings money only when the agreed confirmations are there.
So nothing is released on a channel that a division, a settlement of both sides or a reorganisation has emptied. What a
reorganisation took back of ours, whatever it was, is sent again as soon as another past is seen. A start
asks for what has happened since an earlier run, however many channels are open: up to which block events were read is
kept, and, before a row takes anything over, from which block. Where one of the two stands no more, all are asked for.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from connector.channel import account as accounts
from connector.settlement import claimed
from connector.store.rows.channel import ChannelRow, ChannelState
from connector.store.rows.console import FactRow
from ledger.chain.errors import ChainUnreachable
from ledger.chain.several import SETTLED_BLOCKS

if TYPE_CHECKING:
    from datetime import datetime

    from connector.chain.transactions import Transactions
    from connector.core.core import Core
    from connector.settlement.settlement import Settlements
    from ledger.chain.client import Block
    from ledger.chain.programs import Channel, Programs

    Mark = dict[str, str]

# a reorganisation that goes back further is not one that an operator's confirmations could have waited for
BLOCKS_AGAIN = 1000
FOLLOWED = "channels-followed"
# how far was followed is kept so often: what is read twice changes nothing
FOLLOWED_EVERY_BLOCKS = 100


class Following:
    """The open channels of one participant, either side; `seen` is called with every newest block and its past."""

    def __init__(self, core: Core, programs: Programs, transactions: Transactions, settlements: Settlements) -> None:
        self._core, self._programs, self._transactions = core, programs, transactions
        self._settlements = settlements
        # the block up to which events are read, and the watch's past when they were
        self._read: tuple[Block, int] | None = None
        self._kept: int | None = None
        self._turn = asyncio.Lock()

    async def seen(self, block: Block, past: int) -> None:
        """Read what happened to our channels up to `block`; an unreachable chain is asked again at the next one.

        Another `past` than before leaves no event of what it took back.
        """
        async with self._turn:
            if self._read is not None and block.hash == self._read[0].hash:
                return
            read = self._read[0] if self._read is not None and self._read[1] == past else None
            try:
                if read is None:
                    await self._transactions.again(await self._back(block))
                elif self._core.settings.chain.confirmations:
                    # mined, and taken back, since the block that was seen last, which stands
                    await self._transactions.again(read.number + 1)
                since = await self._left_off() if read is None else _mark(read)
                touched = await self._touched(block, since)
                if touched:
                    await self._keep(since, block)
                for row in touched:
                    await self._follow(row, block)
            except ChainUnreachable:
                return
            self._read = block, past
            if self._kept is None or block.number - self._kept >= FOLLOWED_EVERY_BLOCKS:
                await self._keep(_mark(block), block)
                self._kept = block.number

    async def _back(self, block: Block) -> int:
        """Return from which block on a transaction of ours may be gone.

        At a start it is not far before the last of ours: what was taken back while nobody was here is as old as that.
        """
        if self._read is not None:
            return block.number - BLOCKS_AGAIN
        last = await self._transactions.last_mined()
        return (block.number if last is None else min(block.number, last)) - SETTLED_BLOCKS

    async def _left_off(self) -> Mark | None:
        """Return the block up to which an earlier run read events, if that and all that rows took over still stand."""
        kept = await self._core.store.read(lambda tx: tx.get(FactRow, name=FOLLOWED))
        if self._read is not None or kept is None:
            return None
        for mark in (kept.value["read"], kept.value["taken"]):
            block = await self._programs.chain.block(int(mark["block"]))
            if block is None or _mark(block) != mark:
                return None
        return dict(kept.value["read"])

    async def _keep(self, read: Mark | None, block: Block) -> None:
        """Keep up to which block events are read, and `block`, from which rows may take something over from now on.

        Without the second, a start would not see that what rows have taken over was taken back meanwhile. Where all
        are asked for, nothing is known of how far was read until that is done.
        """
        if read is None:
            self._kept = None
            await self._core.store.write(lambda tx: tx.delete(FactRow, name=FOLLOWED))
        else:
            told = FactRow(name=FOLLOWED, value={"read": read, "taken": _mark(block)})
            await self._core.store.write(lambda tx: tx.put(told))

    async def _touched(self, block: Block, since: Mark | None) -> list[ChannelRow]:
        """Return the open channels with an event after the block `since`; all without it."""
        rows = await self._core.store.read(lambda tx: tx.find(ChannelRow, accounts.IS_LIVE, accounts.LIVE))
        if not rows or since is None:
            return rows
        first = max(int(since["block"]) + 1 - self._core.settings.chain.confirmations, 0)
        events = await self._programs.events("channels", None, first, block.number)
        touched = {event.fields["channelId"].hex() for event in events if "channelId" in event.fields}
        return [row for row in rows if row.id in touched or row.state == ChannelState.FROZEN]

    async def _follow(self, row: ChannelRow, block: Block) -> None:
        channel = row.channel_id
        newest = await self._programs.channel(channel)
        if newest is not None and newest.closed:
            await self._settlements.note_closed(row)
            return
        last = max(block.number - self._core.settings.chain.confirmations, 0)
        final = newest if last == block.number else await self._programs.channel(channel, at=last)
        known = as_known(row, newest, final, block.at)
        known["claimed_lock"] = await claimed.lock(self._programs, row, known["claimed"])
        if any(getattr(row, name) != value for name, value in known.items()):
            await self._core.store.write(lambda tx: tx.update(ChannelRow, {"id": row.id}, **known))
        if known["claimed"] < row.claimed or known["deposit"] < row.deposit:
            await self._transactions.again(block.number - BLOCKS_AGAIN)


def _mark(block: Block) -> Mark:
    """Return how a block is kept."""
    return {"block": str(block.number), "hash": block.hash.hex()}


def as_known(row: ChannelRow, newest: Channel | None, final: Channel | None, at: datetime) -> dict[str, Any]:
    """Return the columns of a channel at the block time `at`; one that a reorganisation took away holds nothing.

    One that is stopped or closing here stays so, whatever an arbitrator froze.
    """
    if newest is None or final is None:
        return {"deposit": 0, "claimed": 0}
    frozen = newest.frozen_until is not None and at < newest.frozen_until
    over = newest.frozen_until is not None and not frozen
    return {
        "deposit": min(newest.deposit, final.deposit),
        "expiry": min(newest.expiry, final.expiry),
        "state": (ChannelState.FROZEN if frozen else ChannelState.OPEN) if row.state in accounts.MOVED else row.state,
        "claimed": newest.claimed,
        "frozen_for": newest.frozen_for if over else row.frozen_for,
    }
