"""What the exchange says of its market, held against chain and agreements: recorded trades, and reputations made again.

Law: a recorded trade is an agreement that both sides logged, at its own price, and what its channel paid; reputations
are worked out here from chain, rulings and complaints by the public formula, for everybody to compare.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from contracts.quartiles import quartiles
from contracts.unit_price import measure, unit_price
from ledger.audit import redress, reputation
from ledger.audit.books import reading
from ledger.audit.facts import name_id
from ledger.audit.horizon import behind
from ledger.audit.rulings import RULED
from ledger.dispute.ruling import read_ruling

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deals
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts, ChannelFacts
    from ledger.audit.report import Report
    from ledger.dispute.ruling import Ruling
    from ledger.space.document import Space

RECORDED, COMPLAINED = "trade.recorded", "complaint.moved"
CLASS = ("topic", "grade", "form", "tier", "unit", "currency")
LATE = "yes"
# minor units of a currency for a unit, as a fraction is written
_PRICE = re.compile(r"[0-9]{1,40}(/[0-9]{1,40})?")


def check(space: Space, books: Books, facts: ChainFacts, deals: Deals, report: Report) -> None:
    """Hold every recorded trade against its agreement and its channel."""
    exchange = books.get(space.exchange)
    for event in () if exchange is None else exchange.of(RECORDED):
        if not event.told:
            continue
        deal, channel = deals.get(event.part), facts.channels.get(name_id(str(event.fields.get("channel", ""))))
        if deal is None or channel is None:
            if channel is not None and behind(report, event.part, event.time, *_parties(space, books, channel)):
                continue
            report.find("trade-unknown", event.did, event, agreement=event.part)
            continue
        tariff, told = deal.terms.tariff, event.fields
        right = (str(unit_price(tariff)), measure(tariff), deal.terms.tier, str(channel.claimed))
        mine = tuple(str(told.get(name)) for name in ("price", "unit", "tier", "amount"))
        if mine != right:
            report.find("trade-differs", event.did, event, mine=", ".join(mine), theirs=", ".join(right))


def _parties(space: Space, books: Books, channel: ChannelFacts) -> Iterator[Book | None]:
    for name in ("payer", "payee"):
        member = space.by_address(channel.opened.get(name, b""))
        yield None if member is None else books.get(member.did)


def gather(space: Space, books: Books, facts: ChainFacts, unpaid: Mapping[str, int], report: Report) -> dict[str, Any]:
    """Return figures for a supervisor: prices by class, none kept quiet, and the reputation of each member."""
    return {"market": _prices(space, books, report), "reputation": _reputation(space, books, facts, unpaid, report)}


def _prices(space: Space, books: Books, report: Report) -> list[dict[str, str]]:
    found: dict[tuple[str, ...], list[Fraction]] = {}
    exchange = books.get(space.exchange)
    for event in () if exchange is None else exchange.ever(RECORDED):
        if (told := reading(event, report, _priced, event)) is not None:
            found.setdefault(told[0], []).append(told[1])
    rows = []
    for key, prices in sorted(found.items()):
        figures = zip(("q1", "median", "q3"), map(str, quartiles(prices)), strict=True)
        rows.append({**dict(zip(CLASS, key, strict=True)), "n": str(len(prices)), **dict(figures)})
    return rows


def _priced(event: Event) -> tuple[tuple[str, ...], Fraction]:
    """Return the class of a recorded trade and its price; raises KeyError, or ValueError or ArithmeticError."""
    price = str(event.fields["price"])
    if not _PRICE.fullmatch(price):
        raise ValueError(f"`{price[:40]}` is no price")
    return tuple(str(event.fields[name]) for name in CLASS), Fraction(price)


def _reputation(
    space: Space, books: Books, facts: ChainFacts, unpaid: Mapping[str, int], report: Report
) -> list[dict[str, str]]:
    counted = reputation.records(facts, _rulings(books, report))
    found = {did: reputation.together(counted, one.accounts) for did, one in space.members.items()}
    exchange = books.get(space.exchange)
    for event in () if exchange is None else exchange.ever(COMPLAINED):
        record = found.get(str(event.fields.get("respondent", "")))
        if record is not None:
            record.late += event.fields.get("late") == LATE
    for event in redress.last(books, space.exchange).values():
        record = found.get(str(event.fields.get("respondent", "")))
        if record is not None:
            record.upheld += event.fields.get("to") in redress.FOUND_RIGHT
    for did in found.keys() & unpaid.keys():
        found[did].unpaid = unpaid[did]
    return [{"party": did, **found[did].json()} for did in sorted(found)]


def _rulings(books: Books, report: Report) -> Iterator[Ruling]:
    for book in books.values():
        for event in book.ever(RULED):
            ruling = reading(event, report, read_ruling, event.fields.get("ruling"))
            if ruling is not None:
                yield ruling
