"""Who signed for a party: an agreement that names an authority was signed within it, before it was revoked.

Law: (1) grant, revocation and signature are entries of one log, so their order is that of the log and no clock's. (2)
An authority counts as the party signed it: by the account that signed the agreement, and no other's. (3) Who signs
under none signs as the participant itself; nothing is found of that. What is bounded within 24 hours is the
participant's to keep: the log says when an agreement came about, not when each of its sides signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts import authority as authorities
from contracts.authority import BUYER, PROVIDER, Deed
from contracts.decimals import read_hex
from contracts.errors import ContractError
from contracts.signature import SIGNATURE_BYTES
from ledger.audit.agreements import SIGNED

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

GRANTED: Final = "authority.granted"
REVOKED: Final = "authority.revoked"


def check(books: Books, deals: Deals, report: Report) -> None:
    """Check every signature that names an authority."""
    for book in books.values():
        _check_book(book, deals, report)


def _check_book(book: Book, deals: Deals, report: Report) -> None:
    granted = {event.part: event for event in reversed(list(book.ever(GRANTED)))}
    revoked = {event.part: event.index for event in reversed(list(book.ever(REVOKED)))}
    for event in book.of(SIGNED):
        if len(event.link) < 2:
            continue
        name, deal = event.link[1], deals.get(event.part)
        grant = granted.get(name)
        if grant is None or grant.index > event.index:
            report.find("authority-unknown", event.did, event, agreement=event.part, authority=name)
        elif revoked.get(name, event.index) < event.index:
            report.find("authority-revoked", event.did, event, agreement=event.part, authority=name)
        elif deal is not None and grant.told and (why := _beyond(event, grant, deal)):
            report.find("authority-exceeded", event.did, event, agreement=event.part, authority=name, reason=why)


def _beyond(event: Event, grant: Event, deal: Deal) -> str:
    """Return why an agreement is not within the authority that its signature names, empty if it is."""
    role, account = (PROVIDER, deal.agreement.provider) if event.did == deal.provider else (BUYER, deal.agreement.buyer)
    wanted = Deed(
        role, deal.terms.product, deal.agreement.price_cap, deal.terms.tariff.currency, deal.terms.policy, account
    )
    try:
        found = authorities.from_json(grant.fields.get("document"))
        found.require_signed(read_hex(grant.fields.get("signature"), "signature", SIGNATURE_BYTES))
    except ContractError as error:
        return str(error)
    if (found.digest.hex(), found.principal) != (grant.part, event.did):
        return "it is another one's"
    return found.refusal(wanted, event.time)
