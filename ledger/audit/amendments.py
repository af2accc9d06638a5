"""Amendments: each in place of one agreement of the same two parties, on the same product; a chain and never a fork.

Law: (1) terms that name what they amend name an agreement that a log says was signed, of the same parties and product.
(2) A log that says that an amendment came into force says of one that was signed, in place of the one that its terms
name; and that this one ended. (3) Both parties say so, and of one agreement all say the same. (4) Nothing begins under
what is superseded (`ledger.audit.lifetimes`), from the moment on at which the first of the two says so, but for the
time that a message takes.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from ledger.audit.agreements import SIGNED
from ledger.audit.course import CLOCK_SKEW_SECONDS
from ledger.audit.deal import linked
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

AMENDED: Final = "agreement.amended"
ENDED: Final = "agreement.ended"
# a chain is cut here
CHAIN_MAX: Final = 64
# from the word of the one to that of the other: one message, by clocks that differ, within a patience of ten minutes
LATENCY: Final = timedelta(minutes=10, seconds=CLOCK_SKEW_SECONDS)


def earlier(deal: Deal, deals: Deals) -> Iterator[Deal]:
    """Return the agreements in whose place one is, the newest first, as far as they are verified."""
    return linked(deal, deals, lambda terms: terms.amends, CHAIN_MAX)


def superseded(books: Books, deals: Deals) -> Mapping[str, datetime]:
    """Return what a party says is superseded, by digest in hex, and since when; a stranger's word ends nothing."""
    found: dict[str, datetime] = {}
    for book in books.values():
        for event in book.of(AMENDED):
            old = _old(event)
            if _founded(event, deals) and (old not in found or event.time < found[old]):
                found[old] = event.time
    return found


def check(books: Books, deals: Deals, report: Report) -> None:
    """Check every amendment that was signed, and every word that one came into force."""
    for name, deal in deals.items():
        if deal.terms.amends:
            _check_signed(name, deal, books, deals, report)
    first: dict[str, str] = {}
    for did, book in books.items():
        for event in book.of(AMENDED):
            old, told = _old(event), _founded(event, deals)
            if told is None:
                _check_unknown(event, deals, books, report)
                continue
            if first.setdefault(old, event.part) != event.part:
                report.find("amendment-forked", did, event, agreement=event.part, other=old)
            if not book.has(ENDED, old) and not behind(report, event.part, event.time, book):
                report.find("amendment-both-stand", did, event, agreement=event.part, other=old)
            _check_both(event, told, books, report)


def _founded(event: Event, deals: Deals) -> Deal | None:
    """Return the amendment that a party of it says is in force, None where it is no such word."""
    deal = deals.get(event.part)
    if deal is None or event.did not in (deal.provider, deal.buyer) or deal.terms.amends.hex() != _old(event):
        return None
    return deal


def _check_signed(name: str, deal: Deal, books: Books, deals: Deals, report: Report) -> None:
    """Check that what is amended is an agreement of the same two, on the same product."""
    old, other = deals.get(deal.terms.amends.hex()), deal.terms.amends.hex()
    if old is None:
        book = books.get(deal.provider)
        if book is not None and not book.has(SIGNED, name):
            report.stale[deal.provider] += 1
            report.waits.add(name)
        elif not any(book.has(SIGNED, other) for book in books.values()):
            report.find("amendment-orphaned", deal.provider, agreement=name, other=other)
        return
    pairs = {
        "provider": (deal.provider, old.provider),
        "buyer": (deal.buyer, old.buyer),
        "product": (deal.terms.product, old.terms.product),
    }
    for field, (now, before) in pairs.items():
        if now != before:
            report.find("amendment-differs", deal.provider, agreement=name, other=other, field=field)


def _check_unknown(event: Event, deals: Deals, books: Books, report: Report) -> None:
    """Find a word about an amendment that nobody signed; one that is found wanting by itself says so itself."""
    if event.part not in deals:
        signed = any(book.has(SIGNED, event.part) for book in books.values())
        if signed or behind(report, event.part, event.time, *books.values()):
            return
    report.find("amendment-unfounded", event.did, event, agreement=event.part, other=_old(event))


def _check_both(event: Event, deal: Deal, books: Books, report: Report) -> None:
    """Check that the other party says so, too, unless its amendment ended before it came into force there."""
    other = deal.buyer if event.did == deal.provider else deal.provider
    book = books.get(other)
    if book is None or book.has(AMENDED, event.part) or book.has(ENDED, event.part):
        return
    if not behind(report, event.part, event.time + LATENCY, book):
        report.find("amendment-unsaid", other, event, agreement=event.part)


def _old(event: Event) -> str:
    return event.link[1] if len(event.link) > 1 else ""
