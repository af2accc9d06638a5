"""What a supervisor watches besides findings: whose log speaks and is anchored, and what is asked for what.

Times are ISO 8601 in UTC, prices minor units as decimal strings; a price is that of one product and tier, of all its
agreements the lowest and the highest for the same quantity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ledger.audit.heads import head_of
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.facts import ChainFacts
    from ledger.audit.sums import Sums

MARK = "time.mark"


def gather(books: Books, sums: Sums, facts: ChainFacts) -> dict[str, Any]:
    """Return a row a log, and a row a product, tier and unit."""
    return {"logs": [_activity(book, facts) for book in books.values()], "prices": _prices(sums)}


def _activity(book: Book, facts: ChainFacts) -> dict[str, Any]:
    """Return how far a log goes, and the newest mark that is anchored: the last entry before a head goes on chain."""
    anchored = max((head.size for head in facts.anchors.get(origin_id(book.party.origin), ())), default=0)
    marked, newest = book.newest_of(MARK, anchored), book.newest
    return {
        "party": book.party.did,
        "entries": str(head_of(book).checkpoint.size),
        "anchored": str(anchored),
        "newest": None if newest is None else newest.isoformat(),
        "marked": None if marked is None else marked.isoformat(),
    }


def _prices(sums: Sums) -> list[dict[str, Any]]:
    return [
        {**key._asdict(), "lowest": str(lowest), "highest": str(highest)}
        for key, (lowest, highest) in sorted(sums.prices.items())
    ]
