"""Did both sides agree, and to the same? Signatures re-verified from the terms, both logs, and the licence on chain.

Law: who signs last keeps the agreement before the other side hears of it. So one that came to nothing stands in one log
alone, which tells that it ended: no licence was granted, and nothing was decided under it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from contracts import agreement as agreements
from contracts.canonical import canonical, load, sha
from contracts.terms import Terms
from contracts.typed_data import Agreement
from contracts.typed_json import from_json
from ledger.audit.books import having, reading
from ledger.audit.deal import Deal
from ledger.audit.horizon import awaited, behind
from policy.parse import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ledger.audit.books import Books
    from ledger.audit.deal import Deals
    from ledger.audit.docket import Docket
    from ledger.audit.event import Event
    from ledger.audit.facts import ChainFacts
    from ledger.audit.report import Report
    from ledger.space.document import Space
    from policy.model import Policy

SIGNED, DECIDED, ENDED = "agreement.signed", "decision.made", "agreement.ended"
Signed = TypeVar("Signed", Terms, Agreement)
# what agreements on one product say alike, and how many such values are held to find the next one among them
ALIKE_IN_TERMS = ("product", "title", "edition_id", "tariff", "token", "split", "arbitrator", "not_after")
ALIKE_IN_AGREEMENT = ("provider", "buyer", "product", "edition_id", "token", "split_hash", "summary")
SHARED_KEPT = 4096
COMPARED = ("terms", "agreement", "providerSignature", "buyerSignature")


def signed(books: Books) -> list[str]:
    """Return every agreement that any log records, by digest in hex, in the order in which logs and entries tell."""
    return list(dict.fromkeys(part for book in books.values() for part in book.parts(SIGNED)))


def check(space: Space, books: Books, facts: ChainFacts, parts: Iterable[str], report: Report) -> Deals:
    """Verify these agreements; return the good ones by digest in hex."""
    deals: Deals = {}
    for part in parts:
        events = [event for book in having(books, SIGNED, part).values() for event in book.of(SIGNED, part)]
        # every log's own copy: one that verifies does not excuse another
        verified = [_verify(space, event, report) for event in events]
        deal = next((deal for deal in verified if deal), None)
        if deal is None:
            continue
        deals[part] = deal
        is_off = _is_off(deal, books, facts)
        _compare(deal, books, events, report, is_off=is_off)
        _check_licence(deal, books, facts, events[0], report, is_off=is_off)
    return deals


def check_licences(
    space: Space, books: Books, facts: ChainFacts, parts: Iterable[str], docket: Docket, report: Report
) -> None:
    """Check that every licence of the chain is of an agreement that some log records: it is signed before."""
    known = frozenset(parts)
    for digest, licence in facts.licences.items():
        if not docket.has(digest.hex()):
            continue
        members = (space.by_address(licence[name]) for name in ("provider", "buyer"))
        logs = [books.get(one.did) for one in members if one is not None]
        if digest.hex() not in known and not behind(report, digest.hex(), facts.granted[digest], *logs):
            report.find("licence-without-agreement", "chain", agreement=digest.hex())


def _verify(space: Space, event: Event, report: Report) -> Deal | None:
    if not event.told:
        return None
    if not event.fields.get("providerSignature") and not event.fields.get("buyerSignature"):
        report.find("agreement-unsigned", event.did, event, agreement=event.part)
        return None
    try:
        agreement, terms = from_json(Agreement, event.fields["agreement"]), Terms.from_json(event.fields["terms"])
        signed = [bytes.fromhex(event.fields[name]) for name in ("providerSignature", "buyerSignature")]
        digest = agreements.verify(space.domains.licences, agreement, terms, signed[0], signed[1])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        report.find("agreement-invalid", event.did, event, agreement=event.part, reason=error)
        return None
    if digest.hex() != event.part:
        report.find(
            "agreement-invalid", event.did, event, agreement=event.part, reason="it is filed under another digest"
        )
        return None
    if not event.judged:
        report.tally(event.part, signatures_verified=2)
    parties = space.by_address(agreement.provider), space.by_address(agreement.buyer)
    if parties[0] is None or parties[1] is None:
        report.find("agreement-of-strangers", event.did, event, agreement=event.part)
        return None
    shown = replace(_shared(terms, ALIKE_IN_TERMS), policy=_document(canonical(terms.policy)))
    return Deal(digest, _shared(agreement, ALIKE_IN_AGREEMENT), shown, parties[0].did, parties[1].did)


def _shared(signed: Signed, alike: Sequence[str]) -> Signed:
    """Return terms or an agreement with one value for what many say alike: a space has more sales than products."""
    return replace(signed, **{name: _one(getattr(signed, name)) for name in alike})


@lru_cache(maxsize=SHARED_KEPT)
def _one(value: Any) -> Any:
    """Return the value that was equal to this one before."""
    return value


@lru_cache(maxsize=SHARED_KEPT)
def _document(policy: bytes) -> Mapping[str, Any]:
    document: Mapping[str, Any] = load(policy)
    return document


@lru_cache(maxsize=SHARED_KEPT)
def _parsed(policy: bytes) -> Policy:
    return parse(load(policy))


def policy_of(deal: Deal) -> Policy:
    """Return what a deal's policy says; PolicyError if it cannot be read."""
    return _parsed(canonical(deal.terms.policy))


def _is_off(deal: Deal, books: Books, facts: ChainFacts) -> bool:
    """Say whether an agreement came to nothing: a log tells that it ended, and nothing came of it before."""
    part = deal.digest.hex()
    if deal.digest in facts.licences or having(books, DECIDED, part):
        return False
    return bool(having(books, ENDED, part))


def _compare(deal: Deal, books: Books, events: list[Event], report: Report, *, is_off: bool) -> None:
    """Both parties' logs hold the agreement, with equal contents; one that `is_off` the other side may never have."""
    first: Event | None = None
    for did in (deal.provider, deal.buyer):
        mine = next((event for event in events if event.did == did), None)
        if mine is None:
            if did in books and not is_off and not behind(report, deal.digest.hex(), events[0].time, books[did]):
                report.find("agreement-missing", did, agreement=deal.digest.hex())
            continue
        if first is not None and first.told and mine.told:
            for name in COMPARED:
                _same(mine, first, name, report)
        first = mine


def _same(mine: Event, other: Event, name: str, report: Report) -> None:
    values = mine.fields.get(name), other.fields.get(name)
    if values[0] != values[1]:
        shown = [(reading(mine, report, sha, value) or b"").hex()[:16] for value in values]
        facts = {"field": name, "mine": shown[0], "theirs": shown[1], "other": f"{other.label} of {other.did}"}
        report.find("counterparty-differs", mine.did, mine, **facts)


def _check_licence(deal: Deal, books: Books, facts: ChainFacts, signed: Event, report: Report, *, is_off: bool) -> None:
    """Compare the licence with what was signed; it may be on its way as long as nothing was decided under it."""
    name = deal.digest.hex()
    if deal.terms.registered_id not in facts.editions:
        report.find("edition-unregistered", deal.provider, edition=deal.terms.edition_id.hex())
        report.waits.add(name)
    licence = facts.licences.get(deal.digest)
    if licence is None and is_off:
        return
    if licence is None:
        if having(books, DECIDED, name) or not awaited(report, name, signed.time, facts):
            report.find("licence-missing", deal.provider, agreement=name)
        return
    for field, value in _licensed(deal.agreement).items():
        if licence[field] != value:
            report.find("licence-differs", deal.provider, agreement=name, field=field)


def _licensed(agreement: Agreement) -> Mapping[str, Any]:
    return {
        "provider": agreement.provider,
        "buyer": agreement.buyer,
        "product": agreement.product,
        "editionId": agreement.edition_id,
        "termsDigest": agreement.terms_digest,
        "token": agreement.token,
        "priceCap": agreement.price_cap,
        "notAfter": agreement.not_after,
        "splitHash": agreement.split_hash,
    }
