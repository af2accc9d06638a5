"""What is sold under a project: signed by all its parties, each in its own log, and split as they signed.

Law: (1) a party's own log says what it signed, before anybody else has its signature; what does not verify counts as
nothing. (2) Terms name the project by its digest, so its split is worked out here and not believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts import project as projects
from contracts import signature
from contracts.decimals import read_hex
from ledger.audit.agreements import SIGNED as AGREED
from ledger.audit.books import reading
from ledger.audit.horizon import behind
from ledger.space.accounts import signed_by_one

if TYPE_CHECKING:
    from contracts.project import Project
    from ledger.audit.books import Books
    from ledger.audit.deal import Deal, Deals
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

SIGNED: Final = "project.signed"


def check(space: Space, books: Books, deals: Deals, report: Report) -> None:
    """Check every deal that was made under a project."""
    known: dict[str, Project] = {}
    signers: dict[str, set[str]] = {}
    for did, book in books.items():
        for event in book.ever(SIGNED):
            if (project := reading(event, report, _signed, event, space, did)) is not None:
                known[event.part] = project
                signers.setdefault(event.part, set()).add(did)
    for deal in deals.values():
        if deal.terms.project:
            named = deal.terms.project.hex()
            _check_deal(space, books, deal, known.get(named), signers.get(named, set()), report)


def _signed(event: Event, space: Space, did: str) -> Project:
    """Return the project that a party signed; raises ValueError for what it did not."""
    project = projects.from_json(event.fields["document"])
    party = project.party(did)
    if project.digest.hex() != event.part or party is None:
        raise ValueError("it is filed under another digest, or names another party")
    proof = read_hex(event.fields["signature"], "signature", signature.SIGNATURE_BYTES)
    if not signed_by_one(space.members[did].accounts, project.digest, proof):
        raise ValueError("the project is not signed with its key")
    return project


def _check_deal(
    space: Space, books: Books, deal: Deal, project: Project | None, signers: set[str], report: Report
) -> None:
    """Check that all parties signed, whose logs were read so far, the seller among them; and the split."""
    agreement = deal.digest.hex()
    missing = {deal.provider} if project is None else {one.did for one in project.parties} - signers
    if silent := sorted(did for did in missing if did in books and not _may_come(books, did, deal, report)):
        report.find("project-unsigned", deal.provider, agreement=agreement, others=", ".join(silent))
    if project is None:
        return
    party = project.party(deal.provider)
    exchange, fee = space.members[space.exchange].address, space.fee_bps
    if party is None or not party.bps or deal.terms.split != project.split(party.payee, exchange, fee):
        report.find("project-split-differs", deal.provider, agreement=agreement, project=project.id)


def _may_come(books: Books, did: str, deal: Deal, report: Report) -> bool:
    """Whether a log was read to before the deal alone: a party signs before anything is sold."""
    part = deal.digest.hex()
    sides = [books[side] for side in (deal.provider, deal.buyer) if side in books]
    first = next((event.time for side in sides for event in side.of(AGREED, part)), None)
    return first is not None and behind(report, part, first, books[did])
