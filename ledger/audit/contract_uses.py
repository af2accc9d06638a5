"""Contracts of the interfaces as they are used: while they are in force, by the word of the log that delivers.

Law: who delivers says so before a byte leaves (`opening.started`). (1) That stands after the control instruction in its
log, and (2) not after the entry that ended the contract; so does the signature of an agreement under it. (3) Nothing
begins once the exchange has filed a contract in place of it, but for the time that a message takes. A log that does not
tell of the signature tells of no use either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit import sealed_contracts
from ledger.audit.agreements import SIGNED as AGREED
from ledger.audit.amendments import ENDED, LATENCY
from ledger.audit.contracts import INSTRUCTED, SIGNED
from ledger.audit.filings import FILED
from ledger.audit.lifetimes import STARTED
from ledger.audit.successions import above

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space


def check(space: Space, signed: Mapping[str, Event], books: Books, deals: Deals, report: Report) -> None:
    """Check every use of a contract that was `signed` (by digest)."""
    late, under = _superseded(space, signed, books), sealed_contracts.under(deals)
    for book in books.values():
        _check(book, signed, under, late, report)


def _check(
    book: Book, signed: Mapping[str, Event], under: Mapping[str, str], late: Mapping[str, datetime], report: Report
) -> None:
    told: dict[str, set[str]] = {kind: set() for kind in (SIGNED, INSTRUCTED, ENDED)}
    for event in book.among((*told, STARTED, AGREED)):
        part = under.get(event.part, "") if event.kind == AGREED else event.part
        if event.kind in told:
            told[event.kind].add(part)
        elif part not in signed or part not in told[SIGNED]:
            continue
        elif part in told[ENDED]:
            report.find("used-after-end", event.did, event, agreement=part)
        elif part not in told[INSTRUCTED]:
            report.find("used-before-instruction", event.did, event, agreement=part)
        elif part in late and event.time > late[part] + LATENCY:
            report.find("used-after-amendment", event.did, event, agreement=part, since=late[part].isoformat())


def _superseded(space: Space, signed: Mapping[str, Event], books: Books) -> dict[str, datetime]:
    """Return since when the exchange has another contract in place of one, by digest."""
    platform, pairs = books.get(space.exchange), above(signed)
    found: dict[str, datetime] = {}
    for event in () if platform is None else platform.of(FILED):
        if old := pairs.get(event.part):
            found[old] = min(event.time, found.get(old, event.time))
    return found
