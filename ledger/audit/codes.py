"""Codes of the national infrastructure: each assigned by a node to one thing of one holder, which has no other.

Law: (1) only the log of a member that is a node says that a code was assigned. (2) A code passes its check character,
and stands in that log once. (3) The same kind of thing, called the same, of the same holder has one code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.check_character import passes

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.report import Report
    from ledger.space.document import Space

ASSIGNED: Final = "code.assigned"
NODE: Final = "node"
# what makes two registrations those of one thing
THING: Final = ("holder", "kind", "about")


def check(space: Space, books: Books, report: Report) -> None:
    """Check every code that a log says was assigned."""
    for did, book in books.items():
        member = space.members.get(did)
        _check_book(did, book, report, is_node=member is not None and member.role == NODE)


def _check_book(did: str, book: Book, report: Report, *, is_node: bool) -> None:
    codes: set[str] = set()
    things: set[tuple[str, ...]] = set()
    for event in book.ever(ASSIGNED):
        told = event.fields
        thing = tuple(str(told[name]) for name in THING) if set(THING) <= set(told) else ()
        if not is_node or not passes(event.part):
            report.find("code-unfounded", did, event, code=event.part)
        elif event.part in codes or (thing and thing in things):
            report.find("code-assigned-twice", did, event, code=event.part)
        codes.add(event.part)
        things.add(thing)
