"""A buyer that lies: it signs by hand, forgets nothing, shows what it likes, and its books know nothing of it."""

from __future__ import annotations

from dataclasses import replace

from connector.channel.messages import KeyRequest, Resume, Testimony, VoucherMessage
from contracts.typed_data import Voucher, digest
from ledger.chain import acts
from tests.channel.rig import REGISTRY, STRANGER_KEY
from tests.money import program
from tests.money.talk import Talk


class Lies(Talk):
    """Only on channels of buyers that are not honest; what anybody may do, anybody does."""

    answer = "nothing"

    def crook(self, who):
        """A channel of a buyer that lies, None if there is none."""
        lying = [one for one in self.world.relations if not one.buyer.honest]
        return lying[who % len(lying)] if lying else None

    def lie_ask(self, who, rows):
        """Ask without any wish to pay: what was offered before is superseded."""
        one = self.crook(who)
        request = None if one is None else self.attempt(one.buyer.plan, one, rows)
        if isinstance(request, KeyRequest):
            self.ask(one, request)

    def lie_pay(self, who, which):
        """Sign for any offer that was ever made, and send it."""
        one = self.crook(who)
        if one is not None and one.offers:
            self.pay(one, self.voucher_of(one, which))

    def voucher_of(self, one, which):
        """The voucher of an offer, signed now if it never was."""
        _, known = one.offers[which % len(one.offers)]
        offer, key = known.offer, digest(REGISTRY, known.offer)
        if key not in one.vouchers:
            value = Voucher(
                offer.channel_id, offer.seq, offer.cumulative_amount, offer.account_hash, offer.lock, offer.valid_until
            )
            one.vouchers[key] = VoucherMessage(value, one.buyer.signature(value))
        return one.vouchers[key]

    def testimony(self, one, which, receipt, preimage):
        """A window as the buyer likes to tell it; `receipt` is its own, another's or none."""
        request, known = one.offers[which % len(one.offers)]
        released = {"own": one.releases.get(known.offer.seq), "none": None, "foreign": self.foreign(one)}[receipt]
        return Testimony(
            prev=request.prev,
            orders=request.orders,
            contexts=request.contexts,
            offered=known,
            paid=self.voucher_of(one, which),
            receipt=released and released.receipt,
            receipt_signature=released.signature if released else b"",
            preimage=released.preimage if released and preimage else None,
        )

    def foreign(self, one):
        """A release that is not for this window."""
        found = [told for each in self.world.relations if each is not one for told in each.releases.values()]
        return found[0] if found else None

    def lie_resume(self, who, first, count, seq, receipt, preimage):
        """Show some windows, in their order, with whatever evidence, and any seq as the newest released."""
        one = self.crook(who)
        if one is None or not one.offers:
            return
        picked = sorted({(first + more) % len(one.offers) for more in range(count)})
        told = [self.testimony(one, which, receipt, preimage) for which in picked]
        told.sort(key=lambda each: each.paid.voucher.seq)
        newest = {"none": 0, "all": told[-1].paid.voucher.seq, "far": told[-1].paid.voucher.seq + 40}[seq]
        self.resume(one, Resume(newest, told[-1].offered.offer.account_hash, tuple(told)))

    def lie_elsewhere(self, who, which):
        """Show a window of another channel on this one."""
        one, other = self.crook(who), self.crook(who + 1)
        if one is None or other is one or not other.offers:
            return
        told = self.testimony(other, which, "own", preimage=True)
        self.resume(one, Resume(told.paid.voucher.seq, told.offered.offer.account_hash, (told,)))
        self.pay(one, told.paid)

    def equivocate(self, who, which, how, way):
        """Sign another voucher for a seq that has one."""
        one = self.crook(who)
        if one is None or not one.offers:
            return
        said = self.voucher_of(one, which).voucher
        value = {
            "less": replace(said, cumulative_amount=max(said.cumulative_amount - 1, 1)),
            "longer": replace(said, valid_until=said.valid_until + 60),
            "unlocked": replace(said, lock=bytes(32), valid_until=0),
            "other": replace(said, account_hash=bytes(32)),
        }[how]
        other = VoucherMessage(value, one.buyer.signature(value))
        if way == "resume":
            told = replace(self.testimony(one, which, "own", preimage=False), paid=other)
            self.resume(one, Resume(value.seq, told.offered.offer.account_hash, (told,)))
        else:
            (self.close if way == "acknowledge" else self.pay)(one, other)

    def lie_asked(self, one):
        """What is answered to a payee that asks for an acknowledgement."""
        newest = max(one.releases.values(), key=lambda each: each.receipt.seq, default=None)
        if self.answer == "nothing" or newest is None:
            return None
        said = one.paid[newest.receipt.seq].voucher
        more = {"less": -1, "same": 0}[self.answer]
        value = replace(
            said, seq=said.seq + 3, cumulative_amount=said.cumulative_amount + more, lock=bytes(32), valid_until=0
        )
        return VoucherMessage(value, one.buyer.signature(value))

    def lie_answer(self, how):
        """Say from now on how the payee is answered when it asks."""
        self.answer = how

    def lie_acknowledge(self, who, amount, seq):
        """A lock-free voucher that says something else than the newest released window."""
        one = self.crook(who)
        newest = one and max(one.releases.values(), key=lambda each: each.receipt.seq, default=None)
        if not newest:
            return
        said = one.paid[newest.receipt.seq].voucher
        more = {"less": -1, "same": 0, "more": 1}[amount]
        value = replace(
            said, seq=said.seq + seq, cumulative_amount=said.cumulative_amount + more, lock=bytes(32), valid_until=0
        )
        self.close(one, VoucherMessage(value, one.buyer.signature(value)))

    def forge(self, who, which, way):
        """A voucher that a stranger signed."""
        one = self.one(who)
        if not one.offers:
            return
        _, known = one.offers[which % len(one.offers)]
        offer = known.offer
        value = Voucher(
            offer.channel_id, offer.seq, offer.cumulative_amount, offer.account_hash, offer.lock, offer.valid_until
        )
        forged = VoucherMessage(value, one.buyer.signature(value, STRANGER_KEY))
        if way == "pay":
            self.pay(one, forged)
            return
        request = one.offers[which % len(one.offers)][0]
        told = Testimony(request.prev, request.orders, request.contexts, known, forged)
        self.resume(one, Resume(value.seq, offer.account_hash, (told,)))

    def claim_for(self, who, which):
        """Anybody may bring a claim: a buyer brings an old one of its own."""
        one = self.one(who)
        seqs = sorted(one.releases)
        if not seqs or one.buyer.address in {each.sender for each in self.world.chain.pool}:
            return
        seq = seqs[which % len(seqs)]
        paid, preimage = one.paid[seq], one.releases[seq].preimage
        self.world.chain.drop(one.buyer.key, acts.claim(program.DEPLOYMENT, paid.voucher, paid.signature, preimage))
