"""What was given back and what is ordered: sums that no course of orders and payments breaks."""

from __future__ import annotations

from fractions import Fraction
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connector.exchange.redress import Account, Redress, read_amount, read_share
from connector.runtime.errors import Conflict, InvalidInput
from contracts import payment_reference as references
from contracts.errors import ContractError
from ledger.chain.payment import Payment

A, B = (references.complaint("did:web:exchange", key) for key in ("a", "b"))


def back(amount, complaint=b"", block=1):
    return Payment(b"\x01" * 20, b"\x02" * 20, amount, b"\xab" * 32, complaint, block)


def share(account, bps):
    return Redress(None, SimpleNamespace(money=str), None, None).share(account, bps)


class Orders(RuleBasedStateMachine):
    """Two complaints about one agreement, and a provider that pays orders, or gives back by will, as it may."""

    def __init__(self):
        super().__init__()
        self.paid, self.back, self.ordered = 0, [], {A: 0, B: 0}

    def account(self):
        return Account(self.paid, tuple(self.back))

    def done(self, key):
        return self.account().carried_out(key, self.ordered[key]) is not None

    def others(self, key):
        return [(one, amount) for one, amount in self.ordered.items() if one != key and amount and not self.done(one)]

    @rule(amount=st.integers(0, 1000))
    def settle(self, amount):
        self.paid += amount

    @rule(key=st.sampled_from((A, B)), amount=st.integers(1, 2000))
    def order(self, key, amount):
        if self.ordered[key] and self.done(key):
            return  # it stands
        if amount <= self.account().most(key, self.others(key)):
            self.ordered[key] = amount

    @rule(key=st.sampled_from((A, B)), bps=st.integers(1, 10_000))
    def order_a_share(self, key, bps):
        """Order a share as the exchange does: of what was paid, whatever is given back of it."""
        if self.paid * bps >= 10_000:
            self.order(key, share(self.account(), bps))

    @precondition(lambda self: any(self.ordered.values()))
    @rule(key=st.sampled_from((A, B)), part=st.integers(1, 1000))
    def pay(self, key, part):
        """Pay as the provider's own connector allows: no more than is ordered, nor than is left of what was paid."""
        account = self.account()
        due = min(self.ordered[key] - account.given(key), account.paid - account.given(), part)
        if due > 0:
            self.back.append(back(due, key))

    @rule(amount=st.integers(1, 1000))
    def give(self, amount):
        if self.account().given() + amount <= self.paid:
            self.back.append(back(amount))

    @invariant()
    def no_more_is_given_back_than_was_paid(self):
        assert self.account().given() <= self.paid

    @invariant()
    def who_carries_out_what_is_ordered_is_done(self):
        account = self.account()
        for key, amount in self.ordered.items():
            if amount:
                assert self.done(key) == (account.given(key) >= amount or account.given() >= account.paid > 0)

    @invariant()
    def what_can_be_ordered_is_left_over(self):
        for key in (A, B):
            account = self.account()
            asked = sum(max(0, amount - account.given(one)) for one, amount in self.others(key))
            most = account.most(key, self.others(key))
            assert most == max(0, account.paid - (account.given() - account.given(key)) - asked)


TestOrders = Orders.TestCase


@given(st.lists(st.tuples(st.integers(1, 50), st.sampled_from((A, B, b""))), max_size=8), st.integers(1, 200))
def test_the_block_that_carries_it_out_is_the_first_that_does(told, amount):
    rows = tuple(back(value, by, block) for block, (value, by) in enumerate(told, 1))
    whole = Account(10**6, rows)
    block = whole.carried_out(A, amount)
    if block is None:
        assert whole.given(A) < amount
    else:
        assert Account(10**6, rows[:block]).given(A) >= amount > Account(10**6, rows[: block - 1]).given(A)


@pytest.mark.parametrize("wrong", ["0", "-1", "1.5", "x", "", str(10**40)])
def test_an_amount_is_a_whole_number_above_nothing(wrong):
    with pytest.raises((InvalidInput, ContractError)):
        read_amount(wrong)


@given(st.integers(1, 10_000))
def test_a_share_is_read_as_it_is_written(bps):
    whole, rest = divmod(bps, 100)
    assert read_share(f"{whole}.{rest:02}%") == bps
    assert read_share(f" {whole}.{rest:02} % ") == bps
    if rest % 10 == 0:
        assert read_share(f"{whole}.{rest // 10}%") == bps
    if not rest:
        assert read_share(f"{whole}%") == bps


@pytest.mark.parametrize(
    "wrong", ["", "%", "30", "0%", "0.00%", "100.01%", "101%", "-5%", "1.234%", "1e1%", "٣%", "5%%"]
)
def test_what_is_no_share_is_refused(wrong):
    with pytest.raises(InvalidInput) as refused:
        read_share(wrong)
    assert "`30%`" in refused.value.hint


@given(st.integers(0, 10**30), st.integers(1, 10_000))
def test_a_share_is_rounded_down_to_a_minor_unit(paid, bps):
    exact = Fraction(paid) * bps / 10_000
    if paid and exact < 1:
        with pytest.raises(Conflict, match="less than the least amount"):
            share(Account(paid, ()), bps)
        return
    amount = share(Account(paid, ()), bps)
    assert amount <= exact < amount + 1
    assert amount <= paid
    assert bps < 10_000 or amount == paid


@given(st.integers(1, 10**6), st.integers(1, 10_000))
def test_of_a_trade_that_nobody_showed_no_share_is_known(paid, bps):
    with pytest.raises(Conflict, match="never shown"):
        share(Account(paid, (), is_shown=False), bps)
