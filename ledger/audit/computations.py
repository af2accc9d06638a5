"""Statements that were answered where the data are: decided each, counted as told, and the same in both logs.

Law: a provider's log says of each statement that it was begun and how it ended, by digests; a buyer's log says which
answer it got. What was billed of a transfer is as many as were released in it; and an answer that one side has is in
the other's log, or that log was not read so far. What answers with noise tell one buyer of a product is at most the
budget that the terms name, and what it looks up at most their keys, all agreements together. Each key is billed.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from contracts import call_receipt, signature
from contracts.canonical import sha
from contracts.decimals import read_decimal
from contracts.lookup import KEYS_AT_ONCE
from contracts.noise import epsilon_text
from contracts.units import CALL, COMPUTED
from ledger.audit import joints
from ledger.audit.books import reading
from ledger.audit.copies import SERVED
from ledger.audit.horizon import behind
from policy.decision import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.audit.books import Book, Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

STARTED, ENDED, RECEIVED, DECIDED = "computation.started", "computation.ended", "answer.received", "decision.made"
COMPUTE = "compute"  # the place of a decision
RELEASED = "released"
# how a statement ends of which something was told: also that too few pass
TOLD = frozenset({RELEASED, "withheld"})
NOTHING = epsilon_text(0)


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Check every computation that a log tells of."""
    for book in books.values():
        for kind in (STARTED, ENDED, RECEIVED):
            # budgets and joint answers are counted over all agreements: these are judged again each time
            report.waits.update(event.part for event in book.of(kind))
        _check_decided(book, report)
        keys = _keys(book, report)
        _check_billed(book, deals, keys, report)
        _check_budget(book, deals, report)
        _check_looked_up(book, deals, keys, report)
        _check_received(book, books, deals, report)
    joints.check(space, books, deals, report)


def _check_decided(book: Book, report: Report) -> None:
    """Check that each statement has a decision of its own before it, which allows it."""
    for event in book.of(STARTED):
        request = sha({COMPUTE: _job(event)}).hex()
        made = [one for one in book.named(DECIDED, request) if one.index < event.index]
        if not made or made[-1].fields.get("outcome") != Outcome.ALLOW or made[-1].part != event.part:
            report.find("computation-undecided", event.did, event)


def _check_billed(book: Book, deals: Deals, keys: Mapping[str, int], report: Report) -> None:
    """Check that a transfer bills as many statements as were answered in it."""
    answered: Counter[str] = Counter()
    for event in book.of(ENDED):
        if event.fields.get("outcome") == RELEASED:
            answered[_transfer(event)] += keys.get(_job(event), 1)
    for event in book.of(SERVED):
        deal = deals.get(event.part)
        if deal is None or deal.terms.tier != COMPUTED or deal.terms.tariff.counted.counts != CALL:
            continue
        told, found = str(event.fields.get("calls", "")), str(answered[_transfer(event)])
        if told != found:
            report.find("computations-miscounted", event.did, event, mine=told, theirs=found)


def _check_budget(book: Book, deals: Deals, report: Report) -> None:
    """Check that no answer tells more than is left of a budget; what was cut tells nothing, and how much it knows."""
    said = {_job(event): str(event.fields.get("epsilon", "")) for event in book.of(STARTED)}
    spent: Counter[tuple[str, str]] = Counter()
    for event in book.of(ENDED):
        deal = deals.get(event.part)
        noise = None if deal is None or deal.terms.gate is None else deal.terms.gate.noise
        # a fitting tells what its own coins say, and nothing of this
        if deal is None or noise is None or event.fields.get("outcome") not in TOLD or said.get(_job(event)) == NOTHING:
            continue
        whom = deal.buyer, deal.terms.product
        spent[whom] += noise.epsilon
        if spent[whom] > noise.budget:
            told, agreed = epsilon_text(spent[whom]), epsilon_text(noise.budget)
            report.find("privacy-overspent", event.did, event, mine=told, theirs=agreed)


def _check_looked_up(book: Book, deals: Deals, keys: Mapping[str, int], report: Report) -> None:
    """Check that no look-up tells of more keys than its buyer may look up of the product."""
    spent: Counter[tuple[str, str]] = Counter()
    for event in book.of(ENDED):
        deal = deals.get(event.part)
        looked = None if deal is None or deal.terms.gate is None else deal.terms.gate.lookup
        if deal is None or looked is None or event.fields.get("outcome") != RELEASED:
            continue
        whom = deal.buyer, deal.terms.product
        spent[whom] += keys.get(_job(event), 1)
        if spent[whom] > looked.keys:
            report.find("lookups-overdrawn", event.did, event, mine=str(spent[whom]), theirs=str(looked.keys))


def _keys(book: Book, report: Report) -> dict[str, int]:
    """Return how many keys each look-up was about, by the name of its job; one where its event does not say."""
    told = [event for event in book.of(STARTED) if "keys" in event.fields]
    return {_job(event): reading(event, report, _many, event) or 1 for event in told}


def _many(event: Event) -> int:
    return read_decimal(event.fields["keys"], "keys", limit=KEYS_AT_ONCE)


def _check_received(book: Book, books: Books, deals: Deals, report: Report) -> None:
    """Check that an answer whose receipt its provider signed is the one that this provider's log tells of."""
    for event in book.of(RECEIVED):
        deal = deals.get(event.part)
        provider = None if deal is None else books.get(deal.provider)
        if deal is None or provider is None:
            continue
        receipt = reading(event, report, _signed, event, deal)
        if receipt is None:
            continue
        ended = [one for one in provider.of(ENDED, event.part) if _job(one) == receipt["call"]]
        answers = {str(one.fields.get("answer")) for one in ended if one.fields.get("outcome") == RELEASED}
        if not answers:
            if not behind(report, event.part, event.time, provider):
                report.find("answer-unlogged", provider.party.did, event)
        elif receipt["answer"] not in answers:
            report.find("answer-differs", provider.party.did, event)


def _signed(event: Event, deal: Deal) -> Mapping[str, str]:
    """Return the receipt of an answer; raises ValueError where it is not the provider's, or of something else."""
    receipt, signed = event.fields["receipt"], bytes.fromhex(str(event.fields["signature"]))
    if not isinstance(receipt, dict) or receipt.get("agreement") != event.part or receipt.get("call") != _job(event):
        raise ValueError("the receipt is of another statement")
    if not signature.is_by(deal.agreement.provider, call_receipt.digest(receipt), signed):
        raise ValueError("the receipt is not signed by the provider of the agreement")
    return {name: str(receipt[name]) for name in ("call", "answer")}


def _transfer(event: Event) -> str:
    return event.link[0] if event.link else ""


def _job(event: Event) -> str:
    return event.link[-1] if event.link else ""
