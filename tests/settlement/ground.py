"""The ground of settling: the rig's channel on shelves with every table, and a chain whose channels a test sets.

What is submitted is noted and done to its channel at once; a test may say that the chain refuses it, or what happens
meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

from connector.chain.transactions import Mined
from connector.channel import wire
from connector.runtime.errors import ChainReverted, PeerUnreachable
from connector.settlement.paying import Payments
from connector.settlement.purse import Purse
from connector.settlement.settlement import Settlements
from connector.store.rows.channel import ChannelRow
from connector.store.tables import TABLES
from ledger.chain.programs import Channel, Programs
from tests.channel.rig import BUYER_DID, CHANNEL_ID, KEPT, PAYEE, PAYER, START, TOKEN, Pair
from tests.core import core
from tests.money import program
from tests.money.disk import Disk

ARBITRATOR = b"\xa7" * 20
DEPOSIT = 5000
MEMBER = SimpleNamespace(url="https://buyer.example")
LATER = START + timedelta(days=30)


class Shelf(Disk):
    """A side's tables, all of them, as the store that services take."""

    tables = TABLES


class Side(Pair):
    """A pair whose payee is the participant under test."""

    database = Shelf


def opened(**changes):
    """A channel of the pair as the chain shows it."""
    usual = {
        "payer": PAYER, "signer": PAYER, "payee": PAYEE, "token": TOKEN, "arbitrator": ARBITRATOR,
        "split_hash": KEPT.split.hash, "deposit": DEPOSIT, "claimed": 0, "expiry": LATER, "freeze_seconds": 600,
        "frozen_until": None, "frozen_for": 0, "closed": False,
    }  # fmt: skip
    return Channel(**{**usual, **changes})


class Chain:
    """The chain with its programs, the outbox and the watch, as settling takes them."""

    deployment = program.DEPLOYMENT

    def __init__(self):
        self.chain, self.block = self, SimpleNamespace(number=100, at=START)
        self.channels, self.past = {CHANNEL_ID: opened()}, {}
        self.credits, self.licences, self.sent, self.anew = {}, set(), [], set()
        self.refused, self.meanwhile = set(), {}
        self.looked, self.claims, self.tells = 0, [], True

    async def look(self):
        self.looked += 1

    async def newest(self):
        return self.block

    async def channel(self, channel, at=None):
        """What a test says of a block; where it says nothing of any, the newest state."""
        return self.channels.get(channel) if at is None or not self.past else self.past.get(at)

    async def licence(self, agreement):
        return agreement if agreement in self.licences else None

    async def credit(self, account):
        return self.credits.get(account, 0)

    async def events(self, name, event, **about):
        if event == "Claimed":
            return [SimpleNamespace(fields={"preimage": told}) for told in self.claims]
        happened = {
            ("channels", "Closed"): lambda: self.channels[about["channelId"]].closed,
            ("channels", "Opened"): lambda: about["channelId"] in self.channels,
            ("licences", "LicenceGranted"): lambda: about["agreementDigest"] in self.licences,
        }
        told = SimpleNamespace(transaction=b"\x5c" * 32, fields={"salt": bytes(32)})
        return [told] if self.tells and happened[name, event]() else []

    told = Programs.told

    def enqueue(self, _tx, key, act):
        self.sent.append((key, act.function, act.args))

    async def mined(self, key):
        await asyncio.sleep(0)  # whatever else is under way goes on meanwhile
        function, args = next((function, args) for name, function, args in self.sent if name == key)
        self.meanwhile.pop(function, lambda: None)()
        if function in self.refused:
            raise ChainReverted(f"the chain refused `channels.{function}`")
        self._do(function, args)
        return Mined("ab" * 32, 1)

    async def submit(self, key, act, *, anew=False):
        self.enqueue(None, key, act)
        if anew:
            self.anew.add(key)
        return await self.mined(key)

    def _do(self, function, args):
        if function == "claim":
            channel, _, cumulative = args[0][:3]
            self.set(channel, claimed=cumulative)
        elif function == "freeze":
            self.set(args[0], frozen_until=self.block.at + timedelta(seconds=args[1]))
        elif function != "withdraw":
            self.set(args[0], closed=True)

    def set(self, channel=CHANNEL_ID, **changes):
        self.channels[channel] = replace(self.channels[channel], **changes)

    def names(self):
        return [key for key, _, _ in self.sent]


class Ground:
    """What settling takes of a participant, the payee of the pair unless a test says otherwise."""

    def __init__(self, terms=KEPT, confirmations=0):
        self.pair, self.chain = Side(terms), Chain()
        self.store, self.recorded, self.links, self.asked = self.pair.payee_db, [], [], []
        self.answer = self.pair.acknowledge
        settings = SimpleNamespace(chain=SimpleNamespace(confirmations=confirmations))
        clock, evidence = SimpleNamespace(now=lambda: self.pair.now), SimpleNamespace(record=self._record)
        keys = SimpleNamespace(address=PAYEE, accounts=(PAYEE,))
        self.core = core(
            did="did:web:provider.example", roles=frozenset({"provider"}), keys=keys, store=self.store, clock=clock,
            evidence=evidence, settings=settings, outbound=SimpleNamespace(post=self._post),
        )  # fmt: skip
        self.space = SimpleNamespace(members={BUYER_DID: MEMBER}, exchange="did:web:exchange.example")
        self.view = SimpleNamespace(last=lambda: self.space, of_origin=self._met, meet_accounts=self._met)
        peers, heads = SimpleNamespace(authorization=lambda peer: {"for": peer}), SimpleNamespace(riding=self._riding)
        peer_logs = SimpleNamespace(check=self._check)
        self.payments = Payments(self.core, self.view, None, peers, None, heads, peer_logs, None)
        self.purse = Purse(self.core, self.chain, self.chain)
        self.kept = []  # checkpoints that came with answers

    def _record(self, tx, kind, *, part, link=(), fields, now):
        self.pair.holder.evidence.record(tx, kind, part=part, link=link, fields=fields, now=now)
        self.recorded.append((kind, part, fields))
        self.links.append(link)

    async def _met(self, _names):
        """Nobody is met beside those who are there."""

    async def _post(self, url, body, headers):
        self.asked.append((url, body, headers))
        voucher = self.answer()
        if voucher is None:
            raise PeerUnreachable("the buyer does not answer")
        return SimpleNamespace(json=lambda: {**wire.encode(voucher), wire.CHECKPOINT: "theirs"})

    async def _riding(self, peer):
        return f"ours for {peer}"

    async def _check(self, peer, checkpoint):
        return lambda _tx: self.kept.append((peer, checkpoint))

    def row(self, channel=CHANNEL_ID):
        return self.store.act(lambda tx: tx.get(ChannelRow, id=channel.hex()))

    def put(self, channel=CHANNEL_ID, **changes):
        self.store.act(lambda tx: tx.update("channels", {"id": channel.hex()}, **changes))

    def insert(self, table, **row):
        self.store.act(lambda tx: tx.insert(table, **row))

    def agree(self, **changes):
        """Keep the agreement of the pair's channel."""
        about = {"digest": self.pair.deal.hex(), "role": "provider", "peer": BUYER_DID, "state": "performing"}
        self.insert("agreements", **{**about, "terms": self.pair.terms.json(), "created": START, **changes})

    def second(self, channel=b"\xc2" * 32, **changes):
        """Another channel of the same agreement, opened a little later."""
        self.pair.now += timedelta(seconds=1)
        self.pair.open_channel(channel, DEPOSIT)
        self.chain.channels[channel] = opened(**changes)
        return channel


class Payee(Ground):
    """A payee with its settlements, for one window `paid`; its buyer acknowledges when it is asked."""

    def __init__(self, *, paid=True, **about):
        super().__init__(**about)
        self.settlements = Settlements(
            self.core, self.view, self.chain, self.chain, self.chain, self.pair.holder, self.payments, self.purse,
        )  # fmt: skip
        self.answer = lambda: self.pair.acknowledge(bytes.fromhex(self.asked[-1][0].split("/")[-2]))
        if paid:
            self.pair.window()

    def silent(self):
        self.answer = lambda: None

    def lose_preimage(self):
        """Pay a second window, and have it as it comes back from the buyer to a provider that lost it."""
        self.pair.window()
        self.store.act(lambda tx: tx.update("windows", {"channel": CHANNEL_ID.hex(), "seq": 2}, secret=None))

    def settle(self, agreement=None):
        return asyncio.run(self.settlements.settle(agreement))

    def preview(self, agreement=None):
        return asyncio.run(self.settlements.preview(agreement))

    def kinds(self):
        return [kind for kind, _, _ in self.recorded]
