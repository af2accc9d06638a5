"""Sub-licences: each within its parent, and every opening drawn on all that stand above it (spec 5, "Onward")."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.audit.deal import linked
from policy.compare.cells import Effort
from policy.compare.onward import QUESTIONS_MAX, exceeds
from policy.errors import PolicyError
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.report import Report
    from policy.model import Policy

SIGNED = "agreement.signed"
# a chain is cut here
LINKS_MAX = 16


def above(deal: Deal, deals: Deals) -> Iterator[Deal]:
    """Return the agreements that one stands under, its parent first, as far as they are verified."""
    return linked(deal, deals, lambda terms: terms.parent, LINKS_MAX)


def check(books: Books, deals: Deals, report: Report) -> None:
    """Compare every agreement that names a parent with it: edition, key holder, term, rules.

    The key holder signed the parent before, so a log of its own that has the one has the other.
    """
    for name, deal in deals.items():
        if not deal.terms.parent:
            continue
        parent = deals.get(deal.terms.parent.hex())
        if parent is None:
            holder = books.get(deal.provider)
            if holder is not None and not holder.has(SIGNED, name):
                report.stale[deal.provider] += 1
                report.waits.add(name)
                continue
            report.find("sublicence-orphaned", deal.provider, agreement=name, parent=deal.terms.parent.hex())
            continue
        for field in _beyond(deal, parent):
            report.find("sublicence-exceeds", deal.provider, agreement=name, parent=parent.digest.hex(), field=field)


def _beyond(deal: Deal, parent: Deal) -> Iterator[str]:
    if deal.terms.edition_id != parent.terms.edition_id:
        yield "editionId"
    if deal.provider != parent.provider:
        yield "provider"
    if deal.terms.not_after > parent.terms.not_after:
        yield "notAfter"
    try:
        found = exceeds(_rules(deal), _rules(parent), deal.buyer, Effort(QUESTIONS_MAX))
    except PolicyError:
        yield "policy"
        return
    if found is not None:
        yield "policy"


def _rules(deal: Deal) -> Policy:
    return parse({"@type": "Offer", **deal.terms.policy})
