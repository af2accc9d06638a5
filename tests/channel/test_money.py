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
from contracts import meter
from contracts.ranges import RowSet
from contracts.tariff import Tariff, amount
from contracts.tiers import Tier
from tests.channel.rig import BUYER_DID, CHANNEL_ID, KEPT, Pair, over_the_wire, secret_of
from tests.channel.steps import ahead, send, take
from tests.fault.extent import tried

SECOND = b"\xc2" * 32
ON = st.sampled_from([CHANNEL_ID, SECOND])
LOST = st.sampled_from(["nothing", "nothing", "offer", "voucher"])
TERMS = replace(KEPT, max_exposure=150)
TARIFFS = {
    "byte": TERMS.tariff,
    "piece in steps": Tariff("piece", 70, 1, "CNY", (Tier(3, 5000), Tier(6, 20_000))),
    "flat": Tariff("flat", 555, 8333, "CNY"),
    "advance": Tariff("advance", 140, 1, "CNY"),
    "subscription": Tariff("subscription", 100, 3000, "CNY", (), "byte", "day"),
    "subscription and beyond": Tariff("subscription", 100, 3000, "CNY", (Tier(3000, 15_000),), "byte", "day"),
}


class Money(RuleBasedStateMachine):
    """Two channels of one agreement; every message may be lost, and one of the sides may fall back to a back-up."""

    @initialize(side=st.sampled_from(["payer", "payee"]), tariff=st.sampled_from(sorted(TARIFFS)))
    def begin(self, side, tariff):
        self.careless = side
        self.tariff = TARIFFS[tariff]
        self.pair = Pair(replace(TERMS, tariff=self.tariff), rows=9, deposit=1000, cap=560)
        self.pair.open_channel(SECOND, 400)
        self.backup, self.onchain = None, {}
        for on, row in ((CHANNEL_ID, 0), (SECOND, 1)):
            assert self.pair.window(self.pair.want([row]), on).keys

    def attempt(self, act):
        """Run an act; a refusal is a normal outcome here, an assertion is not."""
        try:
            return act()
        except ChannelFault as fault:
            return fault

    @rule(on=ON, rows=st.sets(st.integers(0, 8), min_size=1), lost=LOST)
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
            self.send(on, lost=False, twice=False)

    @precondition(lambda self: any(self.pair.waiting(on) for on in (CHANNEL_ID, SECOND)))
    @rule(on=ON, lost=st.booleans(), twice=st.booleans())
    def send(self, on, lost, twice):
        """Send the waiting voucher, perhaps twice; the answer may be lost."""
        pair = self.pair
        voucher = pair.waiting(on)
        if voucher is None:
            return
        answer = self.attempt(lambda: pair.pay(voucher, on))
        if twice and not isinstance(answer, ChannelFault):
            assert pair.pay(voucher, on) == answer
        if lost or isinstance(answer, ChannelFault):
            return
        if isinstance(answer, RefusalMessage):
            pair.refuse(over_the_wire(answer), on)
        else:
            pair.take(over_the_wire(answer), on)

    @precondition(lambda self: any(self.pair.waiting(on) for on in (CHANNEL_ID, SECOND)))
    @rule(on=ON, rows=st.sets(st.integers(0, 8), min_size=1), lost=st.booleans(), twice=st.booleans())
    def step(self, on, rows, lost, twice):
        """Send the waiting voucher with a request for what follows, perhaps twice; the answer may be lost."""
        pair = self.pair
        voucher = pair.waiting(on)
        request = None if voucher is None else self.attempt(lambda: ahead(pair, [pair.want(rows)], on))
        if request is None or isinstance(request, ChannelFault):
            return
        answer = self.attempt(lambda: send(pair, voucher, request, on))
        if twice and not isinstance(answer, ChannelFault):
            assert send(pair, voucher, request, on) == answer
        if lost or isinstance(answer, ChannelFault):
            return
        if isinstance(answer, RefusalMessage):
            pair.refuse(answer, on)
        else:
            take(pair, request, answer, on)

    @rule(on=ON, how=st.sampled_from(["acknowledge", "acknowledge unheard", "claim"]))
    def settle(self, on, how):
        if how == "claim":
            self.claim(on)
            return
        message = self.attempt(lambda: self.pair.acknowledge(on))
        if how == "acknowledge" and not isinstance(message, ChannelFault):
            self.attempt(lambda: self.pair.close(message, on))

    @rule(trouble=st.sampled_from(["deny", "allow", "back up", "restore", "level", "a minute", "half a day", "a day"]))
    def trouble(self, trouble):
        if trouble in ("deny", "allow"):
            self.pair.judge.outcomes = {"release": "deny"} if trouble == "deny" else {}
        elif trouble == "back up":
            self.backup = self.database(self.careless).save()
        elif trouble in ("restore", "level"):
            self.restore(really=trouble == "restore" and self.backup is not None)
        else:
            self.wait({"a minute": 60, "half a day": 40_000, "a day": 90_000}[trouble])

    def claim(self, on):
        """Take the newest voucher to the chain; both sides see it."""
        pair = self.pair
        found = pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, on, pair.now))
        if found is None or 0 < found.voucher.valid_until < pair.chain.block_time.timestamp():
            return
        self.onchain[on] = found.voucher, found.preimage
        self.look_at_chain()

    def look_at_chain(self):
        """Tell both sides what was claimed, and by which lock, as each reads it itself, after a start as well."""
        pair = self.pair
        for on, (paid, preimage) in self.onchain.items():
            known = {"claimed": paid.cumulative_amount, "claimed_lock": paid.lock}
            pair.payee_db.act(lambda tx, on=on, known=known: tx.update("channels", {"id": on.hex()}, **known))
            told = (paid.cumulative_amount, paid.account_hash, preimage, pair.now)
            pair.payer_db.act(lambda tx, on=on, told=told: receive.on_claimed(tx, pair.buyer, on, *told))

    def wait(self, seconds):
        pair = self.pair
        if pair.now + timedelta(seconds=seconds) > pair.account("payee").expiry - timedelta(days=2):
            return
        pair.later(seconds)
        for on in (CHANNEL_ID, SECOND):
            pair.payer_db.act(lambda tx, on=on: receive.lapse(tx, pair.buyer, on))
        pair.payee_db.act(lambda tx: payee.lapse(tx, pair.holder, pair.now))

    def restore(self, *, really):
        """Fall back to the last back-up, then compare signed states before anything else, as after a start."""
        if really:
            self.database(self.careless).restore(self.backup)
            self.look_at_chain()
        for on in (CHANNEL_ID, SECOND):
            self.level(on)

    def level(self, on):
        pair = self.pair
        message = pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, on, pair.now))
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
            assert quantity == meter.added(self.tariff, RowSet.rows(held), pair.table, begins=False)
            assert paid == sum(amount(self.tariff, each) for each in self.quantities(role, quantity)) <= 560
            # deposits = promised for released keys + still free, and the sum of the channels is the price of the rows
            assert sum(account.cumulative for account in accounts) == paid
            assert all(0 <= account.claimed <= account.deposit for account in accounts)
            assert all(account.cumulative <= account.deposit for account in accounts)
            unreleased = self.unreleased(role)
            assert sum(unreleased) <= TERMS.max_exposure
            assert len(unreleased) <= 2
        for row, secret in pair.keyring.kept.items():
            assert secret == secret_of(row)

    def teardown(self):
        """Whatever happened, once every message gets through both sides have the same books."""
        if not hasattr(self, "pair"):
            return
        self.pair.judge.outcomes = {}
        for on in (CHANNEL_ID, SECOND):
            self.send(on, lost=False, twice=False)
            self.level(on)
            assert self.pair.account("payer", on).account_hash == self.pair.account("payee", on).account_hash
        assert self.pair.paid("payer") == self.pair.paid("payee")

    def quantities(self, role, quantity):
        """Return the quantity of each account: of each period, or of the agreement."""
        rows = self.database(role).act(lambda tx: tx.find("paid_periods"))
        assert not rows or sum(row["quantity"] for row in rows) == quantity
        return [row["quantity"] for row in rows] if self.tariff.period else [quantity]

    def unreleased(self, role):
        states = {"payer": ("offered", "signed"), "payee": ("offered", "offered")}[role]
        rows = self.database(role).act(lambda tx: tx.find("windows", "state in (?, ?)", states))
        return [row["amount"] for row in rows]


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=tried(40), stateful_step_count=25, deadline=None)
