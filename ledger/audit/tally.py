"""The decisions of one log while they are judged: those without a verdict, and what becomes of them."""

from __future__ import annotations

from heapq import merge
from typing import TYPE_CHECKING

from ledger.audit.judged import Decided
from ledger.log.tiles import TILE_WIDTH_HASHES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.audit.books import Book
    from ledger.audit.event import Event

# decisions of one log that are judged again each time; of one that has more all are
AGAIN_MAX = 1024


class Tally:
    """Counts what was made again; `before` is how many of those were so in an audit before."""

    def __init__(self, book: Book) -> None:
        self._book, known = book, book.decided
        self.before = 0 if known is None else known.replayed
        self._replayed, self._again = self.before, list[int]()

    def events(self, kind: str) -> Iterator[Event]:
        """Yield the events that have to be judged, in log order."""
        known = self._book.decided
        if known is None:
            return self._book.of(kind)
        old = (event for index in known.again for event in self._book.at(kind, index))
        return merge(self._book.new(kind), old, key=lambda event: event.index)

    def take(self, event: Event, replayed: int, *, clean: bool) -> None:
        """Count one that was judged; a verdict is only of what is kept."""
        stand = self._book.stand
        if stand is None or event.index >= stand.size or event.index // TILE_WIDTH_HASHES in stand.unsettled:
            return
        if clean:
            self._replayed += replayed
        else:
            self._again.append(event.index)

    def decided(self) -> Decided | None:
        """Return what is to be kept; None if too much of it has no verdict."""
        return Decided(self._replayed, tuple(self._again)) if len(self._again) <= AGAIN_MAX else None
