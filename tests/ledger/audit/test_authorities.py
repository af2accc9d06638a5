"""Authorities in the audit: what names one was signed within it, by its own party, before it was revoked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from contracts.authority import Authority, reference
from contracts.signature import address, sign
from ledger.audit import authorities
from ledger.audit.report import Report
from tests.ledger.audit.shelf import AT, book, event, found, shelf

PROVIDER, BUYER = "did:web:provider", "did:web:buyer"
AGREEMENT = bytes([7]) * 32
NAME = AGREEMENT.hex()
KEY, OTHER = b"\x01" * 32, b"\x02" * 32
MADE = Authority(
    principal=BUYER,
    account=address(KEY),
    person=reference(bytes(16), "ada"),
    roles=("buyer",),
    most=900,
    daily=None,
    currency="CNY",
    products=("p",),
    purposes=(),
    since=AT.replace(microsecond=0) - timedelta(days=1),
    until=AT.replace(microsecond=0) + timedelta(days=9),
)
DEAL = SimpleNamespace(
    provider=PROVIDER,
    buyer=BUYER,
    agreement=SimpleNamespace(provider=address(OTHER), buyer=address(KEY), price_cap=900),
    terms=SimpleNamespace(product="p", tariff=SimpleNamespace(currency="CNY"), policy={}),
)


def granted(made=MADE, key=KEY, part=None):
    told = {"document": made.json(), "signature": sign(made.digest, key).hex()}
    return event("authority.granted", part or made.digest.hex(), **told)


def revoked(made=MADE):
    return event("authority.revoked", made.digest.hex(), reason="another post")


def signed(made=MADE, part=NAME, **counted):
    return event("agreement.signed", part, part, made.digest.hex(), **counted)


def counting(hours, amount=900, part=NAME):
    at = (AT + timedelta(hours=hours)).isoformat()
    return signed(DAILY, part, counted={"at": at, "amount": str(amount)})


DAILY = replace(MADE, daily=1000)


def checked(*events, did=BUYER):
    report = Report()
    authorities.check(shelf(book(did, *events)), {AGREEMENT.hex(): DEAL}, report)
    return [(code, who) for code, who, _ in found(report)]


def test_what_was_signed_within_it_is_nobodys_fault():
    assert checked(granted(), signed()) == []
    assert checked(granted(), signed(), revoked()) == [], "what was signed before stands"
    assert checked(event("agreement.signed", AGREEMENT.hex(), AGREEMENT.hex())) == [], "a participant signs itself"


def test_an_authority_is_granted_first():
    assert checked(signed()) == [("authority-unknown", BUYER)]
    assert checked(signed(), granted()) == [("authority-unknown", BUYER)]


def test_nothing_is_signed_after_it_was_revoked():
    assert checked(granted(), revoked(), signed()) == [("authority-revoked", BUYER)]


BEYOND = {
    "amount": {"most": 899},
    "product": {"products": ("q",)},
    "role": {"roles": ("provider",)},
    "currency": {"currency": "EUR"},
    "purpose": {"purposes": ("https://w3id.org/penstock/purpose#Research",)},
    "end": {"until": MADE.since + timedelta(hours=1)},
    "principal": {"principal": PROVIDER},
}


@pytest.mark.parametrize("what", BEYOND)
def test_what_is_beyond_it_is_found_once(what):
    made = replace(MADE, **BEYOND[what])
    assert checked(granted(made), signed(made)) == [("authority-exceeded", BUYER)]


def test_an_authority_is_signed_by_the_account_that_signs_under_it():
    assert checked(granted(key=OTHER), signed()) == [("authority-exceeded", BUYER)]
    made = replace(MADE, account=address(OTHER))
    assert checked(granted(made, OTHER), signed(made)) == [("authority-exceeded", BUYER)], "of a key of somebody else"
    false = granted(replace(MADE, most=10**9), part=MADE.digest.hex())
    assert checked(false, signed()) == [("authority-exceeded", BUYER)], "another document under its name"


def test_what_is_not_disclosed_is_not_guessed_at():
    hidden = granted()
    hidden.told, hidden.fields = False, {}
    assert checked(hidden, signed()) == []
    assert checked(hidden, revoked(), signed()) == [("authority-revoked", BUYER)], "what entries say stands in the open"


def test_what_a_day_is_bounded_to_is_summed_by_when_it_was_signed():
    grant = granted(DAILY)
    assert checked(grant, counting(0)) == []
    assert checked(grant, counting(0, 100, "aa"), counting(1)) == [], "up to the bound"
    assert checked(grant, counting(0, 101, "aa"), counting(1)) == [("authority-exceeded", BUYER)]
    assert checked(grant, counting(1), counting(0, 101, "aa")) == [("authority-exceeded", BUYER)], "in either order"
    assert checked(grant, counting(0, 101, "aa"), counting(24)) == [], "a day later it is another day"
    assert checked(grant, signed(DAILY, "aa"), counting(1)) == [], "an entry of before does not say when"
    other = event("agreement.signed", "aa", "aa", MADE.digest.hex(), counted={"at": AT.isoformat(), "amount": "900"})
    assert checked(grant, granted(), other, counting(1)) == [], "each authority has its own sum"


def test_what_an_agreement_counts_for_is_what_it_costs():
    assert checked(granted(DAILY), counting(0, 899)) == [("authority-exceeded", BUYER)]
    for odd in (
        {"at": AT.isoformat()},
        {"at": "today", "amount": "1"},
        {"at": "2026-03-01T12:00:00", "amount": "1"},
        7,
    ):
        told = signed(DAILY, counted=odd)
        assert checked(granted(DAILY), told) == [("authority-exceeded", BUYER)], odd
