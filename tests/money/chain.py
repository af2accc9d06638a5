"""A slow chain: what is sent waits in a queue, and is mined blocks later, or mined again after a reorganisation.

It is asked and told as `ledger.chain.client.Chain` is, so the real outbox, watch and readings of the programs stand on
it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from contracts import address, signature
from contracts.canonical import sha
from ledger.chain.client import Block, Event, Receipt, Signed, call_data
from ledger.chain.errors import ChainRefused
from ledger.chain.fees import Fees
from tests.money import program

if TYPE_CHECKING:
    from tests.fault.coin import State

NONCE_BYTES = 8


@dataclass(frozen=True)
class Sent:
    """A transaction as it travels: who, its number, whom it calls with what."""

    sender: bytes
    nonce: int
    to: bytes
    data: bytes

    @property
    def raw(self):
        return self.sender + self.nonce.to_bytes(NONCE_BYTES, "big") + self.to + self.data

    @property
    def hash(self):
        return sha(["transaction", self.raw.hex()])

    @classmethod
    def read(cls, raw):
        return cls(raw[:20], int.from_bytes(raw[20:28], "big"), raw[28:48], raw[48:])


@dataclass(frozen=True)
class Mined:
    """A block with the state after it, its transactions in order, receipts by hash, events."""

    block: Block
    state: State
    sent: tuple
    receipts: dict
    events: tuple


class SlowChain:
    """Blocks from a first state on; `signers` are the keys that sign vouchers, by channel."""

    def __init__(self, state, signers):
        self.signers, self.pool, self._forks = signers, [], 0
        first = Block(0, sha(["block", 0]), _at(state.at), bytes(32))
        self.blocks = [Mined(first, state, (), {}, ())]

    @property
    def state(self):
        return self.blocks[-1].state

    # ---- turned by hand

    def mine(self, at, most=None):
        """Mine a block of up to `most` of what waits, each account's in the order of its numbers."""
        state, before = program.after(self.state), self.blocks[-1].block
        state.at = max(state.at, at)
        number, sent, receipts, events = before.number + 1, [], {}, []
        for one in self._ready(len(self.pool) if most is None else most):
            self.pool.remove(one)
            trial = program.after(state)
            try:
                told = program.perform(trial, one.sender, self.signers, program.read(one.to, one.data))
                state, succeeded = trial, True
            except ChainRefused:
                told, succeeded = [], False
            sent.append(one)
            receipts[one.hash] = succeeded
            events += [(name, fields, one.hash) for name, fields in told]
        name = sha(["block", number, self._forks, before.hash.hex(), [one.hash.hex() for one in sent]])
        block = Block(number, name, _at(state.at), bytes(32))
        self.blocks.append(Mined(block, state, tuple(sent), receipts, tuple(events)))

    def _ready(self, most):
        """Some of what waits, in an order that only the miner knows, each account's in the order of its numbers."""
        counted, ready = {}, []
        waiting = sorted(self.pool, key=lambda one: sha(["place", len(self.blocks), self._forks, one.hash.hex()]))
        while len(ready) < most:
            fits = (one for one in waiting if one.nonce == counted.get(one.sender, self._counted(one.sender)))
            one = next(fits, None)
            if one is None:
                break
            counted[one.sender] = one.nonce + 1
            waiting.remove(one)
            ready.append(one)
        return ready

    def reorganise(self, depth, at, most):
        """Take back `depth` blocks; another past, one block longer, comes with up to `most` of their transactions."""
        depth = min(depth, len(self.blocks) - 1)
        back = [one for mined in self.blocks[len(self.blocks) - depth :] for one in mined.sent]
        del self.blocks[len(self.blocks) - depth :]
        self.pool, self._forks = back + self.pool, self._forks + 1
        self.mine(at, most)
        for _ in range(depth):
            self.mine(at, 0)

    def drop(self, key, act):
        """Send an act with a key that no outbox keeps."""
        sender = signature.address(key)
        waiting = sum(one.sender == sender for one in self.pool)
        self.pool.append(Sent(sender, self._counted(sender) + waiting, act.program.address, call_data(act)))

    def takes(self, act):
        """Whether the program would take an act from anybody now."""
        try:
            self._trial(address.NOBODY, act.program.address, call_data(act))
        except ChainRefused:
            return False
        return True

    # ---- as a connection

    async def chain_id(self):
        return program.DEPLOYMENT.chain_id

    async def confirm_id(self, expected, seen=None):
        assert expected == program.DEPLOYMENT.chain_id
        return seen is not None and await self.block(seen.number) == seen

    async def newest(self):
        return self.blocks[-1].block

    async def block(self, where):
        return self.blocks[where].block if where < len(self.blocks) else None

    async def nonce(self, account, at="pending"):
        if at not in ("pending", "latest"):
            return sum(one.sender == account for mined in self.blocks[: at + 1] for one in mined.sent)
        counted = self._counted(account)
        if at == "pending":
            taken = {one.nonce for one in self.pool if one.sender == account}
            while counted in taken:
                counted += 1
        return counted

    async def sign_call(self, to, data, *, nonce, key, instead_of=None, like=0):
        sender = signature.address(key)
        if not like:  # a batch like one that was mined is not tried where gas is free
            self._trial(sender, to, data)
        sent = Sent(sender, nonce, to, data)
        return Signed(sent.raw, sent.hash, Fees(0))

    async def send(self, raw):
        sent = Sent.read(raw)
        if sent not in self.pool and self._mined(sent.hash) is None:
            same = [one for one in self.pool if (one.sender, one.nonce) == (sent.sender, sent.nonce)]
            if same or sent.nonce < self._counted(sent.sender):
                raise ChainRefused("nonce too low")
            self.pool.append(sent)
        return sent.hash

    async def receipt(self, transaction):
        mined = self._mined(transaction)
        if mined is None:
            return None
        return Receipt(transaction, mined.block.number, mined.block.hash, mined.receipts[transaction], 21_000, None)

    async def events(self, asked, event, first, last=None, **filters):
        last = len(self.blocks) - 1 if last is None else last
        return [
            Event(name, fields, asked, mined.block.number, mined.block.hash, transaction, position)
            for mined in self.blocks[first : last + 1]
            for position, (name, fields, transaction) in enumerate(mined.events)
            if event in (None, name) and all(fields.get(key) == value for key, value in filters.items())
        ]

    async def call(self, asked, function, *args, sender=address.NOBODY, at="latest"):
        state = self.state if at == "latest" else self.blocks[at].state
        return getattr(self, "_" + function)(state, *args)

    # ---- inside

    def _maxGrants(self, _state):  # noqa: N802 - as the licences call it
        """No licence is granted in a journey."""
        return 0

    def _channel(self, state, channel):
        found = state.channels.get(channel)
        parts = found.split.parts if found else ((address.NOBODY, 0),)
        return {
            "payer": found.payer if found else address.NOBODY,
            "signer": self.signers.get(channel, address.NOBODY),
            "payee": parts[0][0],
            "token": program.PLACES["token"],
            "arbitrator": address.NOBODY,
            "splitHash": found.split.hash if found else bytes(32),
            "deposit": found.deposit if found else 0,
            "claimed": found.claimed if found else 0,
            "expiry": found.expiry if found else 0,
            "freezePeriod": 0,
            "frozenAt": 0,
            "frozenFor": 0,
            "closed": bool(found and found.closed),
        }

    def _balances(self, state, _token, account):
        return state.credits[account]

    def _counted(self, account):
        return sum(one.sender == account for mined in self.blocks for one in mined.sent)

    def _mined(self, transaction):
        return next((mined for mined in reversed(self.blocks) if transaction in mined.receipts), None)

    def _trial(self, sender, to, data):
        program.perform(program.after(self.state), sender, self.signers, program.read(to, data))


def _at(seconds):
    return datetime.fromtimestamp(seconds, UTC)
