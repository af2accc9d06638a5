"""Editions that logs say are on chain: under their own id, or the one that the log's salt opens, and under one only."""

from __future__ import annotations

from contracts import blind
from ledger.audit import registrations
from ledger.audit.facts import ChainFacts
from ledger.audit.report import Report
from ledger.audit.sums import Edition
from tests.every import every
from tests.ledger.audit.shelf import book, event, found, shelf

SELLER, OTHER = "did:web:seller", "did:web:other"
EDITION, SALT, SECOND = b"\xe1" * 32, b"\x01" * blind.SALT_BYTES, b"\x02" * blind.SALT_BYTES
BLIND, TWICE = (blind.registered_id(EDITION, salt) for salt in (SALT, SECOND))


def told(salt=None, edition=EDITION):
    more = {} if salt is None else {"blindSalt": salt if isinstance(salt, str) else salt.hex()}
    return event("edition.registered", edition.hex(), edition.hex(), tx="00", **more)


def sold(salt, provider=SELLER):
    return Edition(EDITION, provider, blind.registered_id(EDITION, salt))


def checked(events, editions, sales=(), report=None):
    report = report or Report()
    facts = ChainFacts(editions={one: {} for one in editions})
    registrations.check(shelf(book(SELLER, *events), book(OTHER)), facts, sales, report)
    return found(report)


@every(
    ("events", "editions", "names"),
    [
        ([told()], [EDITION], []),
        ([told()], [BLIND], [("registration-unfounded", SELLER, 0)]),
        ([told(SALT)], [BLIND], []),
        ([told(SALT)], [EDITION], [("registration-unfounded", SELLER, 0)]),
        ([told("zz")], [], [("field-malformed", SELLER, 0)]),
        ([told(SALT), told(SALT)], [BLIND], []),
        ([told(SALT), told(SECOND)], [BLIND, TWICE], [("edition-registered-twice", SELLER, None)]),
        ([told(SALT), told(SECOND)], [BLIND], [("registration-unfounded", SELLER, 1)]),
        ([told(), told(SALT)], [EDITION, BLIND], []),
    ],
)
def test_a_registration_is_found_on_chain_under_what_its_salt_opens(events, editions, names):
    assert checked(events, editions) == names


def test_terms_give_the_same_salt_as_the_log():
    report = Report()
    names = checked([told(SALT)], [BLIND, TWICE], [sold(SECOND)], report)
    assert names == [("edition-registered-twice", SELLER, None)]
    assert report.findings[0].facts.items() >= {"edition": EDITION.hex(), "count": "2"}.items()
    assert checked([told(SALT)], [BLIND, TWICE], [sold(SALT)]) == []
    assert checked([told(SALT)], [BLIND], [sold(SECOND)]) == [], "which the chain does not know"
    assert checked([told(SALT)], [BLIND, TWICE], [sold(SECOND, OTHER)]) == [], "of another seller"
    assert checked([told(SALT)], [BLIND, EDITION], [sold(b"")]) == []
