"""Did both sides of a negotiation see the same messages end the same way? Their two logs, message by message.

Law: a message is logged by its sender in the transaction that sends it, so what a receiver logs is in the sender's log
before. The other way round proves nothing: what was sent may be on its way. A sender that ended a negotiation because
nobody answered may be wrong about whether its message arrived, which is nobody's fault.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report

MOVED = "negotiation.moved"
TERMINATED = "TERMINATED"


def check(books: Books, report: Report) -> None:
    """Compare every message that a log says a member sent with that member's own log."""
    for did, book in books.items():
        for event in book.of(MOVED):
            sender = str(event.fields.get("by", ""))
            if sender != did and sender in books:
                _compare(event, books[sender], report)


def _compare(event: Event, sender: Book, report: Report) -> None:
    sent = list(sender.named(MOVED, str(event.fields.get("digest", ""))))
    theirs = sent[-1] if sent else None
    if theirs is None:
        if sender.untold(MOVED):
            report.waits.add(event.part)
            return
        # a log that was read before the message was sent cannot have it
        if not behind(report, event.part, event.time, sender):
            report.find("message-unsent", event.did, event, other=sender.party.did)
    elif theirs.told and theirs.fields.get("to") != event.fields.get("to") and not _unanswered(sent):
        names = {"mine": event.fields.get("to"), "theirs": theirs.fields.get("to")}
        report.find("outcome-differs", event.did, event, **names, other=f"{theirs.label} of {theirs.did}")


def _unanswered(sent: list[Event]) -> bool:
    """Say whether all that a sender logged of a message is that it gave up: it never had an answer to it."""
    return all((one.fields.get("to"), one.fields.get("by")) == (TERMINATED, one.did) for one in sent)
