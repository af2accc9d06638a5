"""A small space of money: one payee, up to three buyers, their channels, a slow chain, one clock, and the model."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cache

from connector.channel import account as accounts
from connector.channel import claims
from connector.channel.doors import Deal
from connector.runtime.clock import SetClock
from contracts import agreement as agreements
from contracts import signature
from contracts.canonical import sha
from contracts.tariff import Tariff
from contracts.typed_data import digest
from tests.channel.rig import EXCHANGE, KEPT, LEASED, PAYEE, PROVIDER_DID, REGISTRY, START, make_table
from tests.fault.coin import State
from tests.money import program
from tests.money.books import COMING_BACK_SECONDS, Entry
from tests.money.buyer import Buyer
from tests.money.chain import SlowChain
from tests.money.loop import the_loop
from tests.money.payee import Payee

ROWS, DEPOSIT, CAP = 9, 900, 5000
DAY = 86_400
PAUSE_SECONDS = 20.0  # longer than anything pauses before it tries again
ARBITRATOR = b"\xa7" * 20
EXPIRY_DAYS = 5
# what was sent is mined within this, however slow the blocks are: claims are made an hour before it is too late
SLOWEST_SECONDS = 1200
MARGIN_SECONDS = KEPT.claim_margin
TERMS = {
    "kept": replace(KEPT, max_exposure=150),
    "leased": replace(LEASED, max_exposure=150, tariff=Tariff("opening", 140, 1, "CNY")),
}


class LostError(AssertionError):
    """Money is not where it must be."""


@cache
def the_tables():
    return {terms.edition_id: make_table(ROWS) for terms in TERMS.values()}


@cache
def _deal(address, did, tier):
    value = agreements.build(TERMS[tier], provider=PAYEE, buyer=address, price_cap=CAP)
    return Deal(digest(REGISTRY, value), value, TERMS[tier], did, live=True)


@dataclass(eq=False)
class Relation:
    """A channel with everything that was ever said on it, as whoever keeps all of it has it."""

    id: bytes
    buyer: Buyer
    expiry: int
    entry: Entry = field(default_factory=Entry)
    offers: list = field(default_factory=list)  # (request, offer message)
    vouchers: dict = field(default_factory=dict)  # offer digest → voucher message
    releases: dict = field(default_factory=dict)  # seq → release message
    paid: dict = field(default_factory=dict)  # seq → the voucher message that was released for
    must_level: bool = False
    closed: bool = False
    told: list = field(default_factory=list)  # (acknowledgement that the payee asked for, whether it came too late)
    looked: tuple = ()  # at which state of disk and chain `worth` was found
    worth: int = 0
    ending: bool = False  # the payee has picked what to close at
    known: int = 0  # what the payee knew as released before that


class World:
    """`tiers` and `honest` say of each buyer what it buys and whether it can be trusted; the first has two channels."""

    def __init__(self, tiers, honest):
        self.loop, self.clock, self.tables = the_loop(), SetClock(START), the_tables()
        state = State(int(START.timestamp()))
        self.chain = SlowChain(state, {})
        self.relations, self.buyers, self.asked = [], [], lambda _channel: None
        self.fallen = set()  # the sides that went on with a back-up; with both, a history may be lived twice
        self.payee = Payee(self)
        for number, (tier, is_honest) in enumerate(zip(tiers, honest, strict=True)):
            self._join(state, number, tier, is_honest, channels=2 if number == 0 else 1)
        self.minted = state.whole
        self.payee.again()  # it knows its peers from now on
        for _ in range(3):
            self.block(15)
        self.payee.rounds()

    def _join(self, state, number, tier, is_honest, channels):
        key = bytes([0x11 + number]) * 32
        deal = _deal(signature.address(key), f"did:web:buyer{number}.example", tier)
        buyer = Buyer(self, number, key, deal, honest=is_honest)
        self.buyers.append(buyer)
        self.payee.books.deals[deal.digest] = deal
        for turn in range(channels):
            channel = sha(["channel", number, turn])
            expiry = int(START.timestamp()) + EXPIRY_DAYS * DAY
            self.chain.signers[channel] = buyer.address
            program.opened(state, channel, buyer.address, PAYEE, EXCHANGE, DEPOSIT, expiry)
            for role, peer, disk in (
                ("payer", PROVIDER_DID, buyer.disk),
                ("payee", buyer.did, self.payee.disk),
            ):
                disk.act(lambda tx, role=role, peer=peer, channel=channel: accounts.begin(
                    tx, channel_id=channel, role=role, peer=peer, agreement=deal.digest.hex(), payer=buyer.address,
                    payee=PAYEE, signer=buyer.address, token=deal.terms.token, split=deal.terms.split,
                    arbitrator=ARBITRATOR, salt=bytes(32), deposit=DEPOSIT,
                    expiry=START + timedelta(days=EXPIRY_DAYS), now=self.now,
                ))  # fmt: skip
            self.relations.append(Relation(channel, buyer, expiry))

    @property
    def now(self):
        return self.clock.now()

    @property
    def block_time(self):
        return self.chain.blocks[-1].block.at

    @property
    def seconds(self):
        return int(self.now.timestamp())

    # ---- time

    def block(self, seconds, most=None):
        """A block some seconds later; a payee that is there sees it and goes on."""
        self.clock.move(seconds)
        self.chain.mine(self.seconds, most)
        self.woken()

    def woken(self):
        self.loop.advance(PAUSE_SECONDS)
        if self.payee.up:
            self.payee.look()
            self.loop.advance(PAUSE_SECONDS)
            self.payee.sweep()
        for one in self.relations:
            if self.chain.state.channels[one.id].closed and not one.closed:
                one.closed = True
                one.buyer.disk.act(lambda tx, one=one: tx.update("channels", {"id": one.id.hex()}, state="closed"))
        if self.payee.disk.struck:  # whoever watches over it starts it again
            self.payee.again()

    def tick(self, seconds, most=None):
        """A block, and a round of chores of a payee that is there; rounds count where what it sends finds room."""
        self.block(seconds, most)
        if self.payee.up:
            self.payee.rounds()
            for one in self.relations:
                if one.entry.stopped and most is None:
                    one.entry.rounds_stopped += 1

    def wait(self, seconds):
        """Let time pass; a payee that is there does its rounds, of which only those near an end of something matter."""
        end = self.seconds + seconds
        while self.seconds < end:
            due = [time for time in self._near() if self.seconds < time < end]
            self.tick(min(due, default=end) - self.seconds)
            self.tick(15)
            self.tick(15)

    def _near(self):
        ends = set()
        for one in self.relations:
            found = self.chain.state.channels[one.id]
            if not found.closed:
                ends |= {one.expiry}
                ends |= {until for amount, until in one.entry.claimable.items() if until and amount > found.claimed}
        return [end - before for end in ends for before in (MARGIN_SECONDS - 60, MARGIN_SECONDS // 2)]

    def away(self, seconds):
        """The payee is off; what it could not claim in time is lost, what never lapses is not."""
        self.payee.end()
        self.block(seconds)
        for one in self.relations:
            one.entry.came_back(self.claimed(one), self.seconds + COMING_BACK_SECONDS)
        self.payee.begin()
        self.tick(5)

    # ---- looking

    def claimed(self, one):
        return self.chain.state.channels[one.id].claimed

    def is_ending(self, one):
        """Whether the payee has picked what to close the channel at: what it hears after that comes too late."""
        row = self.payee.disk.act(lambda tx: tx.get("channels", id=one.id.hex()))
        if row["state"] != "stopped":  # a buyer that contradicts itself then takes no close back
            one.ending = row["state"] in ("closing", "closed")
        return one.ending or self.chain.state.channels[one.id].closed

    def worth(self, one):
        """What the payee has of a channel: paid, or to be had with what its own code would claim with now."""
        looked = self.payee.disk.written, self.chain.blocks[-1].block.hash
        if one.looked != looked:
            one.looked, one.worth = looked, self._worth(one)
            if not self.is_ending(one):
                row = self.payee.disk.act(lambda tx: tx.get("channels", id=one.id.hex()))
                one.known = row["cumulative"]
        return one.worth

    def _worth(self, one):
        found = self.chain.state.channels[one.id]
        if found.closed:
            return found.claimed
        claim = self.payee.disk.act(lambda tx: claims.newest(tx, self.payee.holder, one.id, self.now))
        if claim is None or not self.chain.takes(claim.act(program.DEPLOYMENT)):
            return found.claimed
        return max(found.claimed, claim.voucher.cumulative_amount)
