"""Contracts of the interfaces in the audit, as they are used: in force, not ended, not superseded."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ledger.audit import contract_uses, contracts
from ledger.audit.amendments import LATENCY
from ledger.audit.report import Report
from tests.ledger.audit.shelf import AT, book, event, found, shelf
from tests.ledger.audit.test_contracts import CONSUMER, EXCHANGE, OTHER, PROVIDER, SPACE, contract

MOMENT = timedelta(microseconds=1)
FIRST = contract("1")
SECOND = contract("2", FIRST.part)


def used(one, **more):
    return event("opening.started", one.part, "t", "1", **more)


def checked(*books):
    report = Report()
    signed = contracts.check(SPACE, shelf(*books), Report())
    contract_uses.check(SPACE, signed, shelf(*books), {}, report)
    return [(code, who) for code, who, _ in found(report)]


def platform(*filed):
    return book(EXCHANGE, *filed)


def test_what_is_in_force_is_used():
    whole = (FIRST.signed(), FIRST.instructed(PROVIDER), used(FIRST), used(FIRST), FIRST.ended())
    assert checked(platform(FIRST.filed()), book(PROVIDER, *whole)) == []


@pytest.mark.parametrize(
    ("entries", "code"),
    [
        ((FIRST.signed(), used(FIRST)), "used-before-instruction"),
        ((FIRST.signed(), used(FIRST), FIRST.instructed(PROVIDER)), "used-before-instruction"),
        ((FIRST.signed(), FIRST.instructed(PROVIDER), FIRST.ended(), used(FIRST)), "used-after-end"),
        ((FIRST.signed(), FIRST.ended(), used(FIRST)), "used-after-end"),
    ],
)
def test_what_is_not_in_force_yet_or_any_more_is_not(entries, code):
    assert checked(book(PROVIDER, *entries)) == [(code, PROVIDER)]


@pytest.mark.parametrize(("later", "codes"), [(timedelta(), []), (MOMENT, [("used-after-amendment", PROVIDER)])])
def test_what_the_exchange_has_another_for_is_used_as_long_as_a_message_takes(later, codes):
    """A provider that keeps quiet of the second one; its time is the exchange's."""
    ours = (FIRST.signed(), FIRST.instructed(PROVIDER), used(FIRST, time=AT + LATENCY + later))
    theirs = book(CONSUMER, FIRST.signed(), SECOND.signed())
    assert checked(platform(FIRST.filed(), SECOND.filed()), book(PROVIDER, *ours), theirs) == codes
    assert checked(platform(FIRST.filed()), book(PROVIDER, *ours), theirs) == [], "it is not in force"


def test_what_no_party_signed_supersedes_nothing_and_is_used_by_nobody():
    ours = (FIRST.signed(), FIRST.instructed(PROVIDER), used(FIRST, time=AT + LATENCY + MOMENT))
    forged = contract("2", FIRST.part).signed
    false = book(OTHER, forged())  # no party of it: its word counts for nothing
    assert checked(platform(FIRST.filed(), SECOND.filed()), book(PROVIDER, *ours), false) == []
    assert checked(book(PROVIDER, used(FIRST))) == []
    assert checked(book(CONSUMER, FIRST.signed()), book(OTHER, used(FIRST))) == []
