"""Statements that were answered where the data are: decided each, counted as told, and the same in both logs.

Law: a provider's log says of each statement that it was begun and how it ended, by digests; a buyer's log says which
answer it got. What was billed of a transfer is as many as were released in it; and an answer that one side has is in
the other's log, or that log was not read so far. What answers with noise tell one buyer of a product, each the ε that
it was begun with, is at most the budget that the terms name, and what it looks up at most their keys, all agreements
together. Each key is billed, each hundredth of ε where that has the price, or each subject whose rows were told, where
subjects found have it.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from contracts import answered, call_receipt, signature
from contracts.answered import Answered
from contracts.canonical import sha
from contracts.decimals import read_decimal
from contracts.errors import ContractError
from contracts.lookup import KEYS_AT_ONCE
from contracts.noise import epsilon_text, hundredths
from contracts.units import CALL, COMPUTED
from ledger.audit import assents, attestations, joints
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

    Counts = Mapping[str, Mapping[str, int]]  # member → job → how many

STARTED, ENDED, RECEIVED, DECIDED = "computation.started", "computation.ended", "answer.received", "decision.made"
COMPUTE = "compute"  # the place of a decision
RELEASED = "released"
# what says in its beginning how many keys a look-up is about, or of how many subjects who are there rows are told
KEYS, MATCHED = "keys", "matched"
# how a statement ends of which something was told: also that too few pass
TOLD = frozenset({RELEASED, "withheld"})
NOTHING = epsilon_text(0)


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Check every computation that a log tells of."""
    accounts = {did: member.accounts for did, member in space.members.items()}
    for book in books.values():
        for kind in (STARTED, ENDED, RECEIVED):
            # budgets and joint answers are counted over all agreements: these are judged again each time
            report.waits.update(event.part for event in book.of(kind))
        _check_decided(book, report)
        assents.check(book, deals, accounts, report)
        counts, begun = {member: _counted(book, member, report) for member in (KEYS, MATCHED)}, _begun(book)
        answers = {one.index: _answered(one, begun.get(one.index), counts, deals, report) for one in book.of(ENDED)}
        _check_billed(book, deals, answers, report)
        _check_budget(book, deals, answers, report)
        _check_looked_up(book, deals, counts, report)
        _check_received(book, books, deals, report)
        attestations.check(book, books, deals, report)
    joints.check(space, books, deals, report)


def _check_decided(book: Book, report: Report) -> None:
    """Check that each statement has a decision of its own before it, which allows it."""
    for event in book.of(STARTED):
        request = sha({COMPUTE: _job(event)}).hex()
        made = [one for one in book.named(DECIDED, request) if one.index < event.index]
        if not made or made[-1].fields.get("outcome") != Outcome.ALLOW or made[-1].part != event.part:
            report.find("computation-undecided", event.did, event)


def _begun(book: Book) -> dict[int, Event]:
    """Return with which event each statement that ended was begun, by the index of its end: it may begin anew."""
    found: dict[int, Event] = {}
    last: dict[str, Event] = {}
    for event in sorted([*book.of(STARTED), *book.of(ENDED)], key=lambda one: one.index):
        if event.kind == STARTED:
            last[_job(event)] = event
        elif _job(event) in last:
            found[event.index] = last[_job(event)]
    return found


def _answered(ended: Event, begun: Event | None, counts: Counts, deals: Deals, report: Report) -> Answered:
    """Return what an answer is, as its log says it."""
    epsilon, tenths = _epsilon(ended, begun, deals, report), 0
    if "seconds" in ended.fields:
        # what was measured is its provider's word, and never more than its buyer said
        most = begun or ended
        took, said = (reading(one, report, _seconds, one) or 0 for one in (ended, most))
        tenths = min(took, said)
    job = _job(ended)
    return Answered(counts[KEYS].get(job, 1), epsilon, tenths, counts[MATCHED].get(job, 0))


def _seconds(event: Event) -> int:
    return answered.tenths(event.fields["atMost" if event.kind == STARTED else "seconds"])


def _epsilon(ended: Event, begun: Event | None, deals: Deals, report: Report) -> int:
    """Return the ε of a statement as its log says it, in hundredths; one that its terms do not allow is found.

    A fitting tells what its own coins say, and nothing of this.
    """
    deal = deals.get(ended.part)
    gate = None if deal is None else deal.terms.gate
    if gate is None or (noise := gate.noise) is None:
        return 0
    text = "" if begun is None else str(begun.fields.get("epsilon", ""))
    found = reading(begun, report, hundredths, text) if begun is not None and text else None
    if text == NOTHING and gate.coverage is not None:
        return 0
    if begun is not None and assents.ASSENT in begun.fields:
        return 0  # it is told exactly, and whether it may be is asked of its assent
    if found is None:
        return noise.epsilon
    try:
        return noise.chosen(found)
    except ContractError as fault:
        report.find("epsilon-unagreed", ended.did, ended, mine=text, reason=str(fault))
        return found


def _check_billed(book: Book, deals: Deals, answers: Mapping[int, Answered], report: Report) -> None:
    """Check that a transfer bills as many units of its price as were answered in it."""
    counted: Counter[str] = Counter()
    for event in book.of(ENDED):
        deal = deals.get(event.part)
        if deal is not None and event.fields.get("outcome") == RELEASED:
            counted[_transfer(event)] += answered.units(deal.terms.tariff, answers[event.index])
    for event in book.of(SERVED):
        deal = deals.get(event.part)
        if deal is None or deal.terms.tier != COMPUTED or deal.terms.tariff.counted.counts != CALL:
            continue
        mine, theirs = str(event.fields.get("calls", "")), str(counted[_transfer(event)])
        if mine != theirs:
            report.find("computations-miscounted", event.did, event, mine=mine, theirs=theirs)


def _check_budget(book: Book, deals: Deals, answers: Mapping[int, Answered], report: Report) -> None:
    """Check that no answer tells more than is left of a budget; what was cut tells nothing, and how much it knows."""
    spent: Counter[tuple[str, str]] = Counter()
    for event in book.of(ENDED):
        deal = deals.get(event.part)
        noise = None if deal is None or deal.terms.gate is None else deal.terms.gate.noise
        if deal is None or noise is None or event.fields.get("outcome") not in TOLD:
            continue
        whom, told = (deal.buyer, deal.terms.product), answers[event.index].epsilon
        spent[whom] += told
        if told and spent[whom] > noise.budget:
            mine, agreed = epsilon_text(spent[whom]), epsilon_text(noise.budget)
            report.find("privacy-overspent", event.did, event, mine=mine, theirs=agreed)


def _check_looked_up(book: Book, deals: Deals, counts: Counts, report: Report) -> None:
    """Check that no look-up tells of more keys than its buyer may look up of the product, nor rows of more subjects."""
    spent: Counter[tuple[str, str, str]] = Counter()
    for event in book.of(ENDED):
        deal = deals.get(event.part)
        looked = None if deal is None or deal.terms.gate is None else deal.terms.gate.lookup
        if deal is None or looked is None or event.fields.get("outcome") != RELEASED:
            continue
        job = _job(event)
        member = MATCHED if job in counts[MATCHED] else KEYS
        whom = deal.buyer, deal.terms.product, member
        spent[whom] += counts[member].get(job, 1)
        if spent[whom] > looked.keys:
            report.find("lookups-overdrawn", event.did, event, mine=str(spent[whom]), theirs=str(looked.keys))


def _counted(book: Book, member: str, report: Report) -> dict[str, int]:
    """Return what beginnings say as a `member`, by the name of their jobs; one where that is no number."""
    told = [event for event in book.of(STARTED) if member in event.fields]
    return {_job(event): reading(event, report, _many, event, member) or 1 for event in told}


def _many(event: Event, member: str) -> int:
    return read_decimal(event.fields[member], member, limit=KEYS_AT_ONCE)


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
        told = [one for one in ended if one.fields.get("outcome") == RELEASED]
        answers = {(str(one.fields.get("answer")), str(one.fields.get("seconds", ""))) for one in told}
        if not answers:
            if not behind(report, event.part, event.time, provider):
                report.find("answer-unlogged", provider.party.did, event)
        elif (receipt["answer"], receipt["seconds"]) not in answers or not _is_as_begun(provider, event.part, receipt):
            report.find("answer-differs", provider.party.did, event)


def _is_as_begun(provider: Book, part: str, receipt: Mapping[str, str]) -> bool:
    """Say whether a provider's log has it begun as a receipt says: with its ε, by its assent, of so many subjects."""
    begun = [one for one in provider.of(STARTED, part) if _job(one) == receipt["call"]]
    epsilons = {"", *(str(one.fields.get("epsilon")) for one in begun)}
    found = {str(one.fields.get(MATCHED, "")) for one in begun} or {""}
    alike = receipt["epsilon"] in epsilons and receipt["assent"] in {"", *map(assents.named, begun)}
    return alike and receipt["matched"] in found


def _signed(event: Event, deal: Deal) -> Mapping[str, str]:
    """Return the receipt of an answer; raises ValueError where it is not the provider's, or of something else."""
    receipt, signed = event.fields["receipt"], bytes.fromhex(str(event.fields["signature"]))
    if not isinstance(receipt, dict) or receipt.get("agreement") != event.part or receipt.get("call") != _job(event):
        raise ValueError("the receipt is of another statement")
    if not signature.is_by(deal.agreement.provider, call_receipt.digest(receipt), signed):
        raise ValueError("the receipt is not signed by the provider of the agreement")
    return {name: str(receipt.get(name, "")) for name in ("call", "answer", *call_receipt.SAID)}


def _transfer(event: Event) -> str:
    return event.link[0] if event.link else ""


def _job(event: Event) -> str:
    return event.link[-1] if event.link else ""
