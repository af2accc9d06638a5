"""Agreements under contracts of the interfaces in the audit: of the same two, at the same price, ended with them."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from contracts import signature
from contracts.ndi import strategy
from contracts.ndi.interfaces import contract_digest
from contracts.tariff import Tariff
from ledger.audit import contract_uses, sealed_contracts
from ledger.audit import contracts as signing
from ledger.audit.report import Report
from tests.ledger.audit.shelf import book, event, found, shelf
from tests.ledger.audit.test_contracts import CONSUMER, EXCHANGE, KEYS, OTHER, PROVIDER, RULES, SPACE, signed

UNDER = "5a" * 32
USE = {"permission": RULES["permission"]}
PRICE = {"leftOperand": "payAmount", "operator": "eq", "rightOperand": "5.00", "unit": "CNY"}


def contract(*, sealed=True, price=PRICE, buyer=CONSUMER):
    policy = {**RULES, "assignee": buyer, "obligation": [{"action": "compensate", "constraint": [price]}]}
    said = strategy.written(policy, sealed=sealed)
    over = contract_digest("Tides", "1", said)
    proofs = [signature.sign(over, KEYS[did]).hex() for did in (PROVIDER, buyer)]
    told = {"contract": "1", "strategy": said, "signatures": proofs, "consumer": buyer}
    part = over.hex()
    number = {"contract": "1", "instruction": part[:32], "from": EXCHANGE, "version": "1", "to": PROVIDER}
    return SimpleNamespace(
        part=part,
        signed=lambda: signed(part, **told),
        instructed=lambda: event("instruction.moved", part, part, **number),
        ended=lambda: event("agreement.ended", part),
    )


def agreed():
    return event("agreement.signed", UNDER, UNDER)


def over():
    return event("agreement.ended", UNDER)


def deals(one, *, provider=PROVIDER, buyer=CONSUMER, minor=500, currency="CNY", policy=USE):
    tariff = Tariff("byte", minor, 1 << 20, currency) if minor else Tariff("free", 0, 1, "CNY")
    terms = SimpleNamespace(contract=bytes.fromhex(one.part), tariff=tariff, policy=policy)
    return {UNDER: SimpleNamespace(terms=terms, provider=provider, buyer=buyer)}


def checked(events, known, did=PROVIDER):
    report, books = Report(), shelf(book(did, *events))
    told = signing.check(SPACE, books, Report())
    sealed_contracts.check(told, books, known, report)
    contract_uses.check(SPACE, told, books, known, report)
    return [(code, who) for code, who, _ in found(report)]


def test_an_agreement_under_a_contract_that_is_in_force_is_nobodys_fault():
    one = contract()
    whole = [one.signed(), one.instructed(), agreed()]
    assert checked(whole, deals(one)) == []
    assert checked([*whole, one.ended(), over()], deals(one)) == []
    none = contract(price={**PRICE, "rightOperand": "0"})
    assert checked([none.signed(), none.instructed(), agreed()], deals(none, minor=0)) == []


@pytest.mark.parametrize(
    ("one", "changed"),
    [
        (contract(), {"minor": 400}),
        (contract(), {"buyer": OTHER}),
        (contract(), {"provider": OTHER}),
        (contract(sealed=False), {}),
        (contract(), {"policy": {"permission": [{"action": "use"}]}}),
        (contract(), {"policy": {**USE, "prohibition": [{"action": "distribute"}]}}),
    ],
    ids=["price", "buyer", "provider", "delivery", "policy", "prohibition"],
)
def test_it_is_of_the_same_two_at_the_same_price_of_one_that_is_delivered_so(one, changed):
    [(code, _)] = checked([one.signed(), one.instructed(), agreed()], deals(one, **changed))
    assert code == "contract-differs"


def test_a_currency_that_nobody_knows_stops_no_audit():
    one = contract()
    assert checked([one.signed(), one.instructed(), agreed()], deals(one, currency="XYZ")) == []


def test_a_contract_that_nobody_signed_is_delivered_by_nothing():
    one = contract()
    assert checked([agreed()], deals(one)) == [("contract-orphaned", PROVIDER)]
    assert checked([], deals(one)) == [], "its log does not tell of it yet"
    told = signed(one.part)
    del told.fields["strategy"]
    assert checked([told, agreed()], deals(one)) == [], "it is not disclosed"


@pytest.mark.parametrize(
    ("events", "code"),
    [
        (lambda one: [one.signed(), agreed(), one.instructed()], "used-before-instruction"),
        (lambda one: [one.signed(), one.instructed(), one.ended(), agreed(), over()], "used-after-end"),
        (lambda one: [one.signed(), one.instructed(), agreed(), one.ended()], "contract-outlived"),
    ],
)
def test_it_is_made_while_the_contract_is_in_force_and_ends_with_it(events, code):
    one = contract()
    assert checked(events(one), deals(one)) == [(code, PROVIDER)]
