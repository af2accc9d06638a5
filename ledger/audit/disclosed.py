"""What was not disclosed to whoever audits: before a supervisor's time nobody could, and that is no fault.

Law: an event is its author's fault only if the author knew whom to disclose to. It did when an earlier event of the
same log is disclosed to us; or when the event is dated, or its place in the log was anchored, long after the chain had
admitted the supervisor. Everything else is counted, once for each log, with the way to get it. So is what came back
from a mirror after a restore, which the log tells of: its values are lost, and the heads in `log.restored` say of what.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ledger.audit import cascade
from ledger.audit.event import at
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from ledger.audit.books import Book, Books
    from ledger.audit.course import Blocks
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Finding, Report

MISSING = "disclosure-missing"
RESTORED = "log.restored"
# several processes of one member learn of a new supervisor within this time
LEARN = timedelta(seconds=2)
# of a member that was away, and of a chain that counts a second a block
NOTICE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Since:
    """When the chain admitted the supervisor who audits: block and time."""

    block: int
    time: datetime


async def settle(report: Report, books: Books, facts: ChainFacts, blocks: Blocks, admitted: int | None) -> None:
    """Replace what was not disclosed to us before our time by one finding for each log, then put all in its place.

    `admitted` is the block that admitted the supervisor, None if whoever audits is not the space's supervisor.
    """
    when = None if admitted is None else await blocks.at(admitted)
    since = None if admitted is None or when is None else Since(admitted, when)
    missing = defaultdict[str, list["Finding"]](list)
    for finding in report.findings:
        if finding.code == MISSING and finding.subject in books:
            missing[finding.subject].append(finding)
    before, lost = dict[str, list["Finding"]](), dict[str, list["Finding"]]()
    for did, rows in missing.items():
        first, spans = await _known_from(books[did], facts, blocks, since), list(_restored(books[did]))
        lost[did] = [one for one in rows if any(one.index in span for span in spans)]
        early = (one for one in rows if one not in lost[did])
        before[did] = [one for one in early if not _at_fault(books[did], one, first, since)]
    apart = {did: [*before[did], *lost[did]] for did in missing}
    gone = {id(one) for rows in apart.values() for one in rows}
    report.findings[:] = [one for one in report.findings if id(one) not in gone]
    parts = {did: {part for one in rows for part in one.parts} for did, rows in apart.items()}
    left = cascade.settle(report, books, parts)
    for did, rows in before.items():
        _tell(report, "events-undisclosed", books[did], rows, left.get(did, 0))
        _tell(report, "events-lost", books[did], lost[did], left.get(did, 0))


def _at_fault(book: Book, finding: Finding, anchored: int | None, since: Since | None) -> bool:
    assert finding.index is not None
    assert finding.at is not None
    told = book.entries.first_told(book.log)
    if told is not None and finding.index > told[0] and finding.at - at(told[1]) > LEARN:
        return True
    if since is not None and finding.at - since.time > NOTICE:
        return True
    return anchored is not None and finding.index >= anchored


async def _known_from(book: Book, facts: ChainFacts, blocks: Blocks, since: Since | None) -> int | None:
    """Return from which index on a log was written when the supervisor was known, None if the chain does not say."""
    for head in facts.anchors.get(origin_id(book.party.origin), []):
        if since is not None and head.block > since.block:
            when = await blocks.at(head.block)
            if when is not None and when - since.time > NOTICE:
                return head.size
    return None


def _restored(book: Book) -> Iterator[range]:
    """Yield which entries came back from a mirror: those between the two heads that a `log.restored` names."""
    if book.head is None:
        return
    for event in book.ever(RESTORED):
        root = book.head.tree.root
        size = next((size for size in range(event.index, -1, -1) if event.link[:1] == (root(size).hex(),)), None)
        if size is not None:
            yield range(size, event.index)


def _tell(report: Report, code: str, book: Book, rows: Sequence[Finding], left: int) -> None:
    if rows:
        last = max(one.index or 0 for one in rows)
        size = 0 if book.head is None else book.head.checkpoint.size
        report.find(code, book.party.did, count=len(rows), size=size, last=last, left=left)
