"""Every release must be permitted, every opening within its number and logged.

A leased opening is a release: the key holder decided it, and names the decision in `decisionDigest`, which is one
digest over the decisions on all orders of the batch. An opening of a kept replica has no release; its holder decided
it himself, and his log must show a decision for each; another for each that was joined with what else he holds, and one
for each time that its keys were handed out.
"""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from contracts.canonical import sha
from contracts.units import CALL, COMPUTED, LEASED, PLAIN
from ledger.audit import amendments, sublicences
from ledger.audit.agreements import policy_of
from ledger.audit.billing import OPEN, read_orders
from ledger.audit.books import reading
from ledger.audit.computations import COMPUTE
from ledger.audit.horizon import behind
from ledger.audit.keys import RELEASED
from policy.decision import Outcome
from policy.errors import PolicyError
from policy.model import atoms
from policy.operators import count_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ledger.audit.billing import Opening, OrderLine
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

DECIDED, STARTED, EXPORTED = "decision.made", "opening.started", "keys.exported"
# places of a decision
RELEASE, OPENING, EXPORT, JOINING, COPY = "release", "opening", "export", "joining", "copy"
# in an opening that was joined with others: what it says of the statement
JOINED = "joined"
# tier → the places at which its transfers are decided, where nobody opens them by hand
PLACES = {PLAIN: (COPY, CALL), COMPUTED: (COMPUTE,)}


def check(books: Books, deals: Deals, report: Report) -> None:
    """Check each key holder's releases against its own decisions, the policy's count and the openings logged."""
    started = {opening for book in books.values() for _, opening in _started(book, report)}
    released: set[Opening] = set()
    counted: set[Opening] = set()
    for book in books.values():
        _check_permitted(book, report)
        released |= _check_released(book, books, deals, started, report)
        counted |= _judged(book, report)
    for book in books.values():
        _check_started(book, books, deals, released, report)
    for agreement, _, _ in released - counted:
        report.tally(agreement, openings=1)


def _judged(book: Book, report: Report) -> set[Opening]:
    """Return the openings that were counted before."""
    return {line.opening for event in book.judged(RELEASED) for line in _orders(event, report) if line.use == OPEN}


def _seq(event: Event) -> str:
    return event.link[-1] if event.link else "?"


def _orders(event: Event, report: Report) -> list[OrderLine]:
    return reading(event, report, read_orders, event) or []


def _check_permitted(book: Book, report: Report) -> None:
    """Check that every release has the very decisions before it that it names, and that they allow it."""
    for event in book.of(RELEASED):
        request = event.link[0] if event.link else ""
        lines = _orders(event, report)
        decided = [one for one in book.named(DECIDED, request) if one.index < event.index]
        if not _is_permitted(event, lines, decided):
            opened = next((line.agreement for line in lines if line.use == OPEN), None)
            code = "release-not-permitted" if opened is None else "opening-not-permitted"
            report.find(code, event.did, event, seq=_seq(event), agreement=opened or "")


def _is_permitted(release: Event, lines: Sequence[OrderLine], decided: Sequence[Event]) -> bool:
    """Whether the newest decisions on this request, one an order, allow it and make the digest it names."""
    newest = decided[-len(lines) :] if lines else []
    if len(newest) != len(lines) or not lines:
        return False
    if any(event.fields.get("outcome") != Outcome.ALLOW for event in newest):
        return False
    if any(event.fields.get("place", RELEASE) != RELEASE for event in newest):
        return False
    if any(event.part != line.agreement for event, line in zip(newest, lines, strict=True)):
        return False
    digests = [event.fields.get("decisionDigest") for event in newest]
    return release.fields.get("decisionDigest") == sha(digests).hex()


def _check_released(book: Book, books: Books, deals: Deals, started: set[Opening], report: Report) -> set[Opening]:
    """Return this holder's released openings, each checked against the number permitted and against the logs."""
    counted: dict[str, set[Opening]] = {}
    for event in book.of(RELEASED):
        for line in _orders(event, report):
            seen = counted.setdefault(line.agreement, set())
            if line.use != OPEN or line.opening in seen:
                continue
            seen.add(line.opening)
            deal = deals.get(line.agreement)
            report.waits.update([line.agreement] if deal is None else [])
            before = _before(deal, deals, lambda name: len(counted.get(name, ())))
            _check_number(event, len(seen) + before, deal, report, seq=_seq(event))
            for higher in () if deal is None else sublicences.above(deal, deals):
                drawn = counted.setdefault(higher.digest.hex(), set())
                drawn.add(line.opening)
                _check_number(event, len(drawn), higher, report, seq=_seq(event))
            buyer = None if deal is None else books.get(deal.buyer)
            if line.opening not in started and not behind(report, event.part, event.time, buyer):
                report.find("opening-unlogged", event.did, event, seq=_seq(event))
    return {opening for openings in counted.values() for opening in openings}


def _before(deal: Deal | None, deals: Deals, number: Callable[[str], int]) -> int:
    """Return the openings under the agreements in whose place a deal is, as far as its rules count them on."""
    if deal is None:
        return 0
    alike = takewhile(lambda one: _counting(one) == _counting(deal), amendments.earlier(deal, deals))
    return sum(number(one.digest.hex()) for one in alike)


def _counting(deal: Deal) -> frozenset[str]:
    """Return the names of the rules that count openings: by these counts go on (decision 0228)."""
    try:
        rules = policy_of(deal).permissions
    except PolicyError:
        return frozenset()
    return frozenset(rule.id for rule in rules if any(each.left == "count" for each in atoms(rule.constraints)))


def _check_started(book: Book, books: Books, deals: Deals, released: set[Opening], report: Report) -> None:
    """Check the openings a log tells of: leased ones were released, kept ones were decided in the same log."""
    kept: dict[str, int] = {}
    joined: dict[str, int] = {}
    for event, opening in _started(book, report):
        deal = deals.get(event.part)
        report.waits.update([event.part] if deal is None else [])
        if deal is None or opening in released:
            continue
        if deal.terms.tier == LEASED:
            if behind(report, event.part, event.time, books.get(deal.provider)):
                continue
            report.find("opening-without-release", event.did, event)
            continue
        kept[event.part] = kept.get(event.part, 0) + 1
        before = _before(deal, deals, lambda name: kept.get(name, 0))
        _check_number(event, kept[event.part] + before, deal, report)
        # a plain copy is begun by who serves it, once for each transfer, be it of files or of calls
        places = PLACES.get(deal.terms.tier, (OPENING,))
        is_decided = _allowed_before(book, event, *places) >= kept[event.part]
        if JOINED in event.fields:
            joined[event.part] = joined.get(event.part, 0) + 1
            is_decided &= _allowed_before(book, event, JOINING) >= joined[event.part]
        if not is_decided:
            report.find("opening-undecided", event.did, event)
    exported: dict[str, int] = {}
    for event in book.of(EXPORTED):
        exported[event.part] = exported.get(event.part, 0) + 1
        if _allowed_before(book, event, EXPORT) < exported[event.part]:
            report.find("opening-undecided", event.did, event)


def _allowed_before(book: Book, opening: Event, *places: str) -> int:
    decided = (event for event in book.of(DECIDED, opening.part) if event.index < opening.index)
    made = (event for event in decided if event.fields.get("place", OPENING) in places)
    return sum(event.fields.get("outcome") == Outcome.ALLOW for event in made)


def _check_number(event: Event, number: int, deal: Deal | None, report: Report, **named: str) -> None:
    if deal is None:
        return
    limit = _limit(deal, report)
    if limit is not None and number > limit:
        named |= {"agreement": deal.digest.hex(), "mine": str(number), "theirs": str(limit)}
        report.find("openings-over-limit", event.did, event, **named)


def _started(book: Book, report: Report) -> Iterator[tuple[Event, Opening]]:
    for event in book.of(STARTED):
        opening = reading(event, report, _opening, event)
        if opening is not None:
            yield event, opening


def _opening(event: Event) -> Opening:
    return event.part, str(event.fields["transfer"]), str(event.fields["readerKey"])


def _limit(deal: Deal, report: Report) -> int | None:
    """Return how many openings the policy permits, None if it does not say."""
    try:
        policy = policy_of(deal)
    except PolicyError as error:
        report.find("agreement-invalid", deal.provider, agreement=deal.digest.hex(), reason=error)
        return None
    found = (each for rule in policy.permissions for each in atoms(rule.constraints))
    return min((count_limit(each) for each in found if each.left == "count"), default=None)
