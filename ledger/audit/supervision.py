"""What a supervisor watches besides findings: whose log speaks and is anchored, and what is asked for what.

Times are ISO 8601 in UTC, prices minor units as decimal strings; a price is that of one product and tier, of all its
agreements the lowest and the highest for the same quantity.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ledger.audit.heads import head_of
from ledger.log.checkpoint import origin_id

if TYPE_CHECKING:
    from ledger.audit.agreements import Deals
    from ledger.audit.books import Book, Books
    from ledger.audit.facts import ChainFacts

MARK = "time.mark"


def gather(books: Books, deals: Deals, facts: ChainFacts) -> dict[str, Any]:
    """Return a row a log, and a row a product, tier and unit."""
    return {"logs": [_activity(book, facts) for book in books.values()], "prices": _prices(deals)}


def _activity(book: Book, facts: ChainFacts) -> dict[str, Any]:
    """Return how far a log goes, and the newest mark that is anchored: the last entry before a head goes on chain."""
    anchored = max((head.size for head in facts.anchors.get(origin_id(book.party.origin), ())), default=0)
    marks = [event.time for event in book.of(MARK) if event.index < anchored]
    newest = book.newest
    return {
        "party": book.party.did,
        "entries": str(head_of(book).checkpoint.size),
        "anchored": str(anchored),
        "newest": None if newest is None else newest.isoformat(),
        "marked": marks[-1].isoformat() if marks else None,
    }


def _prices(deals: Deals) -> list[dict[str, Any]]:
    found: dict[tuple[str, ...], list[Fraction]] = {}
    for deal in deals.values():
        tariff = deal.terms.tariff
        key = (deal.terms.product, deal.terms.tier, tariff.unit, tariff.currency)
        found.setdefault(key, []).append(Fraction(tariff.minor, tariff.per))
    names = ("product", "tier", "unit", "currency")
    return [
        {**dict(zip(names, key, strict=True)), "lowest": str(min(prices)), "highest": str(max(prices))}
        for key, prices in sorted(found.items())
    ]
