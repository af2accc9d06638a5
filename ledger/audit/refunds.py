"""Refunds: what a provider says that it gave back, held against the chain, which alone shows that it did.

Law: a refund that is claimed is a transfer of the settlement token, of the amount said, from the agreement's provider
to its buyer, with the agreement's digest behind its call (`contracts.payment_reference`), and before it the complaint
that is said to have ordered it, if one is. One transfer bears out one claim. What was given back and claimed by nobody
accuses nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from contracts.decimals import read_hex
from contracts.payment_reference import REFUND, complaint
from ledger.audit.books import reading

if TYPE_CHECKING:
    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.chain.payment import Payment
    from ledger.space.document import Space

MADE, CODE = "payment.made", "refund-not-on-chain"
HASH_BYTES = 32


async def check(space: Space, sources: Sources, books: Books, deals: Deals, report: Report) -> None:
    """Look for the transfer of every refund that a log claims; raises Unavailable where the chain cannot be asked."""
    borne_out: set[str] = set()
    for book in books.values():
        for event in book.ever(MADE):
            # what one transfer bears out is counted over all: its agreement is judged again each time
            report.waits.add(event.part)
            claim = reading(event, report, _read, event)
            if claim is None or claim[0] != REFUND:
                continue
            _, agreement, amount, transaction, ordered = claim
            named = complaint(space.exchange, ordered) if ordered else b""
            shown = None if transaction in borne_out else await sources.payment(bytes.fromhex(transaction))
            if shown is None or not _bears_out(space, shown, deals, event.did, agreement, amount, named):
                report.find(CODE, event.did, event, amount=amount, agreement=agreement[:16])
            else:
                borne_out.add(transaction)


def transaction_of(event: Event) -> str:
    """Return which transaction a claim names, in one spelling: written otherwise it would bear out a second claim."""
    return read_hex(event.fields["tx"], "tx", HASH_BYTES).hex()


def _read(event: Event) -> tuple[str, str, int, str, str]:
    fields, transaction = event.fields, transaction_of(event)
    about = str(fields["kind"]), str(fields.get("agreementDigest", ""))
    return *about, int(fields["amount"]), transaction, str(fields.get("complaint", ""))


def _bears_out(space: Space, shown: Payment, deals: Deals, did: str, agreement: str, amount: int, named: bytes) -> bool:
    """Say whether a transfer is what a member claims to have given back under an agreement that it sold."""
    deal = deals.get(agreement)
    if deal is None or deal.provider != did:
        return False
    sellers, buyers = map(space.accounts_with, (deal.agreement.provider, deal.agreement.buyer))
    told = shown.amount, shown.reference.hex(), shown.complaint
    return shown.sender in sellers and shown.receiver in buyers and told == (amount, agreement, named)
