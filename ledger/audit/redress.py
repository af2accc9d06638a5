"""Complaints by which the exchange ordered an amount to be given back, held against the chain.

Law: (1) an order is carried out when the provider's transfers to the buyer that name its complaint reach it, or nothing
is left of what was paid under the agreement; only the chain says so, neither the payer's word nor the exchange's. (2)
One that is not, although its time is over by the chain's clock, counts against the respondent. One of more than the two
ever settled, or called carried out against the chain, counts against the exchange. (3) What counts is how a complaint
stands last in the exchange's log, read beyond the deadline.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from contracts import payment_reference as references
from ledger.audit.books import reading
from ledger.audit.facts import name_id
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.audit.sources import Sources
    from ledger.chain.payment import Payment
    from ledger.space.document import Space

MOVED, OPENED = "complaint.moved", "channel.opened"
UPHELD, ORDERED, FULFILLED = "upheld", "ordered", "fulfilled"
# states of a complaint in which the exchange has found it right
FOUND_RIGHT = frozenset({UPHELD, ORDERED, FULFILLED})


@dataclass(frozen=True, slots=True)
class Order:
    """What a complaint orders: who gives back how much, under which agreement, until when (None: it is done)."""

    event: Event
    state: str
    respondent: str
    agreement: str
    amount: int
    due: datetime | None


async def check(
    space: Space, sources: Sources, books: Books, deals: Deals, facts: ChainFacts, report: Report
) -> dict[str, int]:
    """Check every order; returns DID → how many it let pass. Raises Unavailable where the chain cannot be asked."""
    unpaid: dict[str, int] = {}
    for order in _orders(space, books, report):
        deal = deals.get(order.agreement)
        if deal is None:
            continue
        sides = space.accounts_with(deal.agreement.provider), space.accounts_with(deal.agreement.buyer)
        told = [one for seller in sides[0] for buyer in sides[1] for one in await sources.payments(seller, buyer)]
        told.sort(key=lambda one: one.block)
        back = [one for one in told if one.reference.hex() == order.agreement]
        names = {"complaint": order.event.part, "amount": order.amount, "agreement": order.agreement[:16]}
        settled, paid = _settled(sides, facts), _paid(order.agreement, books, facts)
        if order.amount > settled:
            report.find("order-over-paid", space.exchange, order.event, **names, theirs=settled)
        if _carried_out(order, back, settled if paid is None else paid, space.exchange):
            continue
        given = sum(one.amount for one in back if one.complaint == _named(space.exchange, order))
        if order.state == FULFILLED:
            report.find("order-not-on-chain", space.exchange, order.event, **names, given=given)
        elif _is_unpaid(order, facts, books.get(space.exchange), report):
            report.find(
                "order-unpaid", order.respondent, order.event, **names, given=given, due=f"{order.due:%Y-%m-%d}"
            )
            unpaid[order.respondent] = unpaid.get(order.respondent, 0) + 1
    return unpaid


def last(books: Books, exchange: str) -> dict[str, Event]:
    """Return complaint → its last move that was disclosed."""
    book = books.get(exchange)
    return {} if book is None else {event.part: event for event in book.ever(MOVED) if event.told}


def _orders(space: Space, books: Books, report: Report) -> Iterable[Order]:
    for event in last(books, space.exchange).values():
        report.waits.add(event.part)
        if event.fields.get("to") in (ORDERED, FULFILLED):
            order = reading(event, report, _read, event)
            if order is not None:
                yield order


def _read(event: Event) -> Order:
    fields = event.fields
    due = datetime.fromisoformat(fields["due"]) if fields["to"] == ORDERED else None
    if due is not None and due.tzinfo is None:
        raise ValueError("a deadline without a zone")
    who = str(fields["respondent"]), str(fields["agreementDigest"])
    return Order(event, str(fields["to"]), *who, int(fields["amount"]), due)


def _named(exchange: str, order: Order) -> bytes:
    return references.complaint(exchange, order.event.part)


def _carried_out(order: Order, back: Iterable[Payment], paid: int, exchange: str) -> bool:
    """Say whether transfers that name the complaint reach the order, or all that was paid was given back."""
    told, named = list(back), _named(exchange, order)
    by_it = sum(one.amount for one in told if one.complaint == named)
    return by_it >= order.amount or 0 < paid <= sum(one.amount for one in told)


def _is_over(order: Order, facts: ChainFacts) -> bool:
    return order.due is not None and facts.until is not None and facts.until > order.due


def _is_unpaid(order: Order, facts: ChainFacts, book: Book | None, report: Report) -> bool:
    """Say whether an order's time is over, and the exchange's log was read beyond it."""
    return order.due is not None and _is_over(order, facts) and not behind(report, order.event.part, order.due, book)


def _settled(sides: tuple[tuple[bytes, ...], tuple[bytes, ...]], facts: ChainFacts) -> int:
    """Return what the chain paid in all channels between the two: what was paid under one agreement is no more."""
    sellers, buyers = sides
    channels = facts.channels.values()
    return sum(
        one.claimed for one in channels if one.opened.get("payer") in buyers and one.opened.get("payee") in sellers
    )


def _paid(agreement: str, books: Books, facts: ChainFacts) -> int | None:
    """Return what was paid in the channels that a log says are of an agreement, None if none does."""
    parts = {
        event.part
        for book in books.values()
        for event in book.of(OPENED)
        if event.told and event.fields.get("agreementDigest") == agreement
    }
    known = [facts.channels[key] for key in map(name_id, parts) if key in facts.channels]
    return sum(one.claimed for one in known) if known else None
