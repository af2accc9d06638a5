"""The chain of a simulated space: late blocks, dear gas, reorganisations, nodes that lag or do not answer.

What the programs pay is the model of `tests.money.program`, which is held against the real ones; here are licences and
the openings of channels besides. Each participant asks a node of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from functools import lru_cache

from eth_abi.abi import decode, encode
from eth_hash.auto import keccak

from contracts import address, signature
from contracts.canonical import sha
from contracts.split import Split
from contracts.typed_data import TYPES, Agreement
from ledger.chain import abi, acts
from ledger.chain.client import Block, Signed
from ledger.chain.errors import ChainRefused, ChainUnreachable
from ledger.chain.fees import PRICE_MAX_WEI, Fees
from tests.fault import coin
from tests.money import program
from tests.money.chain import Mined, Sent, SlowChain, _at
from tests.money.program import CALLS_KEPT, SELECTOR_BYTES

GWEI = 10**9
QUIET_WEI, TIP_WEI = 2 * GWEI, GWEI
UNTOLD = 0.3  # of questions for events up to the newest block
_AGREED = keccak(f"Agreement({TYPES[Agreement]})".encode())
# the words of an agreement's struct: type, provider, buyer, product, edition, terms, token, cap, end, split, summary
_IDS = ["bytes32"] * 3
_AGREED_FIELDS = (
    "provider", "buyer", "product", "editionId", "termsDigest", "token", "priceCap", "notAfter", "splitHash",
)  # fmt: skip
_WORDS = ["bytes32", "address", "address", *_IDS, "address", "uint256", "uint256", "bytes32", "bytes32"]


@dataclass
class State(coin.State):
    """Everything after one block, with licences (digest → parties and times) and how many permits each owner gave."""

    licences: dict = field(default_factory=dict)
    permits: Counter = field(default_factory=Counter)


def after(state):
    """A copy that the next block may change."""
    channels = {key: replace(one, floors=Counter(one.floors)) for key, one in state.channels.items()}
    money = Counter(state.wallets), Counter(state.credits)
    return State(state.at, *money, channels, dict(state.licences), Counter(state.permits))


def _grant(state, _sender, _signers, told, by_provider, by_buyer):
    told = [bytes.fromhex(one[2:]) if isinstance(one, str) else one for one in told]
    struct = keccak(encode(_WORDS, (_AGREED, *told)))
    digest = keccak(b"\x19\x01" + program.DEPLOYMENT.domain("licences").separator + struct)
    program._need(digest not in state.licences, "already granted")
    program._need(signature.is_by(told[0], digest, by_provider), "foreign provider")
    program._need(signature.is_by(told[1], digest, by_buyer), "foreign buyer")
    state.licences[digest] = {"provider": told[0], "buyer": told[1], "notAfter": told[7], "grantedAt": state.at}
    return "LicenceGranted", {"agreementDigest": digest, **dict(zip(_AGREED_FIELDS, told, strict=False))}


def _open(state, sender, signers, opening, deposit, *_permit):
    signer, payees, bps, token, arbitrator, freeze, salt, expiry = opening
    payees = [bytes.fromhex(one[2:]) for one in payees]
    split = Split(tuple(zip(payees, bps, strict=True)))
    signer, token, arbitrator = (bytes.fromhex(one[2:]) for one in (signer, token, arbitrator))
    channel = program_channel(sender, signer, split, token, arbitrator, salt)
    state.open(channel, sender, split, deposit, expiry)
    state.permits[sender] += 1
    signers[channel] = signer
    parties = {"payer": sender, "payee": payees[0], "signer": signer, "token": token, "arbitrator": arbitrator}
    told = {"channelId": channel, **parties, "splitHash": split.hash, "payees": payees, "bps": bps}
    told |= {"freezePeriod": freeze, "salt": salt, "expiry": expiry, "deposit": deposit}
    return "Opened", told


def program_channel(payer, signer, split, token, arbitrator, salt):
    """The id of a channel (spec 3.1)."""
    opening = acts.Opening(signer, split, token, arbitrator, 0, salt, 0)
    return acts.channel_id(program.DEPLOYMENT, payer, opening)


DOES = {**program._DOES, "grant": _grant, "openWithPermit": _open}


@lru_cache(CALLS_KEPT)
def read(to, data):
    """The calls of a transaction: (function, its arguments)."""
    name = next(name for name, place in program.PLACES.items() if place == to)
    entry = program._functions(name)[data[:SELECTOR_BYTES]]
    args = decode([abi._type(each) for each in entry["inputs"]], data[SELECTOR_BYTES:])
    if name == "batch":
        return tuple(call for place, inner in args[0] for call in read(bytes.fromhex(place[2:]), bytes(inner)))
    if entry["name"] == "grantMany":
        return tuple(("grant", _alone(args[0], words)) for words in args[1])
    return ((entry["name"], args),)


def _alone(kinds, words):
    """The arguments by which one of many licences is granted alone."""
    buyer, terms, summary, packed, *signed = words
    provider, product, edition, token, split = kinds[packed >> 16 & 0xFFFF]
    cap, until = packed >> 128, packed >> 64 & (1 << 64) - 1
    terms, summary = terms.to_bytes(32), summary.to_bytes(32)
    told = (provider, "0x" + buyer.to_bytes(20).hex(), product, edition, terms, token, cap, until, split, summary)
    by_provider, by_buyer = (
        first.to_bytes(32) + second.to_bytes(32) + bytes([packed >> at & 255])
        for first, second, at in ((*signed[:2], 8), (*signed[2:], 0))
    )
    return told, by_provider, by_buyer


@dataclass(frozen=True)
class Priced(Sent):
    """A transaction with the price of its gas; one at a higher price may take its place."""

    price: int = 0

    @property
    def raw(self):
        return self.price.to_bytes(16, "big") + super().raw

    @classmethod
    def read(cls, raw):
        sent = Sent.read(raw[16:])
        return cls(sent.sender, sent.nonce, sent.to, sent.data, int.from_bytes(raw[:16], "big"))


class Chain(SlowChain):
    """One history of blocks, whoever looks at it; `told` hears of each block.

    `base` is what gas costs now, `quiet` what it costs when nothing is the matter.
    """

    def __init__(self, state, told):
        super().__init__(state, {})
        self.base = self.quiet = QUIET_WEI
        self.dearer = None  # by how much, from the next transaction on
        self._told = told
        self._found = {}  # transaction → its block
        self._nonces = Counter()

    def mine(self, at, most=None):
        """Mine a block of what waits and pays enough."""
        state, before = after(self.state), self.blocks[-1].block
        state.at = max(state.at, at)
        number, sent, receipts, events = before.number + 1, [], {}, []
        for one in self._ready(len(self.pool) if most is None else most):
            self.pool.remove(one)
            told, receipts[one.hash] = self._performed(state, one)
            sent.append(one)
            events += [(name, fields, one.hash) for name, fields in told]
        name = sha(["block", number, self._forks, before.hash.hex(), [one.hash.hex() for one in sent]])
        self._add(Mined(Block(number, name, _at(state.at), bytes(32)), state, tuple(sent), receipts, tuple(events)))

    def _performed(self, state, one):
        trial = after(state)
        try:
            told = _perform(trial, one.sender, self.signers, read(one.to, one.data))
        except ChainRefused:
            return [], False
        state.__dict__.update(trial.__dict__)
        return told, True

    def _add(self, mined):
        self.blocks.append(mined)
        for one in mined.sent:
            self._found[one.hash] = mined
            self._nonces[one.sender] += 1
        self.pool = [one for one in self.pool if one.nonce >= self._nonces[one.sender]]
        self._told(mined)

    def _ready(self, most):
        self.pool, all_of_it = [one for one in self.pool if one.price >= self.base], self.pool
        try:
            return super()._ready(most)
        finally:
            self.pool = all_of_it

    def reorganise(self, depth, at, most, *, forgotten=False):
        """Take back blocks for others; nodes may have `forgotten` what was in them, and what waited."""
        depth = min(depth, len(self.blocks) - 1)
        for mined in self.blocks[len(self.blocks) - depth :]:
            for one in mined.sent:
                del self._found[one.hash]
                self._nonces[one.sender] -= 1
        super().reorganise(depth, at, 0 if forgotten else most)
        if forgotten:
            self.pool.clear()

    def take(self, raw):
        """Take a transaction into the pool."""
        sent = Priced.read(raw)
        if sent in self.pool or sent.hash in self._found:
            return sent.hash
        same = [one for one in self.pool if (one.sender, one.nonce) == (sent.sender, sent.nonce)]
        if sent.nonce < self._counted(sent.sender):
            raise ChainRefused("nonce too low")
        if any(sent.price <= one.price for one in same):
            raise ChainRefused("replacement transaction underpriced")
        self.pool = [one for one in self.pool if one not in same] + [sent]
        if self.dearer is not None:
            self.quiet *= self.dearer
            self.base, self.dearer = max(self.base, self.quiet), None
        return sent.hash

    # ---- what the model asks itself

    def _counted(self, account):
        return self._nonces[account]

    def _mined(self, transaction):
        return self._found.get(transaction)

    def _trial(self, sender, to, data):
        _perform(after(self.state), sender, dict(self.signers), read(to, data))

    def fees(self):
        found = Fees.of(self.base, TIP_WEI)
        if found.price > PRICE_MAX_WEI:
            raise ChainUnreachable(f"gas costs `{found.price}` wei, more than {PRICE_MAX_WEI}; ask again")
        return found

    def sign(self, sender, to, data, nonce, instead_of):
        self._trial(sender, to, data)
        found = self.fees()
        if instead_of is not None:
            found = found.at_least(instead_of.raised())
        sent = Priced(sender, nonce, to, data, found.price)
        return Signed(sent.raw, sent.hash, found)

    def _licence(self, state, digest):
        told = state.licences.get(digest, {})
        usual = {"provider": address.NOBODY, "buyer": address.NOBODY, "parent": bytes(32), "notAfter": 0}
        return {**usual, "grantedAt": 0, "revokedAt": 0, "suspendedAt": 0, **told}

    def _balanceOf(self, state, account):  # noqa: N802 - as the token calls it
        return state.wallets[account]

    def _maxGrants(self, _state):  # noqa: N802 - as the licences call it
        return 256

    def _head(self, _state, _origin):
        """No log is anchored."""
        return 0, bytes(32), 0

    def _nonces_of(self, state, account):
        return state.permits[account]


def _perform(state, sender, signers, calls):
    events = []
    try:
        for function, args in calls:
            before = Counter(state.credits)
            name, fields = DOES[function](state, sender, signers, *args)
            events.append((name, fields))
            for account, amount in (state.credits - before).items() if "channelId" in fields else ():
                events.append(("Credited", {"channelId": fields["channelId"], "account": account, "amount": amount}))
    except coin.RefusedError as refusal:
        raise ChainRefused(f"execution reverted: channels: {refusal}") from refusal
    return events


class Node:
    """The chain as one participant's node shows it: `away` until a moment of the loop, else a little late."""

    def __init__(self, chain, loop, chance):
        self._chain, self._loop, self._chance = chain, loop, chance
        self.away = 0.0

    async def _asked(self):
        if self._loop.time() < self.away:
            await asyncio.sleep(self._chance.uniform(0.0, 2.0))
            raise ChainUnreachable("the node does not answer")

    async def close(self):
        """Nothing is open."""

    async def sign_call(self, to, data, *, nonce, key, instead_of=None, like=0):
        await self._asked()
        return self._chain.sign(signature.address(key), to, data, nonce, instead_of)

    async def send(self, raw):
        await self._asked()
        return self._chain.take(raw)

    async def events(self, asked, event, first, last=None, **filters):
        """Up to `last`, or to the newest block, whose events a node may tell later than its state."""
        await self._asked()
        untold = last is None and self._chance.random() < UNTOLD
        newest = len(self._chain.blocks) - 1
        return await self._chain.events(asked, event, first, newest - 1 if untold else last, **filters)

    async def call(self, asked, function, *args, sender=address.NOBODY, at="latest"):
        await self._asked()
        chain = self._chain
        state = chain.state if at == "latest" else chain.blocks[min(at, len(chain.blocks) - 1)].state
        return getattr(chain, "_nonces_of" if function == "nonces" else "_" + function)(state, *args)


def _through(name):
    async def asked(self, *told, **named):
        await self._asked()
        return await getattr(self._chain, name)(*told, **named)

    return asked


for _name in ("chain_id", "confirm_id", "newest", "block", "nonce", "receipt"):
    setattr(Node, _name, _through(_name))
