"""What had to be deleted was deleted in time, and what was deleted is not used (spec 1.11).

The first only where the policy obliges its holder to delete; the second always: what was deleted is held anew, by an
event of its own, before it can be opened.

The audit has no clock: now is the newest time that any log bears. What a deletion was worth (grade A, B or C) is the
holder's record; that a copy was kept all the same nobody can see.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.audit import lifetimes
from ledger.audit.agreements import policy_of
from ledger.audit.amendments import AMENDED
from policy.errors import PolicyError

if TYPE_CHECKING:
    from datetime import datetime

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.report import Report

HELD, DELETED, DELETE = "replica.held", "replica.deleted", "delete"
OPENED = ("opening.started", "keys.exported")
# a connector that was down when the agreement ended deletes when it is up again
GRACE = timedelta(days=1)


def check(books: Books, deals: Deals, report: Report) -> None:
    """Check each buyer's replicas under agreements that are over."""
    now = max((book.newest for book in books.values() if book.newest is not None), default=None)
    for agreement, deal in deals.items():
        book = books.get(deal.buyer)
        if book is not None:
            _check_unused(book, agreement, report)
        if book is not None and now is not None and _obliges(deal):
            _check(book, agreement, deal, now, report)


def _check_unused(book: Book, agreement: str, report: Report) -> None:
    """Find each opening by its holder of what its own log says is destroyed."""
    deleted = [event.index for event in book.of(DELETED, agreement)]
    if not deleted:
        return
    held = [event.index for event in book.of(HELD, agreement)]
    for kind in OPENED:
        for event in book.of(kind, agreement):
            last = max((index for index in deleted if index < event.index), default=None)
            if last is not None and not any(last < index < event.index for index in held):
                report.find("used-after-deletion", book.party.did, event, agreement=agreement, deleted=str(last))


def _check(book: Book, agreement: str, deal: Deal, now: datetime, report: Report) -> None:
    ended = lifetimes.over(book, agreement)
    end = min(deal.terms.not_after, deal.terms.not_after if ended is None else ended.time)
    if now - end < GRACE:
        report.waits.add(agreement)
        return
    if book.newest is not None and book.newest - end < GRACE:
        report.stale[book.party.did] += 1
        report.waits.add(agreement)
        return
    if any(agreement in event.link[1:] for event in book.of(AMENDED)):
        return  # it is held under the agreement in its place, by an event of its own
    deleted = {event.link for event in book.of(DELETED, agreement)}
    for event in book.of(HELD, agreement):
        if event.link not in deleted:
            report.find("disposal-overdue", book.party.did, event, agreement=agreement, end=end.isoformat())


def _obliges(deal: Deal) -> bool:
    try:
        policy = policy_of(deal)
    except PolicyError:
        return False  # ledger.audit.openings says so
    duties = [duty for rule in policy.permissions for duty in rule.duties]
    return any(duty.action == DELETE for duty in (*duties, *policy.obligations))
