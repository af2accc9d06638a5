"""Payments of contracts of the interfaces: what a consumer says that it paid, held against the chain and the shares.

Law: (1) a payment that is claimed is a transfer of the settlement token, of the amount said, from whose log it is to
the member said, under the reference that is its partition. One transfer bears out one claim. (2) What is claimed under
one reference is one payment: it goes to those alone whom the contract names, and once each of them has a part, the
parts are what the shares that all have signed make of their sum.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from contracts.ndi import strategy
from contracts.ndi.services import amounts
from contracts.payment_reference import CONTRACT
from ledger.audit.books import reading
from ledger.audit.refunds import MADE, transaction_of
from ledger.audit.report import Report
from policy.errors import PolicyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from contracts.ndi.services import ServiceParty
    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.sources import Sources
    from ledger.space.document import Space

SIGNED = "contract.signed"


class _Claim(NamedTuple):
    event: Event
    to: str
    amount: int
    agreement: str
    transaction: str


async def check(space: Space, sources: Sources, books: Books, report: Report) -> None:
    """Look for the transfer of every payment that a log claims, and at its shares; raises Unavailable."""
    borne_out: set[str] = set()
    for book in books.values():
        paid: dict[str, list[_Claim]] = {}
        for claim in _claims(book):
            event, agreement = claim.event, claim.agreement[:16]
            if claim.transaction in borne_out or not await _is_on_chain(space, sources, claim):
                report.find("contract-unpaid", event.did, event, amount=claim.amount, agreement=agreement)
                continue
            borne_out.add(claim.transaction)
            paid.setdefault(event.part, []).append(claim)
        for claims in paid.values():
            _check_shares(book, claims, report)


def _claims(book: Book) -> list[_Claim]:
    """Return what a log says that it paid for contracts; what is malformed is said where refunds are looked at."""
    read = [reading(event, Report(), _read, event) for event in book.ever(MADE)]
    return [one for one in read if one is not None]


def _read(event: Event) -> _Claim | None:
    told = event.fields
    if told["kind"] != CONTRACT:
        return None
    return _Claim(event, str(told["to"]), int(told["amount"]), str(told["agreementDigest"]), transaction_of(event))


async def _is_on_chain(space: Space, sources: Sources, claim: _Claim) -> bool:
    sides = [space.members.get(one) for one in (claim.event.did, claim.to)]
    shown = await sources.payment(bytes.fromhex(claim.transaction))
    if shown is None:
        return False
    # whose account the space does not know any more is believed
    accounts = zip((shown.sender, shown.receiver), sides, strict=True)
    known = all(one is None or account == one.address for account, one in accounts)
    return known and (shown.amount, shown.reference.hex()) == (claim.amount, claim.event.part)


def _check_shares(book: Book, claims: list[_Claim], report: Report) -> None:
    """Find a part of one payment that is another than its share."""
    signed = next(iter(book.of(SIGNED, claims[0].agreement)), None)
    sides = None if signed is None else _sides(signed.fields)
    if sides is None:
        return  # of what was not disclosed, or is an expansion of another make, nobody says that it is wrong
    provider, named = sides
    total = sum(one.amount for one in claims)
    parts = amounts(total, named)
    shares = {one.entity: part for one, part in zip(named, parts, strict=True)} | {provider: total - sum(parts)}
    whole = {one.to for one in claims} >= {party for party, part in shares.items() if part}
    for one in claims:
        share = shares.get(one.to, 0)
        if one.to not in shares or (whole and one.amount != share):
            about = {"agreement": one.agreement[:16], "party": one.to, "mine": one.amount, "theirs": share}
            report.find("contract-paid-otherwise", one.event.did, one.event, **about)


def _sides(told: Mapping[str, Any]) -> tuple[str, tuple[ServiceParty, ...]] | None:
    """Return a contract's provider and those who serve in it."""
    try:
        return str(told["provider"]), strategy.services(told["strategy"])
    except (KeyError, TypeError, AttributeError, PolicyError):
        return None
