"""What happens to the payee and on the chain: crashes, back-ups, denials, blocks, time, settlements."""

from __future__ import annotations

from connector.operation.catching_up import waiting
from ledger.chain import acts
from tests.channel.rig import PAYEE
from tests.money import program
from tests.money.payee import CONFIRMATIONS
from tests.money.talk import Talk

HOUR = 3600
BLOCK_SECONDS = 15


class Trouble(Talk):
    """`saved` are the back-ups of the payee (with what the model knew then) and of the buyers."""

    def __init__(self, world):
        super().__init__(world)
        self.saved_payee = self.saved_buyers = None

    def back_up(self, side):
        if side == "payee":
            entries = [one.entry.copy() for one in self.world.relations]
            self.saved_payee = self.world.payee.disk.save(), entries
        else:
            self.saved_buyers = [buyer.disk.save() for buyer in self.world.buyers]

    def restore(self, side):
        """A side goes on with its back-up; the payee once the chain has mined what it had sent."""
        if side == "payee" and self.saved_payee is not None:
            saved, entries = self.saved_payee
            self.world.payee.end()
            while self.world.loop.run_until_complete(waiting(self.world.chain, PAYEE, CONFIRMATIONS)):
                self.world.block(BLOCK_SECONDS)
            self.world.payee.disk.restore(saved)
            for one, entry in zip(self.world.relations, entries, strict=True):
                one.entry.fell_back(entry, self.world.claimed(one), self.world.seconds)
            self.world.fallen.add(side)
            self.world.payee.begin()
            self.world.woken()
        elif side == "buyer" and self.saved_buyers is not None:
            for buyer, saved in zip(self.world.buyers, self.saved_buyers, strict=True):
                buyer.disk.restore(saved)
            self.world.fallen.add(side)
            for one in self.world.relations:
                one.must_level = True

    def crash(self, acts):
        """The payee's process dies before a commit some acts from now."""
        self.world.payee.disk.strikes = acts

    def restart(self):
        self.world.payee.again()

    def deny(self, stage):
        self.world.payee.judge.outcomes = {} if stage == "never" else {stage: "deny"}

    # ---- the chain and time

    def mine(self, seconds, most):
        self.world.tick(seconds, most)

    def wait(self, hours):
        self.world.wait(hours * HOUR)
        for one in self.world.relations:
            self.attempt(one.buyer.lapse, one)

    def away(self, hours):
        self.world.away(hours * HOUR)

    def reorganise(self, depth, most):
        self.world.clock.move(15)
        self.world.chain.reorganise(depth, self.world.seconds, most)
        self.world.woken()

    def settle(self, who):
        agreement = None if who is None else self.one(who).buyer.deal.digest.hex()
        self.world.payee.settle(agreement)

    def top_up(self, who):
        one = self.one(who)
        if one.buyer.address not in {each.sender for each in self.world.chain.pool}:
            self.world.chain.drop(one.buyer.key, acts.top_up(program.DEPLOYMENT, one.id, 100))

    def look(self, who):
        """A buyer looks at what was claimed."""
        one = self.one(who)
        self.attempt(one.buyer.claimed, one)
