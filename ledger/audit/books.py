"""Every party's log as the checks read it: proven events with the fields disclosed to the supervisor.

Law: nothing is compared before it is proven. A book exists only if its checkpoint is signed and its entries make its
root, which proves each of them (`ledger.log.reader`); a value counts only if its entry commits to it. A book is asked
for events of a kind, perhaps of one partition, and hands them out one by one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import merge
from typing import TYPE_CHECKING, Any, TypeVar

from contracts.errors import why
from ledger.audit.event import at
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from ledger.audit.entries import Entries
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.log.checkpoint import Checkpoint
    from ledger.log.note import Note
    from ledger.log.reader import Fetch
    from ledger.log.tree import Tree
    from ledger.space.document import Member

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Head:
    """The newest signed head of a log, the tree below it, and where the log's paths are fetched.

    `roots` are those that were made before, by size.
    """

    note: Note
    checkpoint: Checkpoint
    tree: Tree
    fetch: Fetch
    roots: dict[int, bytes] = field(default_factory=dict, repr=False, compare=False)

    def root(self, size: int) -> bytes:
        """Return the root that the log had when it was so large; everybody holds the same few heads."""
        if size not in self.roots:
            self.roots[size] = self.tree.root(size)
        return self.roots[size]


@dataclass(frozen=True, slots=True)
class Book:
    """One party's verified log, number `log` of the table; `newest` is the time of its last event.

    `block` is the newest block that it cites, -1 if it cites none: all that the chain had by then it may know. `head`
    is None where only events are looked at.
    """

    party: Member
    log: int
    entries: Entries
    newest: datetime | None
    head: Head | None = None
    block: int = -1

    def of(self, kind: str, part: str | None = None) -> Iterator[Event]:
        """Yield the events of a kind that are to be judged, or all of one partition, in log order."""
        return self.entries.of(self.party.did, self.log, kind, part)

    def judged(self, kind: str) -> Iterator[Event]:
        """Yield those events of a kind to be judged that an audit before has judged, in log order."""
        return self.entries.before_now(self.party.did, self.log, kind)

    def ever(self, kind: str) -> Iterator[Event]:
        """Yield all events of a kind in log order, also those that an audit before has judged."""
        return self.entries.ever(self.party.did, self.log, kind)

    def newest_of(self, kind: str, below: int) -> datetime | None:
        """Return the time of the newest event of a kind below an index, None if there is none."""
        found = self.entries.newest(self.log, kind, below)
        return None if found is None else at(found)

    def among(self, kinds: Iterable[str]) -> Iterator[Event]:
        """Yield the events of some kinds in log order."""
        return merge(*(self.of(kind) for kind in kinds), key=lambda event: event.index)

    def named(self, kind: str, name: str) -> Iterator[Event]:
        """Yield the events of a kind that have this name (`ledger.audit.event.NAMED_BY`), in log order."""
        return self.entries.named(self.party.did, self.log, kind, name)

    def has(self, kind: str, part: str) -> bool:
        """Return whether there is an event of a kind in a partition."""
        return next(self.of(kind, part), None) is not None

    def untold(self, kind: str) -> bool:
        """Return whether an event of a kind does not disclose its fields."""
        return self.entries.untold(self.log, kind)

    def parts(self, kind: str) -> list[str]:
        """Return the partitions that have events of a kind to be judged, in the order in which they begin."""
        return self.entries.parts(self.log, kind)

    def events_only(self) -> Book:
        """Return the book without what only its head is checked with: another process can have it."""
        return replace(self, head=None)


Books = dict[str, Book]


def having(books: Books, kind: str, part: str) -> Books:
    """Return the books that have an event of a kind in a partition; a table that many lie in is asked once."""
    logs = {id(book.entries): book.entries for book in books.values()}
    found = {name: entries.logs(kind, part) for name, entries in logs.items()}
    return {did: book for did, book in books.items() if book.log in found[id(book.entries)]}


def fetch_of(sources: Sources, party: Member) -> Fetch:
    """Return the fetch of paths below a party's log."""

    async def fetch(path: str) -> bytes:
        return await sources.fetch(f"{party.url}/log/{path}")

    return fetch


def reading(event: Event, report: Report, read: Callable[..., T], *args: Any) -> T | None:
    """Return what `read(*args)` makes of an event's fields, or None and a finding if they are malformed."""
    try:
        return read(*args)
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, PolicyError) as error:
        # of what an event does not disclose the audit says so once, and nothing more
        if event.told:
            report.find("field-malformed", event.did, event, reason=why(error))
        return None
