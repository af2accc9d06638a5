"""What is said to the payee on a channel, and what the model learns of its answers."""

from __future__ import annotations

from collections import Counter

from connector.channel import payee, release, resume, step
from connector.channel.errors import ChannelFault
from connector.channel.messages import Equivocation, OfferMessage, ReleaseMessage, Step, StepMessage
from tests.channel.rig import over_the_wire


class Talk:
    """Each act of the payee by its message; a refusal is an answer like any other, `refusals` counts them."""

    def __init__(self, world):
        self.world, self.refusals = world, Counter()

    def one(self, who):
        return self.world.relations[who % len(self.world.relations)]

    def attempt(self, work, *args):
        try:
            return work(*args)
        except ChannelFault as refusal:
            self.refusals[refusal.code] += 1
            return refusal

    def _told(self, one, act, message):
        """An act of the payee on a message that came over the wire."""
        holder, now, told = self.world.payee.holder, self.world.now, over_the_wire(message)
        return self.attempt(self.world.payee.act, lambda tx: act(tx, holder, one.buyer.did, one.id, told, now))

    def ask(self, one, request):
        return self._offered(one, request, self._told(one, payee.on_key_request, request))

    def pay(self, one, voucher):
        return self._answered(one, voucher, self._told(one, release.on_voucher, voucher))

    def close(self, one, voucher):
        """Message 5."""
        is_ending = self.world.is_ending(one)
        answer = self._told(one, release.on_acknowledge, voucher)
        if answer is None and not is_ending:
            one.entry.acknowledged(voucher.voucher.cumulative_amount)
        return self._answered(one, voucher, answer)

    def resume(self, one, told):
        """Compare states; what came back may have no preimage at the payee, which then asks for what it needs."""
        payee = self.world.payee

        def act(tx, *args):
            tx.after(lambda: payee.receivables.wake(one.id.hex()))
            return resume.on_resume_payee(tx, *args)

        return self._answered(one, None, self._told(one, act, told))

    def step(self, one, voucher, request):
        """A voucher with the next request; return the release (or refusal) and the offer, None if there is none."""
        answer = self._told(one, step.on_step, Step(voucher, request))
        if not isinstance(answer, StepMessage):
            return self._answered(one, voucher, answer), None
        return self._answered(one, voucher, answer.released), self._offered(one, request, answer.offered)

    def _offered(self, one, request, answer):
        if not isinstance(answer, OfferMessage):
            return answer
        answer = over_the_wire(answer)
        if all(known.offer != answer.offer for _, known in one.offers):
            one.offers.append((request, answer))
        return answer

    def _answered(self, one, voucher, answer):
        if isinstance(answer, ReleaseMessage):
            one.entry.released(voucher.voucher.cumulative_amount, voucher.voucher.valid_until)
            one.releases[voucher.voucher.seq], one.paid[voucher.voucher.seq] = answer, voucher
        if isinstance(answer, Equivocation):
            one.entry.stopped = True
        return answer
