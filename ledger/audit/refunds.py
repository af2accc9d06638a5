"""Refunds: what a provider says that it gave back, held against the chain, which alone shows that it did.

Law: a refund that is claimed is a transfer of the settlement token, of the amount said, from the agreement's provider
to its buyer, with the agreement's digest behind its call (`contracts.payment_reference`). One transfer bears out one
claim. What was given back and claimed by nobody accuses nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.decimals import read_hex
from contracts.payment_reference import REFUND
from ledger.audit.books import reading

if TYPE_CHECKING:
    from ledger.audit.agreements import Deals
    from ledger.audit.books import Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.chain.payment import Payment

MADE, CODE = "payment.made", "refund-not-on-chain"
HASH_BYTES = 32


async def check(sources: Sources, books: Books, deals: Deals, report: Report) -> None:
    """Look for the transfer of every refund that a log claims; raises Unavailable where the chain cannot be asked."""
    borne_out: set[str] = set()
    for book in books.values():
        for event in book.of(MADE):
            claim = reading(event, report, _read, event)
            if claim is None or claim[0] != REFUND:
                continue
            _, agreement, amount, transaction = claim
            shown = None if transaction in borne_out else await sources.payment(bytes.fromhex(transaction))
            if shown is None or not _bears_out(shown, deals, event.did, agreement, amount):
                report.find(CODE, event.did, event, amount=amount, agreement=agreement[:16])
            else:
                borne_out.add(transaction)


def _read(event: Event) -> tuple[str, str, int, str]:
    fields = event.fields
    # in one spelling: the same transfer written otherwise would bear out a second claim
    transaction = read_hex(fields["tx"], "tx", HASH_BYTES).hex()
    return str(fields["kind"]), str(fields.get("agreementDigest", "")), int(fields["amount"]), transaction


def _bears_out(shown: Payment, deals: Deals, did: str, agreement: str, amount: int) -> bool:
    """Say whether a transfer is what a member claims to have given back under an agreement that it sold."""
    deal = deals.get(agreement)
    if deal is None or deal.provider != did:
        return False
    between = (deal.agreement.provider, deal.agreement.buyer)
    return (shown.sender, shown.receiver, shown.amount, shown.reference.hex()) == (*between, amount, agreement)
