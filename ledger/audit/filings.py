"""Contracts at the exchange's register (备案): of what was signed, and the same that its parties were told.

Law: (1) the exchange's log says of each filing which agreement it is of: a log of its parties says that it was signed,
and who filed it is one of them. (2) A party's log says of a filing which hash lies in the register: the exchange's log
has this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ledger.audit.agreements import SIGNED
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

FILED: Final = "contract.filed"


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Check every filing that a log tells of."""
    register = books.get(space.exchange)
    if register is None:
        return
    for event in register.of(FILED):
        _check_founded(event, books, deals, report)
    for did, book in books.items():
        for event in book.of(FILED) if did != space.exchange else ():
            _check_kept(event, register, report)


def _check_founded(event: Event, books: Books, deals: Deals, report: Report) -> None:
    """Check that what the register took in was signed, and was filed by a party."""
    deal = deals.get(event.part)
    if deal is None:
        signed = any(True for book in books.values() for _ in book.of(SIGNED, event.part))
        founded = signed or behind(report, event.part, event.time, *books.values())
    else:
        founded = event.fields.get("by", deal.provider) in (deal.provider, deal.buyer)
    if not founded:
        report.find("filing-unfounded", event.did, event, agreement=event.part)


def _check_kept(event: Event, register: Book, report: Report) -> None:
    """Check that the register's log has a filing that a party saw there."""
    kept = [str(one.fields.get("hash", "")) for one in register.of(FILED, event.part)]
    if str(event.fields.get("hash", "")) not in kept and (kept or not behind(report, event.part, event.time, register)):
        report.find("filing-differs", register.party.did, event, agreement=event.part)
