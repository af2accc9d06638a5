"""Who signed for a party: an agreement that names an authority was signed within it, before it was revoked.

Law: (1) grant, revocation and signature are entries of one log, so their order is that of the log and no clock's. (2)
An authority counts as the party signed it: by the account that signed the agreement, and no other's. (3) Who signs
under none signs as the participant itself; nothing is found of that. (4) What is bounded within 24 hours is summed over
the agreements that came about, by the times at which the log says that they were signed (`counted`); entries that say
none, of before there was such a field, are not summed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from contracts import authority as authorities
from contracts.authority import BUYER, PROVIDER, Deed
from contracts.decimals import read_decimal, read_hex
from contracts.errors import ContractError
from contracts.price_words import money
from contracts.signature import SIGNATURE_BYTES
from ledger.audit.agreements import SIGNED

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report

GRANTED: Final = "authority.granted"
REVOKED: Final = "authority.revoked"
DAY: Final = timedelta(hours=24)


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
        elif grant.told and (why := _beyond(event, grant, deal) or _beyond_a_day(book, event, grant)):
            report.find("authority-exceeded", event.did, event, agreement=event.part, authority=name, reason=why)


def _beyond(event: Event, grant: Event, deal: Deal | None) -> str:
    """Return why an agreement is not within the authority that its signature names, empty if it is.

    Of one that is under no terms of ours, or that was not verified, only what its log says is known.
    """
    if deal is None:
        return ""
    role, account = (PROVIDER, deal.agreement.provider) if event.did == deal.provider else (BUYER, deal.agreement.buyer)
    wanted = Deed(
        role, deal.terms.product, deal.agreement.price_cap, deal.terms.tariff.currency, deal.terms.policy, account
    )
    try:
        found = authorities.from_json(grant.fields.get("document"))
        found.require_signed(read_hex(grant.fields.get("signature"), "signature", SIGNATURE_BYTES))
        counted = _counted(event)
    except ContractError as error:
        return str(error)
    if (found.digest.hex(), found.principal) != (grant.part, event.did):
        return "it is another one's"
    if counted is not None and counted[1] < wanted.amount:
        amounts = money(counted[1], found.currency), money(wanted.amount, found.currency)
        return f"its log counts {amounts[0]} for what costs {amounts[1]}"
    return found.refusal(wanted, event.time)


def _beyond_a_day(book: Book, event: Event, grant: Event) -> str:
    """Return why the agreements that were signed in the 24 hours before one, with it, are too much; else nothing.

    Whoever keeps to the bound has kept to it at the last of them, whatever its clock did in between.
    """
    try:
        bound = authorities.from_json(grant.fields.get("document"))
        counted = _counted(event)
        if bound.daily is None or counted is None:
            return ""
        same = [one for one in book.ever(SIGNED) if one.link[1:2] == (grant.part,)]
        dated = [told for one in same if (told := _counted(one)) is not None]
    except ContractError as error:
        return str(error)
    until = counted[0]
    total = sum(amount for at, amount in dated if until - DAY < at <= until)
    if total <= bound.daily:
        return ""
    return f"{money(total, bound.currency)} within 24 hours are more than {money(bound.daily, bound.currency)}"


def _counted(event: Event) -> tuple[datetime, int] | None:
    """Return when an agreement was signed, and what it counts for; None where its log says neither."""
    told = event.fields.get("counted")
    if told is None:
        return None
    try:
        at = datetime.fromisoformat(told["at"])
        amount = read_decimal(told["amount"], "amount")
    except (TypeError, KeyError, ValueError) as error:
        raise ContractError("authority", "what its log counts for it cannot be read") from error
    if at.tzinfo is None:
        raise ContractError("authority", "what its log counts for it has no time zone")
    return at, amount
