"""Payments of contracts in the audit: each is a transfer on the chain, its parts are the shares that were signed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.ndi import strategy
from contracts.ndi.services import ServiceParty, amounts
from ledger.audit import contract_payments
from ledger.audit.report import Report
from ledger.chain.payment import Payment
from policy.vocabulary.names import PROFILE
from tests.ledger.audit.shelf import book, event, found, shelf

PROVIDER, CONSUMER, BROKER, HOST, OTHER = (f"did:web:{name}" for name in ("p", "c", "broker", "host", "other"))
ACCOUNTS = {did: bytes([number]) * 20 for number, did in enumerate((PROVIDER, CONSUMER, BROKER, HOST, OTHER), 1)}
SPACE = SimpleNamespace(members={did: SimpleNamespace(address=one) for did, one in ACCOUNTS.items()})
AGREEMENT, REFERENCE = "ab" * 32, "0f" * 32
RULES = {"@type": "Agreement", "profile": PROFILE, "target": "urn:p", "assigner": PROVIDER, "assignee": CONSUMER}
SERVICES = (ServiceParty(BROKER, "broker", 333), ServiceParty(HOST, "host", 500))
CONTRACT = strategy.written({**RULES, "permission": [{"action": "read"}]}, SERVICES)


def signed(told=CONTRACT):
    return event("contract.signed", AGREEMENT, provider=PROVIDER, consumer=CONSUMER, strategy=told)


def paid(to, amount, number=1, **more):
    said = {"kind": "contract", "to": to, "amount": str(amount), "agreementDigest": AGREEMENT, "tx": tx(number)}
    return event("payment.made", REFERENCE, REFERENCE, **said | more)


def tx(number):
    return f"{number:064x}"


class Chain:
    """The transfers that a chain has, by their transactions."""

    def __init__(self, *transfers):
        self.transfers = {
            number.to_bytes(32): Payment(ACCOUNTS[CONSUMER], ACCOUNTS[to], amount, bytes.fromhex(REFERENCE))
            for number, to, amount in transfers
        }

    async def payment(self, transaction):
        return self.transfers.get(transaction)


async def checked(chain, *events, did=CONSUMER):
    report = Report()
    await contract_payments.check(SPACE, chain, shelf(book(did, *events)), report)
    return [(code, index) for code, _, index in found(report)]


def parts(total, *, less=()):
    """What each gets of a payment, in the order of the transfers."""
    shares = amounts(total, SERVICES)
    told = [(PROVIDER, total - sum(shares)), *zip((BROKER, HOST), shares, strict=True)]
    return [(number, to, part) for number, (to, part) in enumerate(told, 1) if part and to not in less]


@given(st.integers(1, 10**12))
async def test_a_payment_as_all_have_signed_it_is_nobody_s_fault(total):
    made = parts(total)
    assert await checked(Chain(*made), signed(), *(paid(to, part, number) for number, to, part in made)) == []


@pytest.mark.parametrize("less", [{BROKER}, {PROVIDER}, {BROKER, HOST}])
async def test_of_a_payment_that_is_not_whole_yet_nobody_says_that_it_is_wrong(less):
    made = parts(1000, less=less)
    assert await checked(Chain(*made), signed(), *(paid(to, part, number) for number, to, part in made)) == []


async def test_a_payment_that_the_chain_does_not_have_is_found():
    made = parts(1000)
    told = [paid(to, part, number) for number, to, part in made]
    assert await checked(Chain(*made[1:]), signed(), *told) == [("contract-unpaid", 1)]
    # of another amount, to another, by another
    assert await checked(Chain((1, PROVIDER, 5)), paid(PROVIDER, 6)) == [("contract-unpaid", 0)]
    assert await checked(Chain((1, OTHER, 5)), paid(PROVIDER, 5)) == [("contract-unpaid", 0)]
    assert await checked(Chain((1, PROVIDER, 5)), paid(PROVIDER, 5), did=OTHER) == [("contract-unpaid", 0)]
    # under another reference, and twice for one transfer
    other = paid(PROVIDER, 5)
    other.part = "0e" * 32
    assert await checked(Chain((1, PROVIDER, 5)), other) == [("contract-unpaid", 0)]
    twice = [paid(PROVIDER, 5), paid(PROVIDER, 5)]
    assert await checked(Chain((1, PROVIDER, 5)), *twice) == [("contract-unpaid", 1)]


async def test_a_payment_that_is_not_shared_as_signed_is_found():
    made = [(1, PROVIDER, 900), (2, BROKER, 50), (3, HOST, 50)]
    told = [paid(to, part, number) for number, to, part in made]
    # the host has its 500 basis points
    assert await checked(Chain(*made), signed(), *told) == [("contract-paid-otherwise", index) for index in (1, 2)]


async def test_a_part_for_who_is_not_in_the_contract_is_found():
    made = [*parts(1000), (9, OTHER, 1)]
    told = [paid(to, part, number) for number, to, part in made]
    assert ("contract-paid-otherwise", 4) in await checked(Chain(*made), signed(), *told)


async def test_another_payment_and_what_cannot_be_read_are_of_others_to_judge():
    other = event("payment.made", REFERENCE, kind="withdraw", to=OTHER, amount="5", tx=tx(1))
    broken = paid(PROVIDER, 5, tx="zz")
    chain = Chain((1, PROVIDER, 5))
    assert await checked(chain, other, broken, paid(PROVIDER, 5)) == []
    # an expansion of another make
    assert await checked(chain, signed({"policyExpansion": "<x/>"}), paid(PROVIDER, 5)) == []
