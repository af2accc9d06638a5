"""What honest buyers do on an ordinary day, with messages that get lost."""

from __future__ import annotations

from connector.channel.errors import ChannelFault
from connector.channel.messages import KeyRequest, OfferMessage, RefusalMessage, ReleaseMessage, Resume, VoucherMessage
from contracts.typed_data import digest
from tests.channel.rig import REGISTRY
from tests.money.talk import Talk
from tests.money.world import LostError

LEVELS_MAX = 24


class Honest(Talk):
    """Buying window by window, acknowledging, comparing states."""

    def buy(self, who, rows, lost):
        """One window, of which one message may be lost; a voucher that waits goes first."""
        one = self.one(who)
        if one.must_level:
            self.level_with(one)
        waiting = one.buyer.waiting(one)
        if waiting is None:
            request = self.attempt(one.buyer.plan, one, rows)
            if not isinstance(request, KeyRequest):
                return
            offer = self.ask(one, request)
            if isinstance(offer, ChannelFault) and offer.code == "forgotten":
                self.recall(one)
                return
            if isinstance(offer, ChannelFault) and offer.code == "lost-window":
                request = one.buyer.lost(one)
                offer = None if request is None else self.ask(one, request)
            if lost == "offer" or not isinstance(offer, OfferMessage):
                return
            waiting = self.attempt(one.buyer.sign, one, request, offer)
        if isinstance(waiting, VoucherMessage):
            self.keep(one, waiting)
            if lost != "voucher":
                self.deliver(one, waiting, lost)

    def deliver(self, one, voucher, lost):
        answer = self.pay(one, voucher)
        if lost != "answer" and isinstance(answer, (ReleaseMessage, RefusalMessage)):
            self.attempt(one.buyer.take, one, answer)

    def ahead(self, who, rows, lost):
        """The waiting voucher with a request for what follows."""
        one = self.one(who)
        waiting = one.buyer.waiting(one)
        request = None if waiting is None else self.attempt(one.buyer.ahead, one, rows)
        if not isinstance(request, KeyRequest):
            return
        released, offered = self.step(one, waiting, request)
        if lost == "answer" or not isinstance(released, (ReleaseMessage, RefusalMessage)):
            return
        taken = self.attempt(one.buyer.take, one, released)
        if lost == "nothing" and offered is not None and not isinstance(taken, ChannelFault):
            voucher = self.attempt(one.buyer.sign, one, request, offered)
            if isinstance(voucher, VoucherMessage):
                self.keep(one, voucher)

    def recall(self, one):
        """The payee forgot what it claimed: an honest buyer looks at the chain and shows it."""
        self.attempt(one.buyer.claimed, one)
        self.level_with(one)

    def keep(self, one, voucher):
        """Who keeps everything keeps vouchers, by the offers that they are for."""
        for _, known in one.offers:
            same = (known.offer.seq, known.offer.lock) == (voucher.voucher.seq, voucher.voucher.lock)
            if same and known.offer.account_hash == voucher.voucher.account_hash:
                one.vouchers[digest(REGISTRY, known.offer)] = voucher

    def acknowledge(self, who, heard):
        one = self.one(who)
        if one.must_level:
            self.level_with(one)
        voucher = self.attempt(one.buyer.acknowledge, one)
        if heard and isinstance(voucher, VoucherMessage):
            self.close(one, voucher)

    def asked(self, channel):
        """The payee asks for an acknowledgement: an honest buyer compares states and gives it."""
        one = next(one for one in self.world.relations if one.id == channel)
        if not one.buyer.honest:
            return self.lie_asked(one)
        self.level_with(one)
        voucher = one.buyer.acknowledge(one)
        one.told.append((voucher.voucher, self.world.is_ending(one)))
        return voucher

    def level(self, who):
        self.level_with(self.one(who))

    def level_with(self, one):
        """Compare signed states until both sides are level, in both directions."""
        told = one.buyer.show(one)
        for _ in range(LEVELS_MAX):
            reply = self.resume(one, told)
            before, told = told, self.attempt(one.buyer.shown, one, reply, told) if isinstance(reply, Resume) else reply
            if told is None:
                one.must_level = False
            if isinstance(told, ChannelFault) or told == before:
                break
            if not isinstance(told, Resume):
                return
        if one.buyer.honest and not one.entry.stopped and len(self.world.fallen) < 2:
            raise LostError("two honest sides cannot be made level")
