"""A journey: acts one after the other on a world, each followed by the laws; the same acts make the same journey."""

from __future__ import annotations

from connector.channel.errors import ChannelFault
from connector.channel.messages import VoucherMessage
from ledger.chain import acts
from tests.money import laws, program
from tests.money.disk import CrashError
from tests.money.honest import Honest
from tests.money.lies import Lies
from tests.money.trouble import Trouble
from tests.money.world import DAY, EXPIRY_DAYS, LostError, World


class Journey(Honest, Lies, Trouble):
    """Verbs by the names of `ACTS`; an act that makes no sense now does nothing."""

    def __init__(self, tiers, honest):
        super().__init__(World(tiers, honest))
        self.world.asked = self.asked

    def do(self, name, args):
        """One act, then the laws; a crash in it has killed its side, which starts again."""
        try:
            getattr(self, name)(**args)
        except CrashError:
            assert self.world.payee.disk.struck
        if self.world.payee.disk.struck:
            self.world.payee.again()
        self.world.payee.sweep()
        self.learn()
        laws.check(self.world)

    def learn(self):
        """The model hears of acknowledgements that the payee asked for and took."""
        for one in self.world.relations:
            while one.told:
                told, is_late = one.told.pop()
                key = {"channel": one.id.hex(), "seq": told.seq}
                row = self.world.payee.disk.act(lambda tx, key=key: tx.get("windows", **key))
                if row is not None and row["state"] == "closing" and not is_late:
                    one.entry.acknowledged(told.cumulative_amount)

    def finish(self):
        """Honest buyers speak, everything is settled, channels expire; what was released is then paid."""
        world = self.world
        world.payee.disk.start()
        world.payee.judge.outcomes = {}
        if not world.payee.up:
            world.payee.begin()
        for _ in range(laws.CLOSING_ROUNDS_MAX + 2 if any(one.entry.stopped for one in world.relations) else 1):
            world.tick(15)
            laws.check(world)
        for number, one in enumerate(world.relations):
            if one.buyer.honest:
                self.speak(one, unasked=number % 2 == 0)
            laws.check(world)
        world.payee.settle()
        for _ in range(8):
            world.tick(15)
            laws.check(world)
        world.wait(EXPIRY_DAYS * DAY)
        for one in world.relations:
            if not world.chain.state.channels[one.id].closed:
                world.chain.drop(one.buyer.key, acts.refund(program.DEPLOYMENT, one.id))
        for _ in range(3):
            world.tick(15)
        laws.check(world)
        for number, one in enumerate(world.relations):
            if world.claimed(one) < one.entry.floor:
                raise LostError(f"channel {number} ends with {world.claimed(one)} paid of {one.entry.floor}")

    def speak(self, one, *, unasked):
        """An honest buyer says what it has: everything that it has keys for is the payee's again.

        Once both sides are level, a payee that lacks something asks for it, if it was not told `unasked`.
        """
        self.attempt(one.buyer.claimed, one)
        self.attempt(one.buyer.lapse, one)
        self.level_with(one)
        if one.must_level:
            return
        waiting = one.buyer.waiting(one)
        if waiting is not None:
            self.deliver(one, waiting, "nothing")
            if one.buyer.waiting(one) is not None:
                return  # while a voucher waits, nothing else is signed
        had = one.buyer.account(one).cumulative
        is_ending = self.world.is_ending(one)
        voucher = self.attempt(one.buyer.acknowledge, one) if unasked else None
        if isinstance(voucher, VoucherMessage):
            self.close(one, voucher)
        if not isinstance(voucher, ChannelFault) and not is_ending:
            one.entry.floor = max(one.entry.floor, had)
