"""Was everything used only while it was licensed? Not after its term, and not after it was revoked.

Law: a block that an entry cites was there before the entry, so a use that cites the block of a revocation, or a later
one, came after it, whatever time it bears. What ends or suspends a licence does so to those below it.
An opening that began before goes on until its lease ends (spec 5). It begins with the release of its first keys: who
takes what was rightly released begins nothing anew, however late a busy machine writes it down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit import amendments
from ledger.audit.billing import OPEN, read_orders
from ledger.audit.books import reading
from ledger.audit.keys import RELEASED
from ledger.audit.sublicences import above

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report

STARTED = "opening.started"
ENDS = ("agreement.ended", "licence.revoked")


def check(books: Books, deals: Deals, facts: ChainFacts, report: Report) -> None:
    """Check every release and every opening against the term, the chain's revocations and the logs' own ends."""
    late = amendments.superseded(books, deals)
    released: dict[tuple[str, str], set[str]] = {}
    started: list[tuple[Event, str, str, bool]] = []
    for book in books.values():
        ended: set[str] = set()
        begun: set[tuple[str, str]] = set()
        for event in book.among((*ENDS, RELEASED, STARTED)):
            if event.kind in ENDS:
                ended.add(event.part)
            for agreement, opening in _uses(event, report):
                going_on = (agreement, opening) in begun
                begun.add((agreement, opening))
                if agreement not in deals or (going_on and opening):
                    continue
                if event.kind == STARTED and opening:
                    started.append((event, agreement, opening, agreement in ended))
                elif _check(event, agreement, deals, facts, report, late, ended=agreement in ended) and opening:
                    released.setdefault((agreement, opening), set()).add(event.did)
    for event, agreement, opening, over in started:
        if not released.get((agreement, opening), set()) - {event.did}:
            _check(event, agreement, deals, facts, report, late, ended=over)


def _uses(event: Event, report: Report) -> Iterator[tuple[str, str]]:
    """Yield (agreement, reader key of a leased opening or nothing) of everything an event uses."""
    if event.kind == RELEASED:
        for line in reading(event, report, read_orders, event) or ():
            yield line.agreement, line.reader_key if line.use == OPEN else ""
    elif event.kind == STARTED:
        yield event.part, str(event.fields.get("readerKey", ""))


def _check(
    event: Event,
    agreement: str,
    deals: Deals,
    facts: ChainFacts,
    report: Report,
    late: Mapping[str, datetime],
    *,
    ended: bool,
) -> bool:
    """Check one use; return whether it was right."""
    deal, before = deals[agreement], len(report.findings)
    if event.time > deal.terms.not_after:
        names = {"agreement": agreement, "end": deal.terms.not_after.isoformat()}
        report.find("used-after-expiry", event.did, event, **names)
    cited, chain = event.block, [one.digest for one in (deal, *above(deal, deals))]
    if cited is not None and any(_rests(facts, digest, cited.number) for digest in chain):
        report.find("used-while-suspended", event.did, event, agreement=agreement)
    if ended or (cited is not None and any(_revoked(facts, one, cited.number) for one in chain)):
        report.find("used-after-end", event.did, event, agreement=agreement)
    elif agreement in late and event.time > late[agreement] + amendments.LATENCY:
        report.find("used-after-amendment", event.did, event, agreement=agreement, since=late[agreement].isoformat())
    return len(report.findings) == before


def _revoked(facts: ChainFacts, agreement: bytes, block: int) -> bool:
    """Say whether a licence was revoked by a block."""
    return agreement in facts.revoked and facts.revoked[agreement] <= block


def _rests(facts: ChainFacts, agreement: bytes, block: int) -> bool:
    """Say whether a licence was suspended before a block and not resumed by it; in the very block nobody can tell."""
    turns = [turn for turn in facts.suspended.get(agreement, ()) if turn[0] <= block]
    return bool(turns) and turns[-1][1] and turns[-1][0] != block


def over(book: Book, agreement: str) -> Event | None:
    """Return the entry by which a log says that an agreement is over, None if it says no such thing."""
    ends = (event for kind in ENDS for event in book.of(kind, agreement))
    return min(ends, key=lambda event: event.index, default=None)
