"""What a check is given, in single values: an event, a book with real entries, and the members who keep them."""

from __future__ import annotations

from datetime import UTC, datetime

from ledger.audit.books import Book
from ledger.audit.entries import Entries
from ledger.audit.event import Event
from ledger.space.document import Space
from tests.ledger.audit.world import World

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def members():
    """Return the space of the small world and its four members by role."""
    space = Space.from_json(World.document(_Bare()))
    return space, {one.role: one for one in space.members.values()}


class _Bare(World):
    """The members alone, without a trade."""

    def _trade(self):
        pass

    def _watch(self):
        pass


def event(kind, part="", *link, at=0, did="", time=AT, block=None, told=True, **fields):
    return Event(did, at, kind, part, link, time, block, b"\x01" * 32, fields, told=told)


def book(party, *events, newest=AT, block=-1, head=None):
    """Return the log of a member with these events, the first at index 0 unless they say otherwise."""
    entries = Entries()
    entries.begin()
    rows = [one.row()._replace(idx=at if not one.index else one.index) for at, one in enumerate(events)]
    entries.add(0, rows)
    entries.finish()
    return Book(party, 0, entries, newest, head, block)


def codes(report):
    """Return (code, subject) of each finding."""
    return [(one.code, one.subject) for one in report.findings]


def books_of(world, *, unread=()):
    """Return what the small world wrote down as books: nothing sealed, each read up to its last entry."""
    space, by_role = members()
    books = {}
    for name, diary in world.space.items():
        if name in unread:
            continue
        rows = [
            event(one.kind, one.part, *one.link, at=at, did=diary.did, time=one.time, block=one.block, **one.fields)
            for at, one in enumerate(diary.records)
        ]
        cited = max((one.block.number for one in diary.records if one.block is not None), default=-1)
        newest = max(one.time for one in diary.records)
        books[diary.did] = book(by_role[name], *rows, newest=newest, block=cited)
    return space, books
