"""The channels program and the token as a model, block by block: blocks can be taken back (a reorganisation).

The model decides as the program does (spec 3.2 to 3.4). Histories are played again on the real program, which must end
with the same figures: what the model says of money is worth only as much as that.
"""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contracts.split import Split

WHOLE_BPS = 10_000


@dataclass
class Channel:
    """One channel on the model of the chain; `expiry` in seconds."""

    payer: bytes
    split: Split
    deposit: int
    expiry: int
    claimed: int = 0
    closed: bool = False
    floors: Counter = field(default_factory=Counter)


class RefusedError(Exception):
    """The program would refuse it."""


def need(holds, why):
    if not holds:
        raise RefusedError(why)


@dataclass
class State:
    """Everything after one block."""

    at: int
    wallets: Counter = field(default_factory=Counter)
    credits: Counter = field(default_factory=Counter)
    channels: dict[bytes, Channel] = field(default_factory=dict)

    # ---- what may be sent; each is (name, arguments)

    def mint(self, account, amount):
        self.wallets[account] += amount

    def open(self, channel, payer, split, deposit, expiry):
        need(channel not in self.channels, "id already used")
        need(expiry > self.at, "past expiry")
        need(0 < deposit <= self.wallets[payer], "transfer failed")
        self.wallets[payer] -= deposit
        self.channels[channel] = Channel(payer, split, deposit, expiry)

    def top_up(self, channel, amount):
        found = self._known(channel)
        need(0 < amount <= self.wallets[found.payer], "transfer failed")
        self.wallets[found.payer] -= amount
        found.deposit += amount

    def claim(self, voucher, preimage):
        found = self._known(voucher.channel_id)
        need(voucher.cumulative_amount > found.claimed, "stale voucher")
        need(voucher.valid_until == 0 or self.at <= voucher.valid_until, "voucher lapsed")
        open_lock = bytes(32) if preimage == bytes(32) else hashlib.sha256(preimage).digest()
        need(open_lock == voucher.lock, "missing preimage")
        need(voucher.cumulative_amount <= found.deposit, "over deposit")
        for payee, bps in found.split.parts:
            share = voucher.cumulative_amount * bps // WHOLE_BPS
            self.credits[payee] += share - found.floors[payee]
            found.floors[payee] = share
        found.claimed = voucher.cumulative_amount

    def close(self, channel):
        self._close(self._known(channel))

    def refund(self, channel):
        found = self._known(channel)
        need(self.at >= found.expiry, "refund too early")
        self._close(found)

    def withdraw(self, account):
        need(self.credits[account] > 0, "nothing to withdraw")
        self.wallets[account] += self.credits.pop(account)

    # ---- inside

    def _known(self, channel):
        need(channel in self.channels, "unknown")
        need(not self.channels[channel].closed, "closed")
        return self.channels[channel]

    def _close(self, found):
        first = found.split.parts[0][0]
        self.credits[first] += found.claimed - found.floors.total()
        self.credits[found.payer] += found.deposit - found.claimed
        found.closed = True

    @property
    def held(self):
        """What the deposits still hold: neither paid nor refunded."""
        return sum(one.deposit - one.floors.total() for one in self.channels.values() if not one.closed)

    @property
    def whole(self):
        """INVARIANT conservation: wallets + credits + held is what was minted."""
        return self.wallets.total() + self.credits.total() + self.held


class Coin:
    """The chain: `send` mines a block of one call, `reorganise` takes back blocks that are not final yet."""

    def __init__(self, at, confirmations):
        self.confirmations, self.final = confirmations, 0
        self.blocks = [State(at)]
        self.sent = [[]]  # the calls of each block

    @property
    def newest(self):
        return self.blocks[-1]

    def send(self, name, *args, at=None):
        """Mine a call; raises what the program would say, and mines nothing then."""
        state = copy.deepcopy(self.newest)
        state.at = max(state.at, at or 0)
        getattr(state, name)(*args)
        self._mine(state, [(name, args)])

    def tick(self, at):
        state = copy.deepcopy(self.newest)
        state.at = max(state.at, at)
        self._mine(state, [])

    def _mine(self, state, calls):
        self.blocks.append(state)
        self.sent.append(calls)
        self.final = max(self.final, len(self.blocks) - 1 - self.confirmations)

    def reorganise(self, depth, order):
        """Take back `depth` blocks; mine their calls again in `order` (indices), as far as they are still valid."""
        depth = min(depth, len(self.blocks) - 1 - self.final)
        at, length = self.newest.at, len(self.blocks)
        dropped = [call for calls in self.sent[len(self.sent) - depth :] for call in calls]
        del self.blocks[len(self.blocks) - depth :], self.sent[len(self.sent) - depth :]
        for index in order:
            if index < len(dropped):
                try:
                    self.send(dropped[index][0], *dropped[index][1])
                except RefusedError:
                    continue
        while len(self.blocks) <= length:  # the longer chain is the one that counts
            self.tick(at)

    @property
    def history(self):
        """(time of the block, name, arguments) of every call that stands."""
        for state, calls in zip(self.blocks, self.sent, strict=True):
            for name, args in calls:
                yield state.at, name, args
