"""A buyer with its own disk: what an honest one does on a channel, and what one that keeps everything can show."""

from __future__ import annotations

from dataclasses import replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connector.channel import account as accounts
from connector.channel import payer, plan, receive, resume
from connector.channel.doors import Buyer as Desk
from connector.channel.doors import Sight
from connector.channel.messages import ReleaseMessage
from connector.channel.plan import Want
from connector.store.evidence import Evidence
from connector.store.rows.channel import Side
from contracts import signature
from contracts.ranges import RowSet
from contracts.typed_data import digest
from tests.channel.rig import (
    CHANNELS,
    DELIVERY_KEY,
    PROVIDER_DID,
    REGISTRY,
    TRANSFER,
    Books,
    Editions,
    Keyring,
    over_the_wire,
)
from tests.money.disk import Disk

LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"\x78" * 32)


class Buyer:
    """`honest` buyers do what the specification says; the others sign whatever they like, and forget nothing."""

    def __init__(self, world, number, key, deal, *, honest):
        self.world, self.key, self.deal, self.honest = world, key, deal, honest
        self.did, self.address = deal.peer, signature.address(key)
        self.disk, self.keyring = Disk(), Keyring()
        self.books = Books({deal.digest: replace(deal, peer=PROVIDER_DID)})
        evidence = Evidence("payer", f"payer{number}/log", LOG_KEY, {})
        self.desk = Desk(
            lambda told, _account: signature.sign(told, self.key), CHANNELS, REGISTRY, self.books,
            Editions(world.tables), evidence, self, self.keyring,
        )  # fmt: skip

    def sight(self, _tx):
        """A buyer always sees the newest block."""
        return Sight(self.world.block_time, self.world.now)

    # ---- verbs on one channel

    def want(self, rows):
        leased = self.deal.terms.tier == "leased"
        reader = self.keyring.fresh() if leased else DELIVERY_KEY
        return Want(self.deal.digest, TRANSFER, int(leased), RowSet.rows(rows), reader, {"purpose": "research"})

    def plan(self, one, rows):
        wants = [self.want(rows)]
        return over_the_wire(self.disk.act(lambda tx: plan.plan(tx, self.desk, one.id, wants, self.world.now)))

    def lost(self, one):
        """What is asked for again because the payee lost it."""
        found = self.disk.act(lambda tx: plan.lost(tx, self.desk, one.id, self.world.now))
        return None if found is None else over_the_wire(found)

    def ahead(self, one, rows):
        wants = [self.want(rows)]
        found = self.disk.act(lambda tx: plan.waiting(tx, self.desk, one.id, wants, self.world.now))
        return None if found is None else over_the_wire(plan.ahead(found, wants, self.world.now))

    def sign(self, one, request, offer):
        return self.disk.act(lambda tx: payer.on_offer(tx, self.desk, one.id, request, offer, self.world.now))

    def waiting(self, one):
        return self.disk.act(lambda tx: payer.waiting(tx, one.id))

    def take(self, one, answer):
        """Take a release or a refusal."""
        told = over_the_wire(answer)
        if isinstance(answer, ReleaseMessage):
            return self.disk.act(lambda tx: receive.on_release(tx, self.desk, one.id, told, self.world.now))
        return self.disk.act(lambda tx: receive.on_refusal(tx, self.desk, one.id, told))

    def acknowledge(self, one):
        return self.disk.act(lambda tx: payer.acknowledge(tx, self.desk, one.id, self.world.now))

    def show(self, one):
        return over_the_wire(self.disk.act(lambda tx: resume.show_all(tx, self.desk, one.id, self.world.now)))

    def shown(self, one, reply, sent):
        told, now = over_the_wire(reply), self.world.now
        return self.disk.act(lambda tx: resume.on_resume_payer(tx, self.desk, one.id, told, now, sent))

    def lapse(self, one):
        self.disk.act(lambda tx: receive.lapse(tx, self.desk, one.id))

    def claimed(self, one):
        """Look at what the payee claimed: its preimage opens what waits here."""
        for mined in self.world.chain.blocks:
            for name, fields, _ in mined.events:
                if name == "Claimed" and fields["channelId"] == one.id:
                    at = (fields["cumulativeAmount"], fields["accountHash"], fields["preimage"], self.world.now)
                    self.disk.act(lambda tx, at=at: receive.on_claimed(tx, self.desk, one.id, *at))

    def account(self, one):
        return self.disk.act(lambda tx: accounts.load(tx, one.id, Side.PAYER))

    def signature(self, voucher, key=None):
        return signature.sign(digest(CHANNELS, voucher), key or self.key)
