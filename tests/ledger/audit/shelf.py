"""A log in values, for one check that is asked alone: a real book over a list of events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from ledger.audit.books import Book
from ledger.audit.event import Event
from ledger.log.events import Block

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = AT + timedelta(days=1)


@dataclass(frozen=True)
class Listed:
    """`Entries` over one list."""

    events: tuple[Event, ...]

    def of(self, _did, _log, kind, part=None):
        return (one for one in self.events if one.kind == kind and part in (None, one.part))

    def ever(self, _did, _log, kind):
        return self.of(_did, _log, kind)

    def logs(self, kind, part):
        return {0} if any(one.kind == kind and one.part == part for one in self.events) else set()

    def before_now(self, _did, _log, kind):
        return (one for one in self.of(_did, _log, kind) if one.judged)

    def named(self, _did, _log, kind, name):
        return (one for one in self.events if one.kind == kind and one.name == name)

    def parts(self, _log, kind):
        return list(dict.fromkeys(one.part for one in self.events if one.kind == kind))


def event(kind, part="", /, *link, time=AT, block=None, **fields):
    """Make an event; `book` says whose it is and where it stands."""
    cited = None if block is None else Block(block, bytes(32))
    return Event("", -1, kind, part, link, time, cited, bytes(32), fields)


def book(did, *events, newest=LATER, block=10):
    """Make a log of these events, read up to a time and a block."""
    for index, one in enumerate(events):
        one.did, one.index = did, index
    return Book(SimpleNamespace(did=did), 0, Listed(events), newest, None, block)


def shelf(*books):
    return {one.party.did: one for one in books}


def found(report):
    """Return (code, subject, index) of all findings, in order."""
    return [(one.code, one.subject, one.index) for one in report.findings]
