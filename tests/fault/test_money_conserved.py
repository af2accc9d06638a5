"""F7: money is conserved, whatever is lost, restored, claimed, refunded or reorganised: two buyers and two providers.

The window protocol and both sides' stores are the real ones; the chain is the model of `coin.py`, whose blocks can be
taken back. A few histories are played again on the real program, which must end with the same figures.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from connector.channel import account as accounts
from connector.channel import claims, payee, receive, resume, windows
from connector.channel.errors import ChannelFault
from connector.channel.messages import Denial, RefusalMessage
from connector.settlement.following import as_known
from connector.store.rows.channel import ChannelRow, Side
from contracts import signature
from contracts.split import Split
from contracts.tariff import amount
from contracts.typed_data import digest
from tests.channel.rig import BUYER_DID, CHANNEL_ID, CHANNELS, KEPT, PAYER, START, Pair, over_the_wire, secret_of
from tests.fault.coin import Coin, RefusedError
from tests.fault.extent import ALL, MONEY
from tests.fault.replay import replay_all

pytestmark = pytest.mark.faults

EXAMPLES, STEPS = (10_000 if ALL else 10), 16
REPLAYED = 40 if ALL else 1
CONFIRMATIONS = 3  # a reorganisation goes no deeper; who waits for fewer takes the risk
TERMS = replace(KEPT, max_exposure=150)
ROWS, DEPOSIT, FUNDS, DAY = 9, 400, 2000, 86_400
NAMES = [(buyer, provider) for buyer in (b"buyer 0", b"buyer 1") for provider in (b"provider 0", b"provider 1")]
# mostly one relation, or none would come far
WHO = st.sampled_from([*[NAMES[0]] * 6, *NAMES])
LOST = st.sampled_from(["nothing", "nothing", "offer", "voucher", "answer"])
EXCHANGE = b"exchange"


class Relation:
    """One buyer and one provider with one channel, and every voucher that was signed on it."""

    def __init__(self, names):
        self.buyer, self.provider = names
        self.key = b"channel of " + b" and ".join(names)
        self.split = Split(((self.provider, 7_777), (EXCHANGE, 2_223)))
        self.pair = Pair(TERMS, rows=ROWS, deposit=0, cap=560)
        self.signed, self.backup = [], None


class Conserved(RuleBasedStateMachine):
    """Every message may be lost, either store may fall back, blocks may be taken back."""

    executed = 0
    tales: ClassVar = []  # the histories with the most claims, to be played on the real program

    @initialize(careless=st.sampled_from(["payer", "payee"]))
    def begin(self, careless):
        self.careless = careless
        self.coin = Coin(int(START.timestamp()), CONFIRMATIONS)
        self.relations = {}
        for buyer in {buyer for buyer, _ in NAMES}:
            self.coin.send("mint", buyer, FUNDS)
        for _ in range(CONFIRMATIONS):
            self.coin.tick(0)
        self.order(NAMES[0], {0}, "nothing")

    def relation(self, who):
        if who not in self.relations:
            made = self.relations[who] = Relation(who)
            self.attempt(lambda: self.coin.send(
                "open", made.key, made.buyer, made.split, DEPOSIT, self.coin.newest.at + 30 * DAY
            ))  # fmt: skip
            for _ in range(CONFIRMATIONS):
                self.coin.tick(0)
            self.follow(made)
        return self.relations[who]

    def attempt(self, act):
        try:
            return act()
        except (ChannelFault, RefusedError) as refusal:
            return refusal

    # ---- the window protocol

    @rule(who=WHO, rows=st.sets(st.integers(0, ROWS - 1), min_size=1, max_size=4), lost=LOST)
    def buy(self, who, rows, lost):
        self.order(who, rows, lost)

    @rule(who=WHO, lost=LOST)
    def buy_all(self, who, lost):
        self.order(who, set(range(ROWS)), lost)

    def order(self, who, rows, lost):
        one = self.relation(who)
        pair = one.pair
        self.follow(one)
        if pair.waiting() is not None:
            self.deliver(one, lost)
            return
        request = self.attempt(lambda: pair.plan(pair.want(rows)))
        if request is None or isinstance(request, ChannelFault):
            return
        offer = self.attempt(lambda: pair.request(request))
        if lost == "offer" or isinstance(offer, Denial | ChannelFault):
            return
        voucher = self.attempt(lambda: pair.sign(request, offer))
        if not isinstance(voucher, ChannelFault):
            self.note(one, voucher)
            if lost != "voucher":
                self.deliver(one, lost)

    def deliver(self, one, lost):
        pair = one.pair
        answer = self.attempt(lambda: pair.pay(pair.waiting()))
        if lost == "answer" or isinstance(answer, ChannelFault):
            return
        if isinstance(answer, RefusalMessage):
            pair.refuse(over_the_wire(answer))
        else:
            pair.take(over_the_wire(answer))

    @rule(who=WHO, heard=st.booleans())
    def acknowledge(self, who, heard):
        pair = self.relation(who).pair
        message = self.attempt(pair.acknowledge)
        if not isinstance(message, ChannelFault):
            self.note(self.relation(who), message)
            if heard:
                self.attempt(lambda: pair.close(message))

    def note(self, one, message):
        """INVARIANT a voucher of a later seq never pays less than one that may be claimed; one seq has one voucher.

        Whoever fell back has forgotten what it signed, and of what reached nobody nobody else knows.
        """
        voucher = message.voucher
        for before in (each.voucher for each in one.signed):
            if self.careless == "payer" and not self.heard(one, before.seq):
                continue
            assert before.seq != voucher.seq or before == voucher
            more = before.cumulative_amount <= voucher.cumulative_amount
            assert before.seq >= voucher.seq or more or self.void(one, before)
        one.signed.append(message)

    def void(self, one, voucher):
        """Whether it lapsed, or its payee refused it in writing (spec 4): what follows builds on the one before it."""
        window = one.pair.payer_db.act(
            lambda tx: windows.find(tx, accounts.load(tx, CHANNEL_ID, Side.PAYER), voucher.seq)
        )
        refused = window is not None and window.refusal is not None
        return refused or 0 < voucher.valid_until < self.coin.newest.at

    def heard(self, one, seq):
        """Whether the payee has a voucher with this seq."""
        key = {"channel": CHANNEL_ID.hex(), "seq": seq}
        row = one.pair.payee_db.act(lambda tx: tx.get("windows", **key))
        return row is not None and row["voucher"] is not None

    # ---- the chain

    @rule(who=WHO, what=st.sampled_from(["close", "refund", "top up", "withdraw"]))
    def settle(self, who, what):
        self.settle_as(who, what)

    def settle_as(self, who, what):
        one = self.relation(who)
        self.follow(one)
        act = {
            "claim": lambda: self.claim(one),
            "close": lambda: (self.claim(one), self.coin.send("close", one.key)),
            "refund": lambda: self.coin.send("refund", one.key),
            "top up": lambda: self.coin.send("top_up", one.key, 100),
            "withdraw": lambda: self.coin.send("withdraw", one.provider),
        }[what]
        self.attempt(act)
        self.follow(one)

    @rule(who=WHO)
    def cash(self, who):
        self.settle_as(who, "claim")

    def claim(self, one):
        found = one.pair.payee_db.act(lambda tx: claims.newest(tx, one.pair.holder, CHANNEL_ID, one.pair.now))
        if found is None:
            return
        assert signature.is_by(PAYER, digest(CHANNELS, found.voucher), found.signature)
        self.coin.send("claim", replace(found.voucher, channel_id=one.key), found.preimage)
        paid, pair = found.voucher, one.pair
        at = (CHANNEL_ID, paid.cumulative_amount, paid.account_hash, found.preimage, pair.now)
        pair.payer_db.act(lambda tx: receive.on_claimed(tx, pair.buyer, *at))

    @rule(depth=st.integers(1, CONFIRMATIONS), order=st.permutations(range(CONFIRMATIONS)), kept=st.integers(0, 3))
    def reorganise(self, depth, order, kept):
        """What was mined comes again in another order, or not at all."""
        self.coin.reorganise(depth, order[:kept])
        for one in self.relations.values():
            self.follow(one)

    @rule(days=st.sampled_from([0.01, 0.5, 1, 29]))
    def wait(self, days):
        for one in self.relations.values():  # whoever serves claims what would lapse meanwhile
            found = one.pair.payee_db.act(
                lambda tx, one=one: claims.newest(tx, one.pair.holder, CHANNEL_ID, one.pair.now)
            )
            if found is not None and 0 < found.voucher.valid_until <= self.coin.newest.at + days * DAY:
                self.attempt(lambda one=one: self.claim(one))
                self.follow(one)
        # the claim margin is longer than a reorganisation is deep: a claim, this one or one of before, is final before
        # its voucher lapses
        now = self.coin.newest.at
        signed = [each.voucher for one in self.relations.values() for each in one.signed]
        if any(now < voucher.valid_until <= now + days * DAY for voucher in signed):
            for _ in range(CONFIRMATIONS):
                self.coin.tick(0)
        self.coin.tick(self.coin.newest.at + int(days * DAY))
        for one in self.relations.values():
            pair = one.pair
            pair.now = pair.chain.seen_at = pair.chain.block_time = at(self.coin.newest.at)
            self.follow(one)
            pair.payer_db.act(lambda tx, pair=pair: receive.lapse(tx, pair.buyer, CHANNEL_ID))
            pair.payee_db.act(lambda tx, pair=pair: payee.lapse(tx, pair.holder, pair.now))

    def follow(self, one):
        """Both sides look at the chain, as `Following` does."""
        blocks = self.coin.blocks
        newest, final = (
            shown(blocks[max(len(blocks) - 1 - back, 0)].channels.get(one.key)) for back in (0, CONFIRMATIONS)
        )
        for db in (one.pair.payer_db, one.pair.payee_db):

            def act(tx):
                row = tx.get(ChannelRow, id=CHANNEL_ID.hex())
                if newest is not None and newest.closed:
                    tx.update("channels", {"id": row.id}, state="closed", claimed=newest.claimed)
                else:
                    tx.update("channels", {"id": row.id}, **as_known(row, newest, final, at(self.coin.newest.at)))

            db.act(act)
        one.pair.chain.block_time = at(self.coin.newest.at)

    # ---- a store that falls back

    @rule(who=WHO)
    def back_up(self, who):
        one = self.relation(who)
        one.backup = self.careless_store(one).save()

    @rule(who=WHO)
    def restore(self, who):
        """The careless side goes on with its back-up, and compares signed states before anything else."""
        one = self.relation(who)
        if one.backup is not None:
            self.careless_store(one).restore(one.backup)
            self.follow(one)
        self.level(one)

    def careless_store(self, one):
        return one.pair.payer_db if self.careless == "payer" else one.pair.payee_db

    def level(self, one):
        """Compare signed states as `Payments.level` does: until both are level, or one says the same once more."""
        pair = one.pair
        before, message = None, pair.payer_db.act(lambda tx: resume.show_all(tx, pair.buyer, CHANNEL_ID, pair.now))
        for told in message.windows:
            if told.acknowledged is not None and told.acknowledged not in one.signed:
                self.note(one, told.acknowledged)
        while message is not None and message != before:
            before, sent = message, over_the_wire(message)
            reply = over_the_wire(pair.payee_db.act(
                lambda tx, sent=sent: resume.on_resume_payee(tx, pair.holder, BUYER_DID, CHANNEL_ID, sent, pair.now)
            ))  # fmt: skip
            message = pair.payer_db.act(
                lambda tx, reply=reply, sent=sent: resume.on_resume_payer(
                    tx, pair.buyer, CHANNEL_ID, reply, pair.now, sent
                )
            )

    # ---- what must hold

    @invariant()
    def conserved(self):
        if not hasattr(self, "coin"):
            return
        state = self.coin.newest
        assert state.whole == FUNDS * 2, "deposits = paid + refunded + held"
        for one in self.relations.values():
            found = state.channels.get(one.key)
            if found is not None:
                assert 0 <= found.claimed <= found.deposit
                self.covered(one, found)

    def covered(self, one, found):
        """INVARIANT paid <= price of the released keys, and no priced key without a claimable voucher."""
        pair = one.pair
        for row, secret in pair.keyring.kept.items():
            assert secret == secret_of(row)
        price = amount(TERMS.tariff, sum(pair.table.plain_bytes(row, 1) for row in pair.keyring.kept))
        released = max((each.voucher.cumulative_amount for each in one.signed), default=0)
        assert found.claimed <= released
        if self.careless == "payer":  # a provider restored from a back-up learns of them from the buyer's own words
            newest = pair.payee_db.act(lambda tx: claims.newest(tx, pair.holder, CHANNEL_ID, pair.now))
            claimable = max(found.claimed, 0 if newest is None else newest.voucher.cumulative_amount)
            assert found.closed or price <= claimable

    def teardown(self):
        Conserved.executed += 1
        if hasattr(self, "coin"):
            told = list(self.coin.history)
            claimed = sum(name == "claim" for _, name, _ in told)
            Conserved.tales.append((claimed, Conserved.executed, told, self.coin))
            Conserved.tales = sorted(Conserved.tales, reverse=True)[:REPLAYED]


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


def shown(found):
    """A model's channel as `ledger.chain.programs` shows one."""
    if found is None:
        return None
    frozen = {"frozen_until": None, "frozen_for": 0}
    return SimpleNamespace(
        deposit=found.deposit, claimed=found.claimed, closed=found.closed, expiry=at(found.expiry), **frozen
    )


def test_money_is_conserved(record_property, tmp_path):
    Conserved.executed, Conserved.tales = 0, []
    run_state_machine_as_test(
        Conserved, settings=settings(max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None)
    )
    assert Conserved.executed >= EXAMPLES
    record_property(MONEY, Conserved.executed)
    asyncio.run(replay_all(tmp_path / "chain.sqlite", Conserved.tales))
