"""Money is conserved, whatever is lost, repeated, denied, restored or claimed, on two channels of one agreement."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from connector.channel import claims, payee, receive, resume
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial, RefusalMessage
from contracts.tariff import amount
from tests.channel.rig import BUYER_DID, CHANNEL_ID, KEPT, Pair, over_the_wire, secret_of

SECOND = b"\xc2" * 32
ON = st.sampled_from([CHANNEL_ID, SECOND])
TERMS = replace(KEPT, max_exposure=150)


class Money(RuleBasedStateMachine):
    """Two channels of one agreement; every message may be lost, and each side may fall back to its last back-up."""

    @initialize()
    def begin(self):
        self.pair = Pair(TERMS, rows=9, deposit=1000, cap=560)
        self.pair.open_channel(SECOND, 400)
        self.backups = {}
        self.handed = {CHANNEL_ID: 0, SECOND: 0}  # the largest amount the payee ever held a claimable voucher for

    def attempt(self, act):
        """Run an act; a refusal is a normal outcome here, an assertion is not."""
        try:
            return act()
        except ChannelFault as fault:
            return fault

    @rule(on=ON, rows=st.sets(st.integers(0, 8), min_size=1), lost=st.sampled_from(["nothing", "offer", "voucher"]))
    def order(self, on, rows, lost):
        pair = self.pair
        request = self.attempt(lambda: pair.plan(pair.want(rows), on))
        if request is None or isinstance(request, ChannelFault):
            return
        offer = self.attempt(lambda: pair.request(request, on))
        if lost == "offer" or isinstance(offer, Denial | ChannelFault):
            return
        voucher = self.attempt(lambda: pair.sign(request, offer, on))
        if lost == "nothing" and not isinstance(voucher, ChannelFault):
            self.send(on, lost=False)

    @rule(on=ON, lost=st.booleans())
    def send(self, on, lost):
        """Send the waiting voucher; the answer may be lost."""
        pair = self.pair
        voucher = pair.waiting(on)
        if voucher is None:
            return
        answer = self.attempt(lambda: pair.pay(voucher, on))
        if lost or isinstance(answer, ChannelFault):
            return
        if isinstance(answer, RefusalMessage):
            pair.refuse(over_the_wire(answer), on)
        else:
            pair.take(over_the_wire(answer), on)

    @rule(on=ON, lost=st.booleans())
    def acknowledge(self, on, lost):
        message = self.attempt(lambda: self.pair.acknowledge(on))
        if not lost and not isinstance(message, ChannelFault):
            self.attempt(lambda: self.pair.close(message, on))

    @rule(on=ON)
    def claim(self, on):
        """Take the newest voucher to the chain; both sides see it."""
        pair = self.pair
        found = pair.payee_db.act(lambda tx: claims.newest(tx, on))
        if found is None or 0 < found.voucher.valid_until < pair.chain.block_time.timestamp():
            return
        paid = found.voucher
        pair.payee_db.act(lambda tx: tx.update("channels", {"id": on.hex()}, claimed=paid.cumulative_amount))
        pair.payer_db.act(
            lambda tx: receive.on_claimed(
                tx, pair.buyer, on, paid.cumulative_amount, paid.account_hash, found.preimage, pair.now
            )
        )

    @rule(deny=st.booleans())
    def mood(self, deny):
        self.pair.judge.outcomes = {"release": "deny"} if deny else {}

    @rule(seconds=st.sampled_from([60, 40_000, 90_000]))
    def wait(self, seconds):
        pair = self.pair
        if pair.now + timedelta(seconds=seconds) > pair.account("payee").expiry - timedelta(days=2):
            return
        pair.later(seconds)
        for on in (CHANNEL_ID, SECOND):
            pair.payer_db.act(lambda tx, on=on: receive.lapse(tx, pair.buyer, on))
        pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now))

    @rule(side=st.sampled_from(["payer", "payee"]))
    def back_up(self, side):
        self.backups[side] = (self.database(side).save(), dict(self.pair.keyring.kept))

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def restore(self, data):
        """Fall back to the last back-up, then compare signed states before anything else, as after a start."""
        side = data.draw(st.sampled_from(sorted(self.backups)))
        self.database(side).restore(self.backups[side][0])
        for on in (CHANNEL_ID, SECOND):
            self.level(on)

    @rule(on=ON)
    def level(self, on):
        pair = self.pair
        message = pair.payer_db.act(lambda tx: resume.show(tx, on, "payer"))
        for _ in range(10):  # rounds
            sent = over_the_wire(message)
            reply = pair.payee_db.act(
                lambda tx, sent=sent: resume.on_resume_payee(tx, pair.holder, BUYER_DID, on, sent, pair.now)
            )
            got = over_the_wire(reply)
            message = pair.payer_db.act(lambda tx, got=got: resume.on_resume_payer(tx, pair.buyer, on, got, pair.now))
            if message is None:
                return
        raise AssertionError("the sides never become level")

    def database(self, side):
        return self.pair.payer_db if side == "payer" else self.pair.payee_db

    @invariant()
    def nothing_is_lost_or_paid_twice(self):
        if not hasattr(self, "pair"):
            return
        pair = self.pair
        for role in ("payer", "payee"):
            accounts = [pair.account(role, on) for on in (CHANNEL_ID, SECOND)]
            rows, quantity, paid = pair.paid(role)
            held = {row for first, count in rows for row in range(first, first + count)}
            assert quantity == sum(pair.table.plain_bytes(row, 1) for row in held)
            assert paid == amount(TERMS.tariff, quantity) <= 560
            # deposits = promised for released keys + still free, and the sum of the channels is the price of the rows
            assert sum(account.cumulative for account in accounts) == paid
            assert all(0 <= account.claimed <= account.deposit for account in accounts)
            assert all(account.cumulative <= account.deposit for account in accounts)
            unreleased = self.unreleased(role)
            assert sum(unreleased) <= TERMS.max_exposure
            assert len(unreleased) <= 2
        for row, secret in pair.keyring.kept.items():
            assert secret == secret_of(row)

    def unreleased(self, role):
        states = {"payer": ("offered", "signed"), "payee": ("offered", "offered")}[role]
        rows = self.database(role).act(lambda tx: tx.find("windows", "state in (?, ?)", states))
        return [row["amount"] for row in rows]


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
