"""How far a log was read: what it lacks counts against it only if it must have had it by then.

Law: stale is not guilty. A log is read up to a head that its witnesses signed a while ago, the others up to theirs, the
chain to its end. What must come before something that is shown is missing only from a log that was read further than
that: to an entry that cites the block, or that is dated long enough after the other log's entry. What is newer is
counted, once for each log.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from ledger.audit.course import CLOCK_SKEW_SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.audit.books import Book, Books
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report

CHAIN = "chain"
# an entry is written within a minute of what it follows (spec 7), by clocks that differ by another
ALLOWED = timedelta(seconds=60 + CLOCK_SKEW_SECONDS)
# a licence is mined, a log is anchored for the first time, within this time of the chain's
DUE = timedelta(hours=1)


def reaches(book: Book, since: datetime | int) -> bool:
    """Whether a log was read to something later than a time, or to an entry that cites this block or a later one."""
    if isinstance(since, int):
        return book.block >= since
    return book.newest is not None and book.newest - since > ALLOWED


def behind(report: Report, part: str, since: datetime | int, *books: Book | None) -> bool:
    """Whether one of the logs was not read so far that what it lacks could be held against anybody; it is counted.

    `part` is the partition that is judged, and waits for it.
    """
    short = [book.party.did for book in books if book is not None and not reaches(book, since)]
    report.stale.update(short)
    report.waits.update([part] if short else [])
    return bool(short)


def awaited(report: Report, part: str, since: datetime, facts: ChainFacts) -> bool:
    """Whether the chain may yet show of a partition what was written down at this time; it is counted then."""
    if facts.until is not None and facts.until - since > DUE:
        return False
    report.stale[CHAIN] += 1
    report.waits.add(part)
    return True


def told(report: Report, books: Books, young: Iterable[str]) -> None:
    """Say of each log, once, what it could not be asked for yet; `young` had no time to be witnessed and anchored."""
    for did in young:
        report.find("log-young", did)
    for did, count in report.stale.items():
        if did == CHAIN:
            report.find("chain-behind", did, count=count)
            continue
        book = books[did]
        size = 0 if book.head is None else book.head.checkpoint.size
        newest = "" if book.newest is None else book.newest.isoformat(timespec="seconds")
        report.find("log-behind", did, count=count, size=size, newest=newest)
