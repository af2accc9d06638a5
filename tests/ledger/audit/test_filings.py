"""Filed contracts in the audit: of agreements that were signed, filed by a party, kept as they were seen."""

from __future__ import annotations

from types import SimpleNamespace

from ledger.audit import filings
from ledger.audit.report import Report
from tests.ledger.audit.shelf import AT, book, event, found, shelf

PROVIDER, BUYER, EXCHANGE = "did:web:provider", "did:web:buyer", "did:web:exchange"
AGREEMENT, HASH, OTHER = "07" * 32, "aa" * 32, "bb" * 32
SPACE = SimpleNamespace(exchange=EXCHANGE)
DEAL = SimpleNamespace(provider=PROVIDER, buyer=BUYER)


def filed(by=PROVIDER, digest=HASH):
    return event("contract.filed", AGREEMENT, contract="84ZZ", hash=digest, by=by)


def checked(exchange=(), provider=(), *, deals=None, newest=None, first=None):
    more = {} if newest is None else {"newest": newest}
    others = {} if first is None else {"newest": first}
    books = shelf(book(EXCHANGE, *exchange, **more), book(PROVIDER, *provider, **others), book(BUYER, **others))
    report = Report()
    filings.check(SPACE, books, {AGREEMENT: DEAL} if deals is None else deals, report)
    return [(code, who) for code, who, _ in found(report)]


def test_what_was_signed_and_lies_there_is_nobodys_fault():
    assert checked([filed()], [filed()]) == []
    assert checked([filed(by=BUYER)], []) == []
    assert checked() == []


def test_a_register_of_what_nobody_signed_is_found():
    assert checked([filed()], deals={}) == [("filing-unfounded", EXCHANGE)]
    # but not as long as no log was read so far, nor where an agreement is found wanting by itself
    assert checked([filed()], deals={}, first=AT) == []
    assert checked([filed()], [event("agreement.signed", AGREEMENT)], deals={}) == []


def test_who_files_is_a_party():
    assert checked([filed(by=EXCHANGE)]) == [("filing-unfounded", EXCHANGE)]
    # what was not disclosed is no finding of its own
    assert checked([event("contract.filed", AGREEMENT)]) == []


def test_a_register_that_keeps_another_or_none_is_found():
    assert checked([], [filed()]) == [("filing-differs", EXCHANGE)]
    assert checked([filed(digest=OTHER)], [filed()]) == [("filing-differs", EXCHANGE)]
    assert checked([], [filed()], newest=AT) == []
