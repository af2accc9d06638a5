"""What hosts sell for providers: within the delegation that the chain knows, and not after it was revoked.

Law: (1) a delegation is what the chain has a licence of, from the provider to the host; its own words are in the terms
of every sale under it. (2) That a sale came after a revocation is found where the seller's own log cites a block from
then on; what cannot be told so is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from contracts.typed_data import digest
from ledger.audit.agreements import SIGNED

if TYPE_CHECKING:
    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.space.document import Space

MOVED: Final = "hosting.moved"


class Hosted(NamedTuple):
    """For whom a sale was made: the account of the provider, and the licence of its delegation."""

    payee: bytes
    licence: bytes


def recorded(books: Books) -> set[str]:
    """Return the licences (hex) that some log records as delegations: no agreement stands behind them."""
    return {part for book in books.values() for part in book.parts(MOVED)}


def delegated(space: Space, deal: Deal) -> Hosted | None:
    """Return for whom a deal was made within its delegation, None where it was in the seller's own right or beyond."""
    found = deal.terms.hosted
    if found is None or found.refusal(deal.terms.json(), deal.agreement.provider):
        return None
    return Hosted(found.payee, digest(space.domains.licences, found.licence))


def check(space: Space, books: Books, deals: Deals, facts: ChainFacts, report: Report) -> None:
    """Check every deal that names a delegation."""
    for name, deal in deals.items():
        found = deal.terms.hosted
        if found is None:
            continue
        if why := found.refusal(deal.terms.json(), deal.agreement.provider):
            report.find("hosted-beyond", deal.provider, agreement=name, provider=found.provider, reason=why)
            continue
        licence = digest(space.domains.licences, found.licence)
        told = facts.licences.get(licence)
        if told is None or (told["provider"], told["buyer"]) != (found.payee, found.account):
            report.find("hosted-undelegated", deal.provider, agreement=name, provider=found.provider)
        elif _late(books, deal, name, facts.revoked.get(licence)):
            report.find("hosted-after-revocation", deal.provider, agreement=name, provider=found.provider)


def _late(books: Books, deal: Deal, name: str, revoked: int | None) -> bool:
    """Say whether the seller's log proves that it signed when the revocation was on chain."""
    if revoked is None or deal.provider not in books:
        return False
    return any(one.block is not None and one.block.number >= revoked for one in books[deal.provider].of(SIGNED, name))
