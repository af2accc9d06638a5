"""Hosting in the audit: a host sells within its delegation, while the chain has it, and not for others' rights."""

from __future__ import annotations

from types import SimpleNamespace

from contracts.typed_data import Domain, digest
from ledger.audit import hosting
from ledger.audit.report import Report
from tests.contracts.test_delegation import HOST, PROVIDER, made, terms
from tests.ledger.audit.shelf import book, event, found, shelf

SELLER = "did:web:host"
AGREEMENT = bytes([7]) * 32
LICENCES = Domain(7, bytes([11]) * 20, bytes([22]) * 32)
SPACE = SimpleNamespace(domains=SimpleNamespace(licences=LICENCES))
DELEGATED = digest(LICENCES, made().licence)
GRANTED = {"provider": PROVIDER, "buyer": HOST}


def deal(told, seller=HOST):
    said = SimpleNamespace(hosted=made(), json=lambda: told)
    agreement = SimpleNamespace(provider=seller)
    return SimpleNamespace(digest=AGREEMENT, provider=SELLER, terms=said, agreement=agreement)


def checked(told, *, licences=None, revoked=None, block=None, seller=HOST):
    signed = event("agreement.signed", AGREEMENT.hex())
    signed.block = block and SimpleNamespace(number=block)
    licences = {DELEGATED: GRANTED} if licences is None else licences
    facts = SimpleNamespace(licences=licences, revoked={} if revoked is None else {DELEGATED: revoked})
    report = Report()
    hosting.check(SPACE, shelf(book(SELLER, signed)), {AGREEMENT.hex(): deal(told, seller)}, facts, report)
    return [(code, who) for code, who, _ in found(report)]


def test_what_was_delegated_and_sold_so_is_nobodys_fault():
    assert checked(terms()) == []
    assert hosting.delegated(SPACE, deal(terms())) == (PROVIDER, DELEGATED)


def test_who_sells_beyond_its_delegation_is_found_and_had_no_right_to():
    assert checked(terms("399")) == [("hosted-beyond", SELLER)]
    assert checked(terms(), seller=PROVIDER) == [("hosted-beyond", SELLER)]
    assert hosting.delegated(SPACE, deal(terms("399"))) is None


def test_a_delegation_is_what_the_chain_has():
    assert checked(terms(), licences={}) == [("hosted-undelegated", SELLER)]
    of_others = {DELEGATED: {"provider": HOST, "buyer": HOST}}
    assert checked(terms(), licences=of_others) == [("hosted-undelegated", SELLER)]


def test_what_is_proven_to_come_after_a_revocation_is_found_and_no_more_than_that():
    assert checked(terms(), revoked=9, block=8) == []
    assert checked(terms(), revoked=9) == []
    assert checked(terms(), revoked=9, block=9) == [("hosted-after-revocation", SELLER)]


def test_a_licence_that_a_log_tells_of_as_a_delegation_is_of_no_agreement():
    moved = event("hosting.moved", DELEGATED.hex())
    assert hosting.recorded(shelf(book(SELLER, moved))) == {DELEGATED.hex()}
