"""Proposals of a contract (docs/ndi.md): whose they are said to be, and the same in every log that must have them.

Law: (1) a round that bears a signature bears that of its proposer. (2) What a log has was proposed by somebody, whose
log has it, too. (3) Through the platform: what the other party took, the platform passed on, so its log has it; what
the platform passed on, the other party took. A round is the same where its history is, so nothing is left out or put
between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from contracts.errors import ContractError
from contracts.ndi.rounds import Round
from ledger.audit.horizon import behind

if TYPE_CHECKING:
    from ledger.audit.books import Book, Books
    from ledger.audit.event import Event
    from ledger.audit.report import Report
    from ledger.space.document import Space

PROPOSED: Final = "contract.proposed"
NEEDED: Final = frozenset({"number", "by", "to", "strategy", "previous"})


def check(space: Space, books: Books, report: Report) -> None:
    """Check every proposal that a log tells of."""
    for did, book in books.items():
        for event in book.of(PROPOSED):
            made = _round(event)
            if made is None:
                continue
            if not _is_its_own(space, made, event):
                report.find("contract-round-forged", did, event, contract=made.code, number=made.number)
            for other in _holders(did, event):
                kept = books.get(other)
                if kept is not None and not _has(kept, made) and not behind(report, event.part, event.time, kept):
                    report.find("contract-round-missing", other, event, contract=made.code, number=made.number)


def _round(event: Event) -> Round | None:
    """Return the round that an event tells of, None where it was not disclosed whole."""
    told = event.fields
    if not set(NEEDED) <= set(told):
        return None
    try:
        number = int(told["number"])
    except (TypeError, ValueError):
        number = 0
    return Round(event.part, number, str(told["by"]), str(told["strategy"]), str(told["previous"]))


def _is_its_own(space: Space, made: Round, event: Event) -> bool:
    member = space.members.get(made.by)
    if "proof" not in event.fields or member is None:
        return True
    try:
        proof = bytes.fromhex(str(event.fields["proof"]))
        return member.signer.has_signed(made.part, proof, event.time)
    except (ContractError, ValueError):
        return False


def _holders(did: str, event: Event) -> set[str]:
    """Return whose logs must have what a log tells of."""
    by, to, through = (str(event.fields.get(name, "")) for name in ("by", "to", "through"))
    return ({by} | ({through} if did == to else {to} if did == through else set())) - {did, ""}


def _has(book: Book, made: Round) -> bool:
    """Say whether a log has a round; one that was not disclosed may be it."""
    return any(told is None or told.history == made.history for told in map(_round, book.of(PROPOSED, made.code)))
